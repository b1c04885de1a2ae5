//! Layered settings in which every problem is found at once.
//!
//! A TOML file lies at the bottom, environment variables above it, flags on top. The shape of the settings is plain
//! serde: structs for tables, [`Field`] for values. Nothing fails half-way: an unknown key, a wrong type, a missing or
//! unreasonable value each become one [`Problem`] that names its key, its origin and the next step.
//!
//! ```
//! use serde::Deserialize;
//! use vehicle_settings::{Field, Layers, Problems};
//!
//! #[derive(Deserialize)]
//! struct Raw {
//!     broker: RawBroker,
//! }
//!
//! #[derive(Deserialize)]
//! struct RawBroker {
//!     url: Field<String>,
//!     keep_alive_s: Field<u16>,
//! }
//!
//! #[derive(Debug)]
//! struct Broker {
//!     url: String,
//!     keep_alive_s: u16,
//! }
//!
//! fn validated(raw: Raw, problems: &mut Problems) -> Option<Broker> {
//!     let url = raw.broker.url.required("the broker, such as mqtts://broker.example", problems);
//!     let keep_alive_s = raw.broker.keep_alive_s.within(5..=600, "s", problems).or(60);
//!     Some(Broker { url: url?, keep_alive_s })
//! }
//!
//! let layers = Layers::new().text("agent.toml", "[broker]\nkeep_alive_s = 900\nulr = 'mqtt://localhost'");
//! let problems = layers.clone().resolve(validated).unwrap_err();
//! assert_eq!(
//!     problems.to_string(),
//!     "agent.toml:2: broker.keep_alive_s: must be 5 to 600 s, is 900; choose a value in this range\n\
//!      agent.toml:3: broker.ulr: unknown key; did you mean broker.url?\n\
//!      broker.url: is missing; set the broker, such as mqtts://broker.example"
//! );
//!
//! let text = "[broker]\nurl = 'mqtt://localhost'";
//! let broker = Layers::new().text("agent.toml", text).flag("--broker", "broker.url", Some("mqtts://b")).resolve(validated)?;
//! assert_eq!((broker.url.as_str(), broker.keep_alive_s), ("mqtts://b", 60));
//! # Ok::<(), Problems>(())
//! ```
//!
//! Tables are deserialised with every field of their struct, given or not, so `#[serde(default)]` is not needed and
//! `#[serde(alias)]` and `#[serde(flatten)]` are not supported.

mod document;
mod field;
mod layers;
mod nearest;
mod node;
mod origin;
mod problem;
mod source;

pub use field::{Field, Spot};
pub use layers::Layers;
pub use origin::Origin;
pub use problem::{Problem, Problems};
