//! Every identity, on either port, with every topic: what it publishes, leaves as its last will and is given to read. A
//! publisher of MQTT 3.1.1 is not told of a refusal, so what passed is judged by who may see everything.

use std::collections::BTreeSet;

use anyhow::{Context, Result, ensure};
use system_tests::certificates::Identity;
use system_tests::client::{Client, LastWill, Message, QoS};
use system_tests::installation::Installation;
use system_tests::wait::{SOON, until};
use vehicle_protocol::Topic;

/// Somebody with a certificate.
struct Person {
    /// Their files, below the authority's folder.
    files: &'static str,
    /// The vehicle that they are.
    is: Option<&'static str>,
    /// The operator that they are, and the vehicles that they may command.
    commands: Option<(&'static str, &'static [&'static str])>,
}

const PEOPLE: [Person; 5] = [
    Person { files: "vehicles/rover-1", is: Some("rover-1"), commands: None },
    Person { files: "vehicles/rover-2", is: Some("rover-2"), commands: None },
    Person { files: "operators/anna", is: None, commands: Some(("anna", &["rover-1", "rover-2"])) },
    Person { files: "operators/ben", is: None, commands: Some(("ben", &["rover-2"])) },
    // Called like a vehicle, and may command the other one.
    Person { files: "operators/rover-1", is: None, commands: Some(("rover-1", &["rover-2"])) },
];

async fn installation() -> Result<Installation> {
    Installation::start(&[
        "vehicle rover-1",
        "vehicle rover-2",
        "operator anna",
        "operator ben --vehicles rover-2",
        "operator rover-1 --vehicles rover-2",
    ])
    .await
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Port {
    Vehicles,
    Operators,
}

fn topics() -> Vec<String> {
    let mut topics = vec!["elsewhere".to_owned(), "vehicles/rover-1/other".to_owned(), "vehicles".to_owned()];
    for vehicle in ["rover-1", "rover-2", "operator.anna"] {
        topics.extend(Topic::ALL.iter().map(|topic| format!("vehicles/{vehicle}/{topic}")));
    }
    for operator in ["anna", "ben", "rover-1", "operator.anna"] {
        topics.push(format!("operators/{operator}/presence"));
    }
    topics
}

/// The table: whether a person may write and read a topic on a port.
fn expected(person: &Person, port: Port, topic: &str) -> (bool, bool) {
    let words: Vec<&str> = topic.splitn(3, '/').collect();
    match (port, person.is, person.commands, words.as_slice()) {
        // Presence is readable by everybody; an operator publishes only its own.
        (Port::Vehicles, .., ["operators", _, "presence"]) => (false, true),
        (Port::Operators, _, Some((name, _)), ["operators", who, "presence"]) => (name == *who, true),
        (Port::Vehicles, Some(vehicle), _, ["vehicles", whose, topic]) if vehicle == *whose => {
            match Topic::from_word(topic) {
                // Its presence it keeps true.
                Some(Topic::Presence) => (true, true),
                Some(topic) => (!written_by_consoles(topic), written_by_consoles(topic)),
                None => (false, false),
            }
        }
        (Port::Operators, _, Some((_, vehicles)), ["vehicles", whose, topic])
            if commands(person, vehicles, whose) =>
        {
            match Topic::from_word(topic) {
                Some(topic) => (written_by_consoles(topic), !written_by_consoles(topic)),
                None => (false, false),
            }
        }
        // On the vehicles' port an operator has the place of a vehicle that no vehicle's name can be.
        (Port::Vehicles, _, Some((name, _)), ["vehicles", whose, topic])
            if *whose == format!("operator.{name}") =>
        {
            match Topic::from_word(topic) {
                Some(Topic::Presence) => (true, true),
                Some(topic) => (!written_by_consoles(topic), written_by_consoles(topic)),
                None => (false, false),
            }
        }
        _ => (false, false),
    }
}

/// By the contract, not by the code under test.
fn written_by_consoles(topic: Topic) -> bool {
    matches!(topic, Topic::Commands | Topic::Drive | Topic::SessionRequest)
}

/// Anna may command all, even what no vehicle can be called.
fn commands(person: &Person, vehicles: &[&str], whose: &str) -> bool {
    person.files == "operators/anna" || vehicles.contains(&whose)
}

type Set = BTreeSet<String>;

struct Trial<'a> {
    installation: &'a Installation,
    person: &'a Person,
    identity: Identity,
    port: Port,
}

impl Trial<'_> {
    async fn connect(&self, id: &str, will: Option<LastWill>) -> Result<Client> {
        let port = match self.port {
            Port::Vehicles => self.installation.vehicles_port,
            Port::Operators => self.installation.operators_port,
        };
        let mut options = self.installation.options(id, Some(&self.identity), port)?;
        if let Some(will) = will {
            options.set_last_will(will);
        }
        Client::connect_with(options).await
    }

    fn written(&self) -> Set {
        topics().into_iter().filter(|topic| expected(self.person, self.port, topic).0).collect()
    }

    fn read(&self) -> Set {
        topics().into_iter().filter(|topic| expected(self.person, self.port, topic).1).collect()
    }

    fn compare(&self, what: &str, found: &Set, expected: &Set) -> Result<()> {
        let (more, less): (Vec<_>, Vec<_>) =
            (found.difference(expected).collect(), expected.difference(found).collect());
        let who = (self.person.files, self.port);
        ensure!(
            more.is_empty() && less.is_empty(),
            "{what} of {who:?}: too much {more:?}, too little {less:?}"
        );
        Ok(())
    }

    async fn publishes(&self) -> Result<()> {
        for qos in [QoS::AtMostOnce, QoS::AtLeastOnce, QoS::ExactlyOnce] {
            let mut observer = self.installation.observer("observer").await?;
            observer.subscribe("#", QoS::AtMostOnce).await?;
            observer.take_all().await?;
            let mut client = self.connect("VP1-writes", None).await?;
            for topic in topics() {
                client.publish(&topic, qos, "live").await?;
            }
            client.take_all().await?;
            let seen = observer.take_all().await?;
            client.disconnect().await?;
            observer.disconnect().await?;
            self.compare(&format!("publish at {qos:?}"), &names(&seen, "live"), &self.written())?;
        }
        Ok(())
    }

    async fn retains(&self) -> Result<()> {
        let mut client = self.connect("VP1-retains", None).await?;
        for topic in topics() {
            client.publish_retained(&topic, QoS::AtLeastOnce, "kept").await?;
        }
        let mut observer = self.installation.observer("observer").await?;
        observer.subscribe("#", QoS::AtMostOnce).await?;
        let seen = observer.take_all().await?;
        ensure!(seen.iter().all(|message| message.retained), "{seen:?}");
        client.disconnect().await?;
        clear(observer).await?;
        self.compare("retain", &names(&seen, "kept"), &self.written())
    }

    async fn leaves_wills(&self) -> Result<()> {
        let mut observer = self.installation.observer("observer").await?;
        observer.subscribe("#", QoS::AtMostOnce).await?;
        observer.take_all().await?;
        // All others leave with a word, so that the broker says this of these alone.
        let ended = || anyhow::Ok(self.installation.broker.log()?.matches("closed its connection").count());
        for topic in topics() {
            let before = ended()?;
            let will = LastWill::new(topic, "will", QoS::AtLeastOnce, false);
            let client = self.connect("VP1-mortal", Some(will)).await.context("a will that is refused")?;
            drop(client);
            until("the broker to see the end", SOON, || Ok((ended()? > before).then_some(()))).await?;
        }
        let seen = observer.take_all().await?;
        observer.disconnect().await?;
        self.compare("will", &names(&seen, "will"), &self.written())
    }

    async fn reads(&self) -> Result<()> {
        let mut observer = self.installation.observer("observer").await?;
        for topic in topics() {
            observer.publish_retained(&topic, QoS::AtMostOnce, "kept").await?;
        }
        observer.round_trip().await?;
        let mut client = self.connect("VP1-reads", None).await?;
        for filter in ["#", "+/+/+", "$SYS/#", "vehicles/+/session/request"] {
            client.subscribe(filter, QoS::AtLeastOnce).await?;
        }
        for topic in topics() {
            client.subscribe(&topic, QoS::AtLeastOnce).await?;
        }
        let seen = client.take_all().await?;
        self.compare("what is kept", &names(&seen, "kept"), &self.read())?;
        for topic in topics() {
            observer.publish(&topic, QoS::AtMostOnce, "live").await?;
        }
        observer.round_trip().await?;
        let seen = client.take_all().await?;
        self.compare("what is live", &names(&seen, "live"), &self.read())?;
        ensure!(!seen.iter().any(|message| message.topic.starts_with('$')), "{seen:?}");
        client.disconnect().await?;
        clear(observer).await
    }
}

fn names(messages: &[Message], payload: &str) -> Set {
    messages.iter().filter(|message| message.text() == payload).map(|message| message.topic.clone()).collect()
}

/// Makes the broker forget what it has kept, and leaves.
async fn clear(mut observer: Client) -> Result<()> {
    for topic in topics() {
        observer.publish_retained(&topic, QoS::AtLeastOnce, "").await?;
    }
    observer.disconnect().await
}

#[tokio::test]
async fn each_identity_can_do_with_each_topic_what_the_contract_says_and_nothing_else() -> Result<()> {
    let installation = installation().await?;
    for person in &PEOPLE {
        for port in [Port::Vehicles, Port::Operators] {
            let identity = installation.identity(person.files);
            let trial = Trial { installation: &installation, person, identity, port };
            trial.publishes().await?;
            trial.retains().await?;
            trial.leaves_wills().await?;
            trial.reads().await?;
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_message_longer_than_any_of_the_contract_does_not_pass() -> Result<()> {
    let installation = installation().await?;
    let mut observer = installation.observer("observer").await?;
    observer.subscribe("#", QoS::AtMostOnce).await?;
    let identity = installation.identity("operators/anna");
    let options = installation.options("VP1-anna", Some(&identity), installation.operators_port)?;
    let mut client = Client::connect_with(options).await?;
    let topic = "vehicles/rover-1/commands";
    client.publish(topic, QoS::AtLeastOnce, vec![b' '; 16_384]).await?;
    // The broker may end the connection over it.
    let _ = client.publish(topic, QoS::AtLeastOnce, vec![b' '; 16_385]).await;
    observer.expect("the longest message", |message| message.payload.len() == 16_384).await?;
    observer.expect_nothing("a longer one", |message| message.payload.len() > 16_384).await
}
