//! The console.

#[cfg(feature = "demo")]
pub mod demo;
