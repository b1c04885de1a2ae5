//! Client ids that no two clients share.

/// What every broker has to accept (MQTT 3.1.1, 3.1.3.1).
const MAX_LENGTH: usize = 23;

/// What every client id of ours begins with. The name of no vehicle does, since that has no capitals: so a broker that calls
/// vehicles by their names, and takes no id of anybody's choice without this, lets nobody take a vehicle's id.
pub const CLIENT_ID_PREFIX: &str = "VP1-";

/// Makes the id of a vehicle, which is the same at each start: of two connections of one vehicle the elder is of no use.
#[must_use]
pub fn vehicle_client_id(vehicle: &str) -> String {
    format!("{CLIENT_ID_PREFIX}{vehicle}")
}

/// Joins the prefix, the readable part of `name` and eight hex digits of `random`, at most 23 letters, digits, `-` and `_`.
///
/// A broker disconnects the elder of two clients with one id, so each start of a program needs its own.
#[must_use]
pub fn unique_client_id(name: &str, random: u64) -> String {
    let suffix = format!("-{:08x}", random >> 32);
    let room = MAX_LENGTH.saturating_sub(CLIENT_ID_PREFIX.len()).saturating_sub(suffix.len());
    let is_plain = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    let mut own: String = name.chars().filter(is_plain).take(room).collect();
    if own.is_empty() {
        own.push_str("client");
    }
    format!("{CLIENT_ID_PREFIX}{own}{suffix}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_name_stays_readable() {
        assert_eq!(unique_client_id("mule-7", 0x0123_4567_89ab_cdef), "VP1-mule-7-01234567");
        assert_eq!(unique_client_id("vehicles/+/#", 0), "VP1-vehicles-00000000");
        assert_eq!(unique_client_id("north-yard-forklift", 0), "VP1-north-yard-00000000");
        assert_eq!(unique_client_id("🚜", u64::MAX), "VP1-client-ffffffff");
    }

    proptest! {
        #[test]
        fn any_name_makes_an_id_that_every_broker_accepts(name: String, random: u64) {
            let id = unique_client_id(&name, random);
            prop_assert!((1..=23).contains(&id.len()), "{id}");
            prop_assert!(id.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_'), "{id}");
        }

        #[test]
        fn different_random_numbers_make_different_ids(name: String, a: u32, b: u32) {
            prop_assume!(a != b);
            let id = |random: u32| unique_client_id(&name, u64::from(random) << 32);
            prop_assert_ne!(id(a), id(b));
        }
    }
}
