//! The properties that the packages test, where fuzz targets find them.

#[path = "../../vehicle-agent/tests/configuration/properties.rs"]
mod configuration;
#[path = "../../shared/tests/reading/properties.rs"]
mod reading;

pub use configuration::configuration;
pub use reading::{answer, command, compact, report, session, topic};
