//! Consumer gets into a broker as an owner installs it, and what they can do there.

mod access;
mod admission;
mod consoles;
mod refusals;
mod revocation;
mod trusted_time;
