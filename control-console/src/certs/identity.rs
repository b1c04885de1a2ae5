//! The subject of a certificate and its names.

use crate::cli::Kind;
use crate::exit::{Exit, Fault};
use std::fmt;
use std::net::IpAddr;
use vehicle_protocol::{OperatorName, VehicleId};

/// The longest common name that a certificate may hold.
const LONGEST: usize = 64;

/// A name with what it names; the name is legal for that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Identity {
    pub(super) kind: Kind,
    pub(super) name: String,
}

impl Identity {
    /// SafetyChecks a name by the rules of the contract; a broker's, by those of host names and addresses.
    ///
    /// # Errors
    /// If it breaks them.
    pub(super) fn new(kind: Kind, name: &str) -> Result<Self, Fault> {
        let checked = match kind {
            Kind::Vehicle => name.parse::<VehicleId>().map(drop).map_err(|error| error.to_string()),
            Kind::Operator => name.parse::<OperatorName>().map(drop).map_err(|error| error.to_string()),
            Kind::Broker => host(name),
        };
        match checked {
            Ok(()) => Ok(Self { kind, name: name.to_owned() }),
            Err(error) => {
                let (what, step) = error.split_once(": ").unwrap_or((&error, "choose another name"));
                Err(Fault::new(Exit::Usage, what, step))
            }
        }
    }

    /// The common name in the certificate, which the broker uses as the user name.
    ///
    /// A dot stands in no vehicle's name, so no operator can be taken for a vehicle, whatever the broker's access lists say.
    pub(super) fn common_name(&self) -> String {
        match self.kind {
            Kind::Vehicle | Kind::Broker => self.name.clone(),
            Kind::Operator => format!("operator.{}", self.name),
        }
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind, self.name)
    }
}

/// SafetyChecks a host name or address that is also to be a file's name.
pub(super) fn host(name: &str) -> Result<(), String> {
    let legal = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let label = |label: &str| !label.is_empty() && !label.starts_with('-') && label.chars().all(legal);
    let good = name.len() <= LONGEST && (name.parse::<IpAddr>().is_ok() || name.split('.').all(label));
    if good {
        return Ok(());
    }
    let name: String = name.chars().take(LONGEST).collect();
    Err(format!("{name:?} is no host: give the name or IP address under which the broker is reached"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_reaches_out_of_its_topics_or_its_folder() {
        for kind in [Kind::Vehicle, Kind::Operator, Kind::Broker] {
            for name in ["+", "#", "a/b", "..", "", "a+", "a b", "-a", "a\n", ".a", "%u", "a#", "\u{e4}"] {
                let fault = Identity::new(kind, name).unwrap_err();
                assert!(fault.exit == Exit::Usage && !fault.advice.next_step.is_empty(), "{kind} {name:?}");
            }
        }
        assert!(Identity::new(Kind::Vehicle, "all").is_err());
    }

    #[test]
    fn no_operator_is_called_as_a_vehicle_can_be() {
        let operator = Identity::new(Kind::Operator, "rover-1").unwrap().common_name();
        assert!(operator.parse::<VehicleId>().is_err(), "{operator}");
        assert_eq!(Identity::new(Kind::Vehicle, "rover-1").unwrap().common_name(), "rover-1");
    }

    #[test]
    fn a_broker_is_named_as_it_is_reached() {
        for name in ["localhost", "broker.example.org", "10.0.0.7", "::1", "B-1.lan"] {
            assert!(Identity::new(Kind::Broker, name).is_ok(), "{name}");
        }
    }
}
