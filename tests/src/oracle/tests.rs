#![expect(clippy::arithmetic_side_effects, reason = "a test that overflows fails")]

use std::time::Duration;

use vehicle_protocol::{Answer, AnswerForm, CommandName, Reason, State};

use super::{Delivery, Heard, Record, Rule, Sent, Terms, judge};
use crate::trace::TraceLine;

const MS: u64 = 1_000_000;

fn line(at_ms: u64, level: f64, cause: &str, id: &str) -> TraceLine {
    TraceLine {
        t: at_ms * MS,
        left: Some(level),
        right: Some(level),
        drive: None,
        steer: None,
        enable: true,
        brake: false,
        headlights: false,
        parking_lights: false,
        hazard_lights: false,
        horn: false,
        doors: "locked".to_owned(),
        cause: cause.to_owned(),
        id: (!id.is_empty()).then(|| id.to_owned()),
    }
}

fn braking(at_ms: u64, level: f64, cause: &str) -> TraceLine {
    TraceLine { brake: true, ..line(at_ms, level, cause, "") }
}

fn off(at_ms: u64, cause: &str) -> TraceLine {
    TraceLine { enable: false, ..braking(at_ms, 0.0, cause) }
}

fn sent(command: CommandName, id: &str, at_ms: u64) -> Sent {
    Sent {
        command,
        id: (!id.is_empty()).then(|| id.to_owned()),
        by: None,
        hold: Duration::ZERO,
        neutral: false,
        expires: None,
        deliveries: vec![Delivery::at(at_ms * MS)],
    }
}

fn setpoint(id: &str, at_ms: u64, expires_ms: u64, neutral: bool) -> Sent {
    Sent {
        hold: Duration::from_millis(300),
        expires: Some(expires_ms * MS),
        neutral,
        ..sent(CommandName::Drive, id, at_ms)
    }
}

fn answer(command: CommandName, id: &str, at_ms: u64, state: State) -> Heard {
    let reason = (state == State::Rejected).then_some(Reason::EngineOff);
    Heard {
        at: at_ms * MS,
        boot: Some(0),
        answer: Answer {
            form: AnswerForm::Full,
            command: Some(command),
            id: Some(id.parse().unwrap()),
            state,
            reason,
            detail: None,
            progress: None,
            clock: Some(at_ms),
            proof: None,
        },
    }
}

/// An ACCELERATE at 1 s, a heartbeat, and the braking when nobody renews it.
fn good() -> Record {
    Record {
        trace: vec![
            line(0, 0.0, "BOOT", ""),
            line(1_020, 0.1, "ACCELERATE", "a"),
            line(1_040, 0.2, "ACCELERATE", "a"),
            braking(1_920, 0.1, "OPERATOR_LOST"),
            braking(1_940, 0.0, "OPERATOR_LOST"),
        ],
        answers: vec![answer(CommandName::Accelerate, "a", 1_000, State::Succeeded)],
        sent: vec![sent(CommandName::Accelerate, "a", 1_000), sent(CommandName::Heartbeat, "h", 1_400)],
        killed: Vec::new(),
        end: 9_000 * MS,
        terms: Terms { operator_timeout: Duration::from_millis(500), autonomy: Duration::from_secs(2) },
        heard_all: true,
    }
}

/// Exactly one violation of `rule`, whose sentence has `words`.
#[track_caller]
fn assert_broken(record: &Record, rule: Rule, words: &str) {
    let findings = judge(record);
    assert!(
        matches!(findings.violations.as_slice(), [one] if one.rule == rule && one.sentence.contains(words)),
        "{:#?}",
        findings.violations
    );
}

#[test]
fn a_vehicle_that_keeps_the_rules_is_not_blamed() {
    let findings = judge(&good());
    assert_eq!(findings.violations, []);
    assert_eq!((findings.executed, findings.longest_to_braking), (1, Duration::from_millis(520)));
}

#[test]
fn braking_that_begins_too_late_breaks_the_lease() {
    let mut record = good();
    for line in &mut record.trace[3..] {
        line.t += 81 * MS;
    }
    assert_broken(
        &record,
        Rule::Lease,
        "ACCELERATE with the ID a drove on, 101 ms after its lease had ended",
    );
}

#[test]
fn motion_that_nobody_ends_breaks_the_lease() {
    let mut record = good();
    record.trace.truncate(3);
    assert_broken(&record, Rule::Lease, "drove on");
}

#[test]
fn a_status_request_and_a_refused_command_renew_nothing() {
    let mut record = good();
    record.sent[1].command = CommandName::ReportStatus;
    record.answers.push(answer(CommandName::ReportStatus, "h", 1_400, State::Succeeded));
    assert_broken(&record, Rule::Lease, "drove on");
    let mut record = good();
    record.sent[1].command = CommandName::LockDoors;
    record.answers.push(answer(CommandName::LockDoors, "h", 1_400, State::Rejected));
    assert_broken(&record, Rule::Lease, "drove on");
}

#[test]
fn a_heartbeat_does_not_renew_a_setpoint() {
    let mut record = good();
    record.answers.clear();
    record.sent = vec![
        setpoint("n", 900, 1_400, true),
        setpoint("a", 1_000, 1_500, false),
        sent(CommandName::Heartbeat, "h", 1_400),
    ];
    for line in &mut record.trace[1..3] {
        line.cause = "DRIVE".to_owned();
    }
    assert_broken(&record, Rule::Lease, "DRIVE with the ID a drove on");
}

#[test]
fn what_nobody_sent_and_what_moves_by_itself_is_not_fresh() {
    let mut record = good();
    record.trace[1].id = Some("b".to_owned());
    assert_broken(&record, Rule::Fresh, "ACCELERATE with the ID b acted, which nobody sent");
    let mut record = good();
    record.trace.push(TraceLine { brake: true, ..line(3_000, 0.2, "LINK_LOST", "") });
    assert_broken(&record, Rule::Fresh, "the motors got power by a plain LINK_LOST");
}

#[test]
fn late_retained_and_foreign_commands_are_not_fresh() {
    let mut record = good();
    record.sent[0].expires = Some(900 * MS);
    let findings = judge(&record);
    assert!(findings.late() == 2, "in the trace and in the answer: {:?}", findings.violations);
    for (retained, foreign, words) in [(true, false, "retained"), (false, true, "of another boot")] {
        let mut record = good();
        record.sent[0].deliveries = vec![Delivery { retained, foreign, ..Delivery::at(1_000 * MS) }];
        let findings = judge(&record);
        assert!(findings.violations.iter().any(|one| one.sentence.contains(words)), "{findings:?}");
    }
}

#[test]
fn a_held_stick_does_not_move_a_vehicle_that_has_stopped_by_itself() {
    let drive = |record: &mut Record, neutral: bool| {
        record.sent.push(setpoint("s", 2_900, 3_400, neutral));
        record.sent.push(setpoint("d", 3_000, 3_500, false));
        record.trace.push(line(3_020, 0.1, "DRIVE", "d"));
        record.trace.push(braking(3_320, 0.0, "HOLD_LAPSED"));
    };
    let mut record = good();
    drive(&mut record, true);
    assert_eq!(judge(&record).violations, []);
    let mut record = good();
    drive(&mut record, false);
    assert_broken(&record, Rule::Fresh, "the stick had not been released");
}

#[test]
fn a_command_that_acts_again_is_executed_twice() {
    let mut record = good();
    record.sent[0].deliveries.push(Delivery::at(3_000 * MS));
    record.trace.push(line(3_020, 0.1, "ACCELERATE", "a"));
    record.trace.push(braking(3_500, 0.0, "OPERATOR_LOST"));
    assert_broken(&record, Rule::Once, "ACCELERATE with the ID a acted again");
}

#[test]
fn an_old_setpoint_after_a_new_one_is_out_of_order() {
    let mut record = good();
    record.answers.clear();
    record.trace.truncate(1);
    record.sent = vec![
        setpoint("n", 900, 1_300, true),
        setpoint("new", 1_000, 1_500, false),
        setpoint("old", 1_100, 1_400, false),
    ];
    record.trace.push(line(1_020, 0.1, "DRIVE", "new"));
    record.trace.push(line(1_120, 0.2, "DRIVE", "old"));
    record.trace.push(braking(1_420, 0.0, "HOLD_LAPSED"));
    assert_broken(&record, Rule::Once, "DRIVE with the ID old acted after a newer setpoint");
}

#[test]
fn an_emergency_stop_stays_until_it_is_cleared() {
    let mut record = good();
    record.sent.push(sent(CommandName::EmergencyStop, "", 3_000));
    record.trace.push(off(3_000, "EMERGENCY_STOP"));
    let stopped = record.clone();
    record.sent.push(sent(CommandName::TurnOnEngine, "", 3_500));
    record.trace.push(line(3_500, 0.0, "TURN_ON_ENGINE", ""));
    assert_broken(&record, Rule::Latch, "a plain TURN_ON_ENGINE enabled the motors in emergency stop");
    let mut record = stopped;
    record.sent.push(sent(CommandName::ClearEmergencyStop, "", 3_400));
    record.trace.push(off(3_400, "CLEAR_EMERGENCY_STOP"));
    record.sent.push(sent(CommandName::TurnOnEngine, "", 3_500));
    record.trace.push(line(3_500, 0.0, "TURN_ON_ENGINE", ""));
    assert_eq!(judge(&record).violations, []);
}

#[test]
fn a_stored_emergency_stop_survives_a_restart() {
    let mut record = good();
    record.sent.push(sent(CommandName::EmergencyStop, "e", 3_000));
    record.trace.push(TraceLine { id: Some("e".to_owned()), ..off(3_000, "EMERGENCY_STOP") });
    record.answers.push(answer(CommandName::EmergencyStop, "e", 3_010, State::Executing));
    record.trace.push(off(3_200, "BOOT"));
    record.sent.push(sent(CommandName::TurnOnEngine, "", 3_500));
    record.trace.push(line(3_500, 0.0, "TURN_ON_ENGINE", ""));
    record.heard_all = false;
    assert_eq!(judge(&record).violations, [], "it was killed while it was being stored");
    record.answers.push(answer(CommandName::EmergencyStop, "e", 3_020, State::Succeeded));
    assert_broken(&record, Rule::Latch, "TURN_ON_ENGINE");
}

#[test]
fn a_command_has_one_end() {
    let mut record = good();
    record.answers.push(answer(CommandName::Accelerate, "a", 1_500, State::Succeeded));
    assert_eq!(judge(&record).violations, [], "a repetition is answered with the same end");
    record.answers.push(answer(CommandName::Accelerate, "a", 1_600, State::Failed));
    assert_broken(&record, Rule::Answer, "ended as SUCCEEDED and as FAILED");
    let mut record = good();
    record.answers.push(answer(CommandName::Accelerate, "a", 1_500, State::Executing));
    assert_broken(&record, Rule::Once, "began again after it had ended");
}

#[test]
fn a_command_that_came_is_answered() {
    let mut record = good();
    record.answers.clear();
    assert_broken(&record, Rule::Answer, "ACCELERATE with the ID a was never answered");
    record.heard_all = false;
    assert_eq!(judge(&record).violations, [], "the answer may have been lost");
    let mut record = good();
    record.answers[0].answer.state = State::Executing;
    assert_broken(&record, Rule::Answer, "began and never ended");
}

#[test]
fn the_guard_has_a_quarter_of_a_second_after_a_kill() {
    for (guard_ms, broken) in [(1_249, 0), (1_251, 1)] {
        let mut record = good();
        record.trace.truncate(3);
        record.sent.truncate(1);
        record.terms.operator_timeout = Duration::from_millis(50);
        record.killed = vec![1_000 * MS];
        record.trace.push(off(guard_ms, "GUARD"));
        assert_eq!(judge(&record).violations.len(), broken, "{guard_ms}");
    }
}

#[test]
fn a_guard_that_acts_or_is_lost_needs_a_reason() {
    let mut record = good();
    record.trace.push(off(2_000, "GUARD_LOST"));
    assert_broken(&record, Rule::Guard, "for want of its guard");
    let mut record = good();
    record.trace.push(off(2_000, "GUARD"));
    assert_broken(&record, Rule::Guard, "nobody had killed or stopped the agent");
    record.killed = vec![1_990 * MS];
    assert_eq!(judge(&record).violations, []);
    record.killed = vec![500 * MS];
    assert_eq!(judge(&record).guard_losses(), 1, "long after another kill");
}

#[test]
fn an_untimed_command_may_act_again_after_a_restart_that_changes_no_output() {
    let mut record = good();
    record.answers.clear();
    record.heard_all = false;
    record.sent = vec![sent(CommandName::TurnOnEngine, "e", 100), sent(CommandName::TurnOnEngine, "e", 900)];
    let on = |at_ms| TraceLine { brake: true, ..line(at_ms, 0.0, "TURN_ON_ENGINE", "e") };
    record.sent[0].deliveries.push(Delivery::at(900 * MS));
    record.trace = vec![off(0, "BOOT"), on(100), off(500, "GUARD"), off(700, "BOOT"), on(900)];
    record.killed = vec![400 * MS];
    assert_eq!(judge(&record).violations, []);
    record.trace.remove(3);
    assert_broken(&record, Rule::Once, "acted again");
}

#[test]
fn a_drive_to_the_safe_place_may_be_superseded_at_the_speed_that_it_has() {
    let mut record = good();
    let ms = Duration::from_millis;
    record.terms = Terms { operator_timeout: ms(500), autonomy: ms(1_000) };
    record.sent = vec![sent(CommandName::ParkInSafePlace, "p", 0), sent(CommandName::Accelerate, "a", 900)];
    record.answers = vec![
        answer(CommandName::ParkInSafePlace, "p", 900, State::Superseded),
        answer(CommandName::Accelerate, "a", 900, State::Succeeded),
    ];
    record.trace = vec![
        off(0, "BOOT"),
        line(1, 0.4, "PARK_IN_SAFE_PLACE", "p"),
        braking(1_400, 0.3, "OPERATOR_LOST"),
        braking(1_500, 0.0, "OPERATOR_LOST"),
    ];
    assert_eq!(judge(&record).violations, []);
    record.answers.remove(0);
    record.heard_all = false;
    assert_broken(&record, Rule::Lease, "drove on");
}

#[test]
fn nobody_moves_it_while_somebody_else_drives() {
    let by = |who: &str, sent: Sent| Sent { by: Some(who.to_owned()), ..sent };
    let mut record = good();
    (record.answers, record.heard_all) = (Vec::new(), false);
    record.terms.operator_timeout = Duration::from_secs(1);
    record.sent = vec![
        by("anna", sent(CommandName::Accelerate, "a", 100)),
        by("ben", sent(CommandName::TakeControl, "c", 300)),
        by("ben", sent(CommandName::Accelerate, "b", 500)),
    ];
    let halt = TraceLine { brake: true, ..line(400, 0.0, "TAKE_CONTROL", "c") };
    record.trace = vec![
        off(0, "BOOT"),
        line(100, 0.4, "ACCELERATE", "a"),
        halt,
        line(500, 0.4, "ACCELERATE", "b"),
        braking(1_000, 0.0, "OPERATOR_LOST"),
    ];
    assert_eq!(judge(&record).violations, []);
    record.trace.remove(2);
    assert_broken(&record, Rule::Driver, "ACCELERATE with the ID b of ben moved it while anna drove");
}
