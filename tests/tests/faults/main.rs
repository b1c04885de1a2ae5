//! Everything that can go wrong, and what must hold all the same.

mod request;
mod virtual_time;
