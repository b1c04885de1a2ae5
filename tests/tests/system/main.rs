//! Whole systems, one module for each kind of evidence.

mod bad_input;
mod completions;
mod console;
mod doctor;
mod drive;
mod guard;
mod harness;
mod plain;
mod sizes;
mod terminal;
mod tidy;
mod trial;
mod trust;
mod units;
mod vectors;
