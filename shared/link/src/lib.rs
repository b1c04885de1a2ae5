//! How agent and console reach a broker: its address, login and TLS, the pause between attempts, and why one failed.
//!
//! ```
//! use std::time::Duration;
//! use vehicle_link::{Backoff, BrokerUrl, Endpoint, Login, unique_client_id};
//!
//! let url: BrokerUrl = "mqtt://localhost".parse()?;
//! assert!(url.is_loopback() && !url.is_tls());
//! assert_eq!(url.to_string(), "mqtt://localhost:1883");
//!
//! let endpoint = Endpoint { login: Some(Login::new("mule", "secret")), ..Endpoint::new(url) };
//! let options = endpoint.options(&unique_client_id("mule", 0x0123_4567_89ab_cdef))?;
//! let (client, event_loop) = vehicle_link::connect(options, 10);
//!
//! let mut backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(60));
//! assert!(backoff.next(u64::MAX) <= Duration::from_millis(100));
//! assert!(backoff.next(u64::MAX) > Duration::from_millis(100));
//! # drop((client, event_loop));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod backoff;
mod client_id;
mod endpoint;
mod failure;
mod login;
pub mod secret_file;
mod tls;
mod url;
mod validity;

pub use backoff::Backoff;
pub use client_id::{CLIENT_ID_PREFIX, unique_client_id, vehicle_client_id};
pub use endpoint::{Endpoint, EndpointError, FileRole, MAX_PACKET_BYTES, connect};
pub use failure::{Cause, Failure, Stage, TlsCause};
pub use login::Login;
pub use rustls::pki_types::UnixTime;
pub use rustls::time_provider::TimeProvider;
pub use secret_file::SecretFileError;
pub use tls::TlsFiles;
pub use url::{BrokerUrl, UrlError};
pub use validity::{Ending, day};
