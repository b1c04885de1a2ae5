//! What nobody should send is refused in words, and the agent goes on.

use anyhow::{Result, ensure};
use serde_json::Value;
use system_tests::agent::{Agent, Operator};
use system_tests::mosquitto::Mosquitto;

async fn rover(broker: &Mosquitto) -> Result<(Agent, Operator)> {
    let agent = Agent::start(broker, "rover-1", &[]).await?;
    let operator = agent.operator("operator", broker.port()).await?;
    Ok((agent, operator))
}

async fn still_obeys(operator: &mut Operator) -> Result<()> {
    let answer = operator.ask(r#"{"CMD":"TURN_ON_HEADLIGHTS"}"#).await?;
    let done = answer.get("SUCCESSFULLY_PROCESSED_COMMAND").and_then(Value::as_str);
    ensure!(done == Some("TURN_ON_HEADLIGHTS"), "{answer}");
    Ok(())
}

#[tokio::test]
async fn every_kind_of_nonsense_is_refused_with_a_reason() -> Result<()> {
    let broker = Mosquitto::start().await?;
    let (_agent, mut operator) = rover(&broker).await?;
    let long = " ".repeat(200_000);
    let deep = format!(r#"{{"CMD":{}"#, "[".repeat(100_000));
    let cases: [(&[u8], &str); 16] = [
        (b"", "MALFORMED"),
        (b"TURN_ON_ENGINE", "MALFORMED"),
        (b"[]", "MALFORMED"),
        (b"{}", "MALFORMED"),
        (br#"{"CMD":"FLY"}"#, "UNSUPPORTED"),
        (br#"{"CMD":7}"#, "MALFORMED"),
        (br#"{"CMD":"SET_MAX_SPEED"}"#, "MALFORMED"),
        (br#"{"CMD":"SET_MAX_SPEED","MPH":"5"}"#, "MALFORMED"),
        (br#"{"CMD":"SET_MAX_SPEED","MPH":NaN}"#, "MALFORMED"),
        (br#"{"CMD":"SET_MAX_SPEED","MPH":1e309}"#, "MALFORMED"),
        (br#"{"CMD":"SET_MAX_SPEED","MPH":-1}"#, "OUT_OF_RANGE"),
        (br#"{"CMD":"BRAKE","MPH":1}"#, "MALFORMED"),
        (br#"{"CMD":"DRIVE","MPH":1,"DEGREES_PER_S":0,"HOLD_MS":300}"#, "UNSUPPORTED"),
        (deep.as_bytes(), "MALFORMED"),
        (long.as_bytes(), "MALFORMED"),
        (&[0xff, 0xc0, 0x80, 0x00, 0x7b], "MALFORMED"),
    ];
    for (payload, reason) in cases {
        let shown = String::from_utf8_lossy(&payload[..payload.len().min(60)]).into_owned();
        operator.publish("commands", payload).await?;
        let answer = operator.answer().await?;
        assert_eq!(
            (&answer["STATE"], &answer["REASON"]),
            (&"REJECTED".into(), &reason.into()),
            "{shown}: {answer}"
        );
        assert!(answer["DETAIL"].is_string(), "{shown}: {answer}");
    }
    still_obeys(&mut operator).await
}

#[tokio::test]
async fn a_command_on_the_wrong_topic_is_refused() -> Result<()> {
    let broker = Mosquitto::start().await?;
    let (agent, mut operator) = rover(&broker).await?;
    operator.publish("drive", r#"{"CMD":"TURN_ON_ENGINE","ID":"1"}"#).await?;
    let answer = operator.answer().await?;
    assert_eq!((&answer["REASON"], &answer["ID"]), (&"UNSUPPORTED".into(), &"1".into()), "{answer}");
    assert!(!agent.trace().lines()?.last().unwrap().enable);
    still_obeys(&mut operator).await
}

#[tokio::test]
async fn a_retained_command_is_never_executed() -> Result<()> {
    let broker = Mosquitto::start().await?;
    let mut client = system_tests::client::Client::connect("before", broker.port()).await?;
    let qos = system_tests::client::QoS::AtLeastOnce;
    let topic = "vehicles/rover-1/commands";
    client.publish_retained(topic, qos, r#"{"CMD":"TURN_ON_ENGINE"}"#).await?;
    client.subscribe("vehicles/rover-1/+", qos).await?;
    let agent = Agent::start(&broker, "rover-1", &[]).await?;
    let answer = client.expect("an answer", |message| message.topic.ends_with("/executedcommands")).await?;
    assert_eq!(answer.json()["REASON"], "RETAINED", "{}", answer.text());
    client
        .expect("an event", |message| {
            message.topic.ends_with("/events") && message.json()["cause"] == "RETAINED"
        })
        .await?;
    assert!(agent.trace().lines()?.iter().all(|line| !line.enable));
    Ok(())
}

#[tokio::test]
async fn a_signed_command_is_answered_unknown_key() -> Result<()> {
    let broker = Mosquitto::start().await?;
    let (_agent, mut operator) = rover(&broker).await?;
    let signed = format!(
        r#"{{"CMD":"PARK","ID":"1","KEY":"k","SID":"00000001","EPOCH":"{}","CTR":1,"EXP":5,"MAC":"0011223344556677"}}"#,
        "00".repeat(16)
    );
    let answer: Value = operator.ask(&signed).await?;
    assert_eq!(
        (&answer["STATE"], &answer["REASON"]),
        (&"REJECTED".into(), &"UNKNOWN_KEY".into()),
        "{answer}"
    );
    still_obeys(&mut operator).await
}
