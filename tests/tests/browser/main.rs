//! The page in a real browser, used as a person would; `tests/screens` does it.
//!
//! By itself: `cargo test -p system-tests --test browser -- --ignored --test-threads=1`.

mod access;
mod chromium;
mod control;
mod driving;
mod looks;
mod losing;
mod measure;
mod rig;
mod tab;
