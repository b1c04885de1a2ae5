//! Whole systems, one module for each kind of evidence.

mod bad_input;
mod bench_test;
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
mod trust;
mod units;
mod vectors;
