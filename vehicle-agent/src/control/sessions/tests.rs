use super::*;
use crate::control::keyring::{Keyring, Trust};
use proptest::prelude::*;
use std::collections::BTreeSet;
use vehicle_protocol::auth::{KeyFile, Role};

const EPOCH: Epoch = Epoch([0xff; 16]);

/// Two keys.
fn keys() -> [KeySlot; 2] {
    let file = |name: &str| KeyFile {
        vehicle: "rover-1".parse().unwrap(),
        key: name.parse().unwrap(),
        role: Role::Driver,
        secret: [1; 32].into(),
    };
    let trust = Trust { keys: vec![file("a"), file("b")], ..Trust::default() };
    let ring = Keyring::new("rover-1".parse().unwrap(), &trust);
    ["a", "b"].map(|name| ring.find(&name.parse().unwrap()).unwrap())
}

fn at(seconds: u64) -> Moment {
    Moment::new(Duration::from_secs(seconds))
}

fn nonce(n: u8) -> Nonce {
    Nonce([n; 16])
}

#[test]
fn the_same_nonce_opens_the_same_session_and_another_key_another_one() {
    let ([a, b], mut sessions) = (keys(), Sessions::new(EPOCH));
    let sid = sessions.open(at(0), a, nonce(1)).unwrap();
    assert_eq!(sessions.open(at(5), a, nonce(1)), Some(sid));
    let other = sessions.open(at(5), b, nonce(1)).unwrap();
    assert_ne!(sid, other);
    assert_eq!((sessions.key_of(sid), sessions.key_of(other)), (Some(a), Some(b)));
    assert_eq!(Sessions::new(Epoch([1; 16])).open(at(0), a, nonce(1)), Some(SessionId([1; 4])));
}

#[test]
fn never_used_sessions_go_first_and_used_ones_stay_ten_seconds() {
    let ([a, _], mut sessions) = (keys(), Sessions::new(EPOCH));
    let sids: Vec<_> = (0..8).map(|n| sessions.open(at(0), a, nonce(n)).unwrap()).collect();
    for sid in sids.iter().filter(|sid| **sid != sids[3]) {
        sessions.take(at(1), a, *sid, Stream::Commands, 1).unwrap();
    }
    let ninth = sessions.open(at(2), a, nonce(9)).unwrap();
    assert_eq!(sessions.key_of(sids[3]), None, "it was never used");
    sessions.take(at(2), a, ninth, Stream::Drive, 1).unwrap();
    assert_eq!(sessions.open(at(11), a, nonce(10)), None, "all are in use");
    sessions.take(at(11), a, sids[0], Stream::Drive, 1).unwrap();
    let tenth = sessions.open(at(12), a, nonce(10)).unwrap();
    assert_eq!((sessions.key_of(sids[1]), sessions.key_of(tenth)), (None, Some(a)));
    assert_eq!(sessions.key_of(sids[0]), Some(a), "it was used of late");
}

#[test]
fn a_replay_keeps_no_session_open() {
    let ([a, _], mut sessions) = (keys(), Sessions::new(EPOCH));
    let sid = sessions.open(at(0), a, nonce(0)).unwrap();
    sessions.take(at(0), a, sid, Stream::Commands, 1).unwrap();
    assert_eq!(sessions.take(at(9), a, sid, Stream::Commands, 1), Err(Unusable::Counter));
    for n in 1..8 {
        let sid = sessions.open(at(9), a, nonce(n)).unwrap();
        sessions.take(at(9), a, sid, Stream::Commands, 1).unwrap();
    }
    sessions.open(at(11), a, nonce(9)).unwrap();
    assert_eq!(sessions.key_of(sid), None);
}

#[test]
fn sessions_of_one_epoch_never_share_a_number_over_all_keys() {
    let ([a, b], mut sessions) = (keys(), Sessions::new(EPOCH));
    let mut seen = BTreeSet::new();
    for n in 0..200 {
        for key in [a, b] {
            assert!(seen.insert(sessions.open(at(0), key, nonce(n)).unwrap().0));
        }
    }
}

#[test]
fn a_closed_key_has_no_session_left() {
    let ([a, b], mut sessions) = (keys(), Sessions::new(EPOCH));
    let [one, other] = [a, b].map(|key| sessions.open(at(0), key, nonce(1)).unwrap());
    sessions.close(a);
    assert_eq!(sessions.take(at(0), a, one, Stream::Commands, 1), Err(Unusable::Session));
    assert_eq!(sessions.take(at(0), a, other, Stream::Commands, 1), Err(Unusable::Session));
    assert_eq!(sessions.take(at(0), b, other, Stream::Commands, 1), Ok(()));
}

proptest! {
    #[test]
    fn a_counter_is_taken_once_and_none_from_further_back_than_the_window(
        counters in prop::collection::vec(prop_oneof![0..200u64, Just(u64::MAX), 1_000..1_100u64], 0..200),
    ) {
        let ([a, _], mut sessions) = (keys(), Sessions::new(EPOCH));
        let sid = sessions.open(at(0), a, nonce(0)).unwrap();
        let (mut taken, mut highest, mut newest) = (BTreeSet::new(), 0, 0);
        for counter in counters {
            let fits = counter > 0 && counter > highest.max(64) - 64 && !taken.contains(&counter);
            prop_assert_eq!(sessions.take(at(0), a, sid, Stream::Commands, counter).is_ok(), fits);
            if fits {
                taken.insert(counter);
                highest = highest.max(counter);
            }
            let rises = counter > newest;
            prop_assert_eq!(sessions.take(at(0), a, sid, Stream::Drive, counter).is_ok(), rises);
            newest = newest.max(counter);
        }
    }
}
