//! Whole systems, one module for each kind of evidence.

mod harness;
mod tidy;
