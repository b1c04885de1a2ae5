//! The subcommands that talk to vehicles or look after keys and settings; small users of [`crate::client`] and
//! [`crate::operator`].

pub(crate) mod audit;
pub(crate) mod config;
pub(crate) mod doctor;
pub(crate) mod drive;
pub(crate) mod estop;
pub(crate) mod fleet;
pub(crate) mod keys;
pub(crate) mod ping;
pub(crate) mod plot;
pub(crate) mod send;
mod typed;
pub mod watch;
