//! The queue between screens and the operator task: slots for what is repeated, newest wins; a bounded list for the rest.

use crate::clock::Moment;
use crate::exit::Exit;
use crate::teleop::StickPosition;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Mutex, PoisonError};
use tokio::sync::Notify;
use vehicle_protocol::{Command, VehicleId};

/// Commands that may wait; what a person types is never that much.
const WAITING: usize = 64;

/// A command of a screen.
#[derive(Clone, Debug, PartialEq)]
pub enum UiCommand {
    /// An emergency stop; goes before everything else, and is repeated until it is answered.
    EmergencyStop(VehicleId),
    /// Only a fresh press goes on.
    LetGo(VehicleId),
    /// Attention is gone: the stick is let go and has to be armed again, and what single commands have set in motion from
    /// here is braked.
    Disarm(VehicleId),
    /// A person wants to drive.
    Arm(VehicleId),
    /// How a hand leans on an armed stick, nothing if it is at neutral; the newest counts, and one that is not said again
    /// within a hold of 300 ms has let go.
    Hand(VehicleId, Option<StickPosition>),
    /// Any other command.
    Send(VehicleId, Command),
    /// Somebody looks at this vehicle: for some seconds its round trip is measured.
    Look(VehicleId),
    /// Somebody who drives is present: for a moment, what was begun from here goes on.
    Present(VehicleId),
    /// Let go of every stick, take leave of the broker, and end.
    Leave(Exit),
}

/// What a stick is told, in rising order of caution: the most careful word of a moment counts, and arming after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Grip {
    Arm,
    LetGo,
    Disarm,
    /// First disarm, then arm: what was driven has to be let go of, and who wants to drive wants it now.
    ArmAnew,
}

/// The drained queue, in the order of execution.
#[derive(Debug, Default)]
pub(super) struct QueuedCommands {
    pub(super) stops: BTreeSet<VehicleId>,
    /// What else each stick was told than how a hand leans; what takes motion away counts most.
    pub(super) grips: BTreeMap<VehicleId, Grip>,
    /// The newest word of each hand, and when it came.
    pub(super) hands: BTreeMap<VehicleId, (Option<StickPosition>, Moment)>,
    /// The hands that were at neutral in between: what was let go and is pressed again is a fresh press.
    pub(super) released: BTreeSet<VehicleId>,
    pub(super) commands: VecDeque<(VehicleId, Command)>,
    pub(super) looks: BTreeSet<VehicleId>,
    pub(super) present: BTreeSet<VehicleId>,
    pub(super) leave: Option<Exit>,
    /// Number of commands that found no room.
    pub(super) dropped: u32,
}

impl QueuedCommands {
    fn grip(&mut self, vehicle: VehicleId, grip: Grip) {
        let known = self.grips.entry(vehicle).or_insert(grip);
        *known = match (*known, grip) {
            (Grip::Disarm | Grip::ArmAnew, Grip::Arm) | (Grip::ArmAnew, Grip::LetGo) => Grip::ArmAnew,
            (_, Grip::Disarm) => Grip::Disarm,
            (known, grip) => grip.max(known),
        };
    }
}

/// The slots, and a bell.
#[derive(Debug, Default)]
pub(super) struct CommandQueue {
    inbox: Mutex<QueuedCommands>,
    bell: Notify,
}

impl CommandQueue {
    pub(super) fn put(&self, order: UiCommand, now: Moment) {
        let mut inbox = self.inbox.lock().unwrap_or_else(PoisonError::into_inner);
        match order {
            UiCommand::EmergencyStop(vehicle) => {
                inbox.stops.insert(vehicle);
            }
            UiCommand::LetGo(vehicle) => inbox.grip(vehicle, Grip::LetGo),
            UiCommand::Disarm(vehicle) => inbox.grip(vehicle, Grip::Disarm),
            UiCommand::Arm(vehicle) => inbox.grip(vehicle, Grip::Arm),
            UiCommand::Hand(vehicle, lean) => {
                if lean.is_none() {
                    inbox.released.insert(vehicle.clone());
                }
                inbox.hands.insert(vehicle, (lean, now));
            }
            UiCommand::Send(vehicle, command) if inbox.commands.len() < WAITING => {
                inbox.commands.push_back((vehicle, command));
            }
            UiCommand::Send(..) => inbox.dropped = inbox.dropped.saturating_add(1),
            UiCommand::Look(vehicle) => {
                inbox.looks.insert(vehicle);
            }
            UiCommand::Present(vehicle) => {
                inbox.present.insert(vehicle);
            }
            UiCommand::Leave(exit) => {
                inbox.leave.get_or_insert(exit);
            }
        }
        drop(inbox);
        self.bell.notify_one();
    }

    /// Clears the queue.
    pub(super) fn take(&self) -> QueuedCommands {
        std::mem::take(&mut *self.inbox.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Waits until something was laid down since the last time.
    pub(super) async fn rung(&self) {
        self.bell.notified().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn of_a_hand_only_the_newest_word_is_kept_and_commands_keep_their_order() {
        let (queue, rover): (_, VehicleId) = (CommandQueue::default(), "rover-1".parse().unwrap());
        let lean = |ahead| Some(StickPosition { ahead, right: 0.0 });
        for (at, ahead) in [(1, 1.0), (2, 0.5)] {
            queue.put(UiCommand::Hand(rover.clone(), lean(ahead)), Duration::from_millis(at));
        }
        for command in [Command::LockDoors, Command::Park] {
            queue.put(UiCommand::Send(rover.clone(), command), Duration::ZERO);
        }
        let inbox = queue.take();
        assert_eq!(inbox.hands.get(&rover), Some(&(lean(0.5), Duration::from_millis(2))));
        assert_eq!(inbox.commands, [(rover.clone(), Command::LockDoors), (rover, Command::Park)]);
        assert!(queue.take().hands.is_empty(), "taken once");
    }

    #[test]
    fn that_a_hand_was_at_neutral_is_not_lost_behind_its_next_press() {
        let (queue, rover): (_, VehicleId) = (CommandQueue::default(), "rover-1".parse().unwrap());
        let lean = Some(StickPosition { ahead: 1.0, right: 0.0 });
        for (word, released) in [(&[lean][..], false), (&[None, lean], true), (&[lean, None], true)] {
            for lean in word {
                queue.put(UiCommand::Hand(rover.clone(), *lean), Duration::ZERO);
            }
            let inbox = queue.take();
            assert_eq!(inbox.released.contains(&rover), released, "{word:?}");
            assert_eq!(inbox.hands.get(&rover).map(|(lean, _)| *lean), word.last().copied());
        }
    }

    #[test]
    fn of_grips_the_most_careful_counts_and_arming_after_it_is_not_lost() {
        let rover: VehicleId = "rover-1".parse().unwrap();
        let [arm, let_go, disarm] =
            [UiCommand::Arm, UiCommand::LetGo, UiCommand::Disarm] as [fn(VehicleId) -> UiCommand; 3];
        for (orders, grip) in [
            (&[arm][..], Grip::Arm),
            (&[arm, disarm], Grip::Disarm),
            (&[disarm, arm], Grip::ArmAnew),
            (&[disarm, arm, let_go], Grip::ArmAnew),
            (&[disarm, arm, disarm], Grip::Disarm),
            (&[let_go, disarm], Grip::Disarm),
        ] {
            let queue = CommandQueue::default();
            for order in orders {
                queue.put(order(rover.clone()), Duration::ZERO);
            }
            assert_eq!(queue.take().grips.get(&rover), Some(&grip));
        }
    }

    #[test]
    fn a_flood_of_commands_is_dropped_and_counted_but_a_stop_never() {
        let (queue, rover): (_, VehicleId) = (CommandQueue::default(), "rover-1".parse().unwrap());
        for _ in 0..WAITING + 3 {
            queue.put(UiCommand::Send(rover.clone(), Command::LockDoors), Duration::ZERO);
        }
        queue.put(UiCommand::EmergencyStop(rover.clone()), Duration::ZERO);
        let inbox = queue.take();
        assert_eq!((inbox.commands.len(), inbox.dropped), (WAITING, 3));
        assert!(inbox.stops.contains(&rover));
    }
}
