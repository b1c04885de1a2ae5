//! Screens and their stops, against a broker in few words.

use super::*;
use crate::client::News;
use crate::operator::UiCommand;
use crate::options::tests::resolve;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

const LONG: Duration = Duration::from_secs(20);

/// A task that knows two vehicles by name, and the address at which a broker may answer it.
async fn task() -> (OperatorTask, Handle, TcpListener) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let broker = format!("--broker mqtt://{} --unsigned", listener.local_addr().unwrap());
    let options = resolve("", &[], &broker).unwrap();
    let named = ["rover-1", "rover-2"].map(|id| id.parse().unwrap());
    let (task, handle) = OperatorTask::start(&options, &named).unwrap();
    (task, handle, listener)
}

/// Accepts a connection, and answers no subscription.
async fn accept(listener: &TcpListener) -> TcpStream {
    let mut stream = listener.accept().await.unwrap().0;
    stream.read_buf(&mut Vec::new()).await.unwrap();
    stream.write_all(&[0x20, 2, 0, 0]).await.unwrap();
    stream
}

/// Lets the task work until the broker was sent each of these words.
async fn until_sent(task: &mut OperatorTask, stream: &mut TcpStream, words: &[&str]) {
    let mut sent = Vec::new();
    let all = |sent: &[u8]| words.iter().all(|word| String::from_utf8_lossy(sent).contains(word));
    timeout(LONG, async {
        while !all(&sent) {
            tokio::select! {
                news = task.client.next(None) => task.take(news),
                read = stream.read_buf(&mut sent) => assert!(read.unwrap() > 0),
            }
        }
    })
    .await
    .unwrap_or_else(|_| panic!("{words:?} not in {}", String::from_utf8_lossy(&sent)));
}

fn told(task: &OperatorTask) -> Vec<String> {
    task.event_log.entries().iter().map(|entry| entry.text.clone()).collect()
}

fn order(handle: &Handle, task: &mut OperatorTask, commands: impl IntoIterator<Item = UiCommand>) {
    for command in commands {
        handle.order(command);
        task.obey(task.queue.take());
    }
}

#[tokio::test]
async fn no_number_of_presses_for_one_vehicle_keeps_the_stop_of_another() {
    let (mut task, handle, listener) = task().await;
    let [one, other]: [VehicleId; 2] = ["rover-1", "rover-2"].map(|id| id.parse().unwrap());
    order(&handle, &mut task, (0..200).map(|_| UiCommand::EmergencyStop(one.clone())));
    order(&handle, &mut task, [UiCommand::EmergencyStop(other)]);
    assert!(!told(&task).iter().any(|text| text.contains("EMERGENCY_STOP published")), "{:?}", told(&task));
    let mut stream = accept(&listener).await;
    until_sent(&mut task, &mut stream, &["vehicles/rover-1/commands", "vehicles/rover-2/commands"]).await;
    while let Ok(news) = timeout(Duration::from_millis(1), task.client.next(Some(Moment::ZERO))).await {
        if matches!(news, News::Time) {
            break;
        }
        task.take(news);
    }
    let published = told(&task).iter().filter(|text| text.contains("EMERGENCY_STOP published")).count();
    assert_eq!(published, 2, "{:?}", told(&task));
}

#[tokio::test]
async fn pressing_again_publishes_again_at_once() {
    let (mut task, handle, listener) = task().await;
    let press = || [UiCommand::EmergencyStop("rover-1".parse().unwrap())];
    order(&handle, &mut task, press());
    let mut stream = accept(&listener).await;
    until_sent(&mut task, &mut stream, &["EMERGENCY_STOP"]).await;
    let before = task.now();
    order(&handle, &mut task, press());
    until_sent(&mut task, &mut stream, &["EMERGENCY_STOP"]).await;
    let waited = task.now().saturating_sub(before);
    assert!(waited < Duration::from_millis(450), "left with the repetition, after {waited:?}");
}

#[tokio::test]
async fn a_screen_fills_the_table_with_no_names_that_nobody_knows() {
    let (mut task, handle, _listener) = task().await;
    let stranger: VehicleId = "stranger".parse().unwrap();
    let asked = [
        UiCommand::EmergencyStop(stranger.clone()),
        UiCommand::Look(stranger.clone()),
        UiCommand::Arm(stranger.clone()),
        UiCommand::Hand(stranger.clone(), None),
        UiCommand::Send(stranger.clone(), Command::LockDoors),
    ];
    order(&handle, &mut task, asked);
    assert!(!task.snapshot.vehicles.contains_key(&stranger));
    assert!(task.requests.is_empty(), "{:?}", task.requests);
    assert!(
        told(&task).iter().all(|text| text.contains("not published: no vehicle stranger")),
        "{:?}",
        told(&task)
    );
}

#[tokio::test]
async fn made_up_vehicles_fill_no_more_than_the_table_and_push_out_none_that_is_named() {
    let (mut task, _handle, _listener) = task().await;
    for number in 0..5_000 {
        let vehicle = format!("ghost-{number}").parse().unwrap();
        task.take(News::Message { vehicle, topic: Topic::Status, payload: b"{}".to_vec(), retained: false });
    }
    assert_eq!(task.snapshot.vehicles.len(), 4096);
    for id in ["rover-1", "rover-2", "ghost-4999"] {
        assert!(task.snapshot.vehicles.contains_key(&id.parse::<VehicleId>().unwrap()), "{id}");
    }
    assert_eq!(told(&task).iter().filter(|text| text.contains("more than 4096")).count(), 1);
}
