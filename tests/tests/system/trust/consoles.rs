//! Several at once, and some who would like to be somebody else.

use anyhow::{Result, ensure};
use serde_json::Value;
use system_tests::agent::Agent;
use system_tests::client::{Client, QoS};
use system_tests::installation::Installation;
use system_tests::process::{Output, Program};
use system_tests::wait::SOON;

async fn vehicle(installation: &Installation) -> Result<Agent> {
    let url = format!("mqtts://localhost:{}", installation.vehicles_port);
    let flags = installation.flags(&installation.identity("vehicles/rover-1"));
    let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
    let agent = Agent::launch(&url, "rover-1", &flags)?;
    agent.online(&mut installation.observer("waits").await?).await?;
    Ok(agent)
}

fn console(installation: &Installation, arguments: &[&str]) -> Result<Program> {
    let mut command = Program::command("control-console")?;
    command.args(["--broker", &format!("mqtts://localhost:{}", installation.operators_port)]);
    command.args(installation.flags(&installation.identity("operators/anna"))).args(arguments);
    Program::spawn("control-console", command)
}

async fn command(installation: &Installation, arguments: &[&str]) -> Result<Output> {
    console(installation, arguments)?.output(SOON).await
}

#[tokio::test]
async fn three_consoles_of_one_operator_command_a_vehicle_side_by_side() -> Result<()> {
    let installation = Installation::start(&["vehicle rover-1", "operator anna"]).await?;
    let _agent = vehicle(&installation).await?;
    let mut consoles = Vec::new();
    for _ in 0..3 {
        consoles.push(console(&installation, &["ping", "rover-1", "--count", "3"])?);
    }
    for console in consoles {
        let output = console.output(SOON).await?;
        ensure!(output.code == Some(0), "{output:?}");
    }
    ensure!(!installation.broker.log()?.contains("already connected"), "one threw another off");
    Ok(())
}

#[tokio::test]
async fn nobody_throws_a_vehicle_off_by_its_client_id() -> Result<()> {
    let installation =
        Installation::start(&["vehicle rover-1", "vehicle rover-2", "operator anna", "operator rover-1"])
            .await?;
    let agent = vehicle(&installation).await?;
    for files in ["vehicles/rover-2", "operators/anna", "operators/rover-1"] {
        for port in [installation.vehicles_port, installation.operators_port] {
            for id in ["rover-1", "VP1-rover-1", "operator.rover-1", ""] {
                let options = installation.options(id, Some(&installation.identity(files)), port)?;
                // Let in under another id, or not let in.
                drop(Client::connect_with(options).await);
            }
        }
    }
    let output = command(&installation, &["send", "rover-1", "turn-on-engine"]).await?;
    ensure!(output.code == Some(0), "{output:?}");
    ensure!(!installation.broker.log()?.contains("Client rover-1 already connected"), "it was thrown off");
    let mut observer = installation.observer("observer").await?;
    observer.subscribe(&agent.topic("presence"), QoS::AtLeastOnce).await?;
    let presence = observer.expect("its presence", |message| message.retained).await?;
    ensure!(
        (presence.value("state"), presence.value("link")) == (Value::from("ONLINE"), Value::from(1)),
        "{presence:?}"
    );
    Ok(())
}
