//! One answer counts, whatever comes when.

use super::*;
use proptest::prelude::*;

fn record() -> Record {
    Record::sent(CorrelationKey::Id("x".parse().unwrap(), CommandName::Park), SILENCE, at(0))
}

fn heard(state: &str) -> VerifiedAnswer {
    VerifiedAnswer {
        answer: serde_json::from_str(&answer("PARK", "x", state)).unwrap(),
        trust: Trust::Unproven,
    }
}

#[test]
fn a_late_answer_corrects_the_record_and_a_second_one_does_not() {
    let mut record = record();
    assert_eq!(record.pass(at(4999)), Change::None);
    assert_eq!(record.pass(at(5000)), Change::Unknown);
    assert_eq!(record.hear(&heard("FAILED"), at(9000)), Change::Corrected);
    assert_eq!(record.hear(&heard("SUCCEEDED"), at(9001)), Change::Repeated);
    assert_eq!(record.hear(&heard("EXECUTING"), at(9002)), Change::Repeated);
    assert_eq!(record.answer().map(|answer| answer.state), Some(State::Failed));
    assert_eq!(record.round_trip(), Some(at(9000)));
}

proptest! {
    #[test]
    fn exactly_one_terminal_answer_counts_whatever_comes_when(
        steps in prop::collection::vec((0u64..8000, 0usize..5), 0..30),
    ) {
        let (mut record, mut now, mut terminal, mut unknown) = (record(), 0, 0, false);
        for (wait, step) in steps {
            now += wait;
            let change = match step {
                0 => record.pass(at(now)),
                1 => record.hear(&heard("EXECUTING"), at(now)),
                2 => record.hear(&heard("SUCCEEDED"), at(now)),
                3 => record.hear(&heard("FAILED"), at(now)),
                _ => {
                    let answer = serde_json::from_str(&answer("PARK", "other", "FAILED")).unwrap();
                    record.hear(&VerifiedAnswer { answer, trust: Trust::Unproven }, at(now))
                }
            };
            match change {
                Change::Answered => { prop_assert!(!unknown); terminal += 1; }
                Change::Corrected => { prop_assert!(unknown); terminal += 1; }
                Change::Unknown => { prop_assert_eq!(terminal, 0); unknown = true; }
                Change::Progress => { prop_assert_eq!(terminal, 0); unknown = false; }
                Change::None | Change::Repeated | Change::Doubted => {}
            }
        }
        prop_assert!(terminal <= 1);
        prop_assert_eq!(record.answer().is_some(), terminal == 1);
    }

    #[test]
    fn no_message_of_any_kind_makes_a_command_leave_twice(
        steps in prop::collection::vec((0u64..3000, 0usize..10), 0..40),
    ) {
        let mut exchange = exchange(Command::LockDoors, Form::Timed);
        let (mut now, mut sent, mut ends) = (0, 0, 0);
        for (wait, step) in steps {
            now += wait;
            let actions = match step {
                0 | 1 => exchange.handle(at(now), Input::Up),
                2 => exchange.handle(at(now), Input::Down("cut")),
                3 | 4 => hear(&mut exchange, now, Topic::Session, &session(1, 60_000)),
                5 => hear(&mut exchange, now, Topic::ExecutedCommands, &answer("LOCK_DOORS", "id-1", "EXECUTING")),
                6 => hear(&mut exchange, now, Topic::ExecutedCommands, "garbage"),
                7 => hear(&mut exchange, now, Topic::Session, "garbage"),
                8 => exchange.handle(at(now), Input::Acknowledged(Purpose::Command)),
                _ => exchange.handle(at(now), Input::Tick),
            };
            for action in actions {
                sent += usize::from(matches!(action, Action::Publish(Purpose::Command, ..)));
                ends += usize::from(matches!(action, Action::Finished(_)));
            }
        }
        prop_assert!(sent <= 1);
        prop_assert!(ends <= 1);
        prop_assert_eq!(exchange.deadline().is_none(), ends == 1);
    }
}
