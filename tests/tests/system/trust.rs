//! Login and access lists of a broker as an owner installs it.

mod access;
mod admission;
mod consoles;
mod refusals;
mod revocation;
mod trusted_time;
