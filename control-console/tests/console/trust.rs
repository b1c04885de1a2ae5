//! Keys, signatures and sessions against a real agent, and against somebody between it and the console.

use crate::console::{command, object, objects};
use anyhow::{Context as _, Result};
use serde_json::{Value, json};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use system_tests::agent::Agent;
use system_tests::client::{Client, Message, QoS};
use system_tests::mosquitto::Mosquitto;
use system_tests::process::{Output, Program, Signal};
use system_tests::wait::SOON;
use tempfile::TempDir;

/// A console with a home of its own, and what it made for vehicles.
struct Desk {
    home: TempDir,
}

impl Desk {
    fn new() -> Result<Self> {
        Ok(Self { home: tempfile::tempdir()? })
    }

    fn start(&self, broker: &str, arguments: &[&str]) -> Result<Program> {
        let mut command = command(&[&["--broker", broker], arguments].concat());
        command.env("XDG_CONFIG_HOME", self.home.path().join("config"));
        command.env("XDG_RUNTIME_DIR", self.home.path().join("run"));
        Program::spawn("control-console", command)
    }

    async fn run(&self, broker: &str, arguments: &[&str]) -> Result<Output> {
        self.start(broker, arguments)?.output(SOON).await
    }

    /// Makes a key for rover-1, and gives the file that belongs on the vehicle.
    async fn key(&self, role: &str, name: &str) -> Result<PathBuf> {
        let out = self.home.path().join("out");
        let place = out.display().to_string();
        let words = ["keys", "new", "rover-1", "--role", role, "--name", name, "--out", &place];
        let made = self.run("mqtt://127.0.0.1:1", &words);
        assert_eq!(made.await?.code, Some(0));
        Ok(out.join(format!("{name}.json")))
    }

    fn key_file(&self) -> PathBuf {
        self.home.path().join("config/control-console/keys/rover-1.json")
    }
}

/// An agent that knows these keys, and takes motion from nobody else.
async fn agent(broker: &Mosquitto, keys: &[&Path], folder: &TempDir) -> Result<Agent> {
    for key in keys {
        let name = key.file_name().context("a name")?;
        fs::copy(key, folder.path().join(name))?;
    }
    Agent::start(broker, "rover-1", &["--config", &settings(folder, "vehicles")?]).await
}

/// Settings with which an agent finds its keys in `folder`.
fn settings(folder: &TempDir, root: &str) -> Result<String> {
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o700))?;
    let file = folder.path().join("agent.toml");
    fs::write(&file, format!("root = \"{root}\"\n[trust]\nkeys_dir = \"{}\"\n", folder.path().display()))?;
    Ok(file.display().to_string())
}

#[tokio::test]
async fn a_key_is_made_in_two_halves_and_never_shown_nor_overwritten() -> Result<()> {
    let desk = Desk::new()?;
    let theirs = desk.key("driver", "tablet").await?;
    let secret = fs::read_to_string(&theirs)?;
    let secret: Value = serde_json::from_str(&secret)?;
    let secret = secret["secret"].as_str().context("a secret")?;
    assert_eq!(fs::read(&theirs)?, fs::read(desk.key_file())?);
    for file in [&theirs, &desk.key_file()] {
        assert_eq!(fs::metadata(file)?.permissions().mode() & 0o777, 0o600);
    }
    let nowhere = "mqtt://127.0.0.1:1";
    let listed = desk.run(nowhere, &["keys", "list"]).await?;
    assert!(listed.stdout.contains("tablet") && listed.stdout.contains("driver"), "{}", listed.stdout);
    let as_json = desk.run(nowhere, &["--json", "keys", "list"]).await?;
    assert_eq!(object(&as_json)?["keys"][0]["key"], "tablet");
    let again = desk.run(nowhere, &["keys", "new", "rover-1", "--role", "owner", "--name", "other"]).await?;
    assert_eq!(again.code, Some(2));
    assert!(
        !desk.home.path().join("config/control-console/keys/for-rover-1/other.json").exists(),
        "half a pair"
    );
    let wrong = desk.run(nowhere, &["keys", "new", "../x", "--role", "owner"]).await?;
    assert_eq!(wrong.code, Some(2));
    let config = desk.run(nowhere, &["config", "-vv"]).await?;
    for told in [&listed, &as_json, &again, &config] {
        assert!(!told.stdout.contains(secret) && !told.stderr.contains(secret));
    }
    Ok(())
}

#[tokio::test]
async fn with_a_key_everything_works_in_both_encodings_and_without_it_only_what_anybody_may() -> Result<()> {
    let (broker, desk, folder) = (Mosquitto::start().await?, Desk::new()?, tempfile::tempdir()?);
    let key = desk.key("driver", "tablet").await?;
    let _agent = agent(&broker, &[&key], &folder).await?;
    for compact in [&[][..], &["--compact"]] {
        for line in [
            "send rover-1 turn-on-engine",
            "send rover-1 accelerate",
            "send rover-1 rotate-left --degrees 5",
            "send rover-1 brake",
            "drive rover-1 --mph 2 --for 300ms",
            "ping rover-1 --count 2",
            "send rover-1 park",
            "estop rover-1",
            "clear rover-1",
            "estop --all",
            "clear rover-1",
        ] {
            let words: Vec<&str> = compact.iter().copied().chain(line.split(' ')).collect();
            let output = desk.run(&broker.url(), &words).await?;
            assert_eq!(output.code, Some(0), "{words:?} {} {}", output.stdout, output.stderr);
        }
    }
    let unsigned = desk.run(&broker.url(), &["--unsigned", "send", "rover-1", "turn-on-engine"]).await?;
    assert_eq!(unsigned.code, Some(4), "{}", unsigned.stdout);
    assert!(unsigned.stdout.contains("UNSIGNED"));
    let stopped = desk.run(&broker.url(), &["--unsigned", "estop", "rover-1"]).await?;
    assert_eq!(stopped.code, Some(0), "whoever reaches the broker may stop: {}", stopped.stderr);
    let forbidden = desk.run(&broker.url(), &["send", "rover-1", "set-safe-place"]).await?;
    assert_eq!(forbidden.code, Some(4), "{}", forbidden.stdout);
    assert!(forbidden.stdout.contains("FORBIDDEN") && forbidden.stderr.contains("keys list"));
    Ok(())
}

#[tokio::test]
async fn a_key_that_others_can_read_signs_nothing_and_withholds_no_stop() -> Result<()> {
    let (broker, desk, folder) = (Mosquitto::start().await?, Desk::new()?, tempfile::tempdir()?);
    let key = desk.key("driver", "tablet").await?;
    let _agent = agent(&broker, &[&key], &folder).await?;
    fs::set_permissions(desk.key_file(), fs::Permissions::from_mode(0o644))?;
    for line in ["send rover-1 lock-doors", "drive rover-1 --mph 1 --for 1s"] {
        let output = desk.run(&broker.url(), &line.split(' ').collect::<Vec<_>>()).await?;
        assert_eq!(output.code, Some(2), "{line} {}", output.stderr);
        assert!(
            output.stderr.contains("mode 0644") && output.stderr.contains("chmod 600"),
            "{}",
            output.stderr
        );
    }
    let stopped = desk.run(&broker.url(), &["estop", "rover-1"]).await?;
    assert_eq!(stopped.code, Some(0), "{}", stopped.stderr);
    assert!(stopped.stderr.contains("without a key"), "{}", stopped.stderr);
    Ok(())
}

#[tokio::test]
async fn a_revoked_key_is_not_authorised_and_its_drive_ends() -> Result<()> {
    let (broker, folder) = (Mosquitto::start().await?, tempfile::tempdir()?);
    let (owner, driver) = (Desk::new()?, Desk::new()?);
    let keys = [owner.key("owner", "desk").await?, driver.key("driver", "tablet").await?];
    let _agent = agent(&broker, &[&keys[0], &keys[1]], &folder).await?;
    let url = broker.url();
    assert_eq!(driver.run(&url, &["send", "rover-1", "turn-on-engine"]).await?.code, Some(0));
    let mut driving = driver.start(&url, &["-v", "drive", "rover-1", "--mph", "1", "--for", "60s"])?;
    driving.wait_for_stderr("driving").await?;
    let revoked = owner.run(&url, &["send", "rover-1", "revoke-key", "--target-key", "tablet"]).await?;
    assert_eq!(revoked.code, Some(0), "{} {}", revoked.stdout, revoked.stderr);
    let ended = driving.output(SOON).await?;
    assert_eq!(ended.code, Some(4), "{} {}", ended.stdout, ended.stderr);
    for line in ["send rover-1 lock-doors", "send rover-1 brake", "ping rover-1 --count 1"] {
        let output = driver.run(&url, &line.split(' ').collect::<Vec<_>>()).await?;
        assert_eq!(output.code, Some(4), "{line} {} {}", output.stdout, output.stderr);
        assert!(output.stderr.contains("unauthenticated"), "{line} {}", output.stderr);
    }
    let last = owner.run(&url, &["send", "rover-1", "revoke-key", "--target-key", "desk"]).await?;
    assert!(matches!(last.code, Some(4 | 6)), "{} {}", last.stdout, last.stderr);
    Ok(())
}

#[tokio::test]
async fn two_consoles_with_one_key_are_two_parties_and_one_after_the_other_is_one() -> Result<()> {
    let (broker, folder) = (Mosquitto::start().await?, tempfile::tempdir()?);
    let (first, second) = (Desk::new()?, Desk::new()?);
    let key = first.key("driver", "tablet").await?;
    fs::create_dir_all(second.key_file().parent().context("a folder")?)?;
    fs::copy(&key, second.key_file())?;
    let _agent = agent(&broker, &[&key], &folder).await?;
    let url = broker.url();
    assert_eq!(first.run(&url, &["send", "rover-1", "turn-on-engine"]).await?.code, Some(0));
    for _ in 0..3 {
        assert_eq!(first.run(&url, &["send", "rover-1", "accelerate"]).await?.code, Some(0), "goes on");
    }
    let other = second.run(&url, &["send", "rover-1", "accelerate"]).await?;
    assert_eq!(other.code, Some(6), "{}", other.stdout);
    assert!(other.stdout.contains("NOT_IN_CONTROL"));
    let both = [
        first.start(&url, &["send", "rover-1", "lock-doors"])?,
        second.start(&url, &["send", "rover-1", "turn-on-headlights"])?,
    ];
    for program in both {
        assert_eq!(program.output(SOON).await?.code, Some(0));
    }
    let taken = second.run(&url, &["send", "rover-1", "take-control"]).await?;
    assert_eq!(taken.code, Some(0), "{}", taken.stderr);
    assert!(taken.stderr.contains("asks for control"), "{}", taken.stderr);
    assert_eq!(second.run(&url, &["send", "rover-1", "accelerate"]).await?.code, Some(0));
    Ok(())
}

#[tokio::test]
async fn audit_says_who_asked_for_what() -> Result<()> {
    let (broker, desk, folder) = (Mosquitto::start().await?, Desk::new()?, tempfile::tempdir()?);
    let key = desk.key("driver", "tablet").await?;
    let mut agent = agent(&broker, &[&key], &folder).await?;
    let mut audit = desk.start(&broker.url(), &["--json", "audit", "rover-1", "--count", "2"])?;
    audit.wait_for_stderr("listening").await?;
    desk.run(&broker.url(), &["send", "rover-1", "lock-doors"]).await?;
    desk.run(&broker.url(), &["--unsigned", "send", "rover-1", "unlock-doors"]).await?;
    let told = objects(&audit.output(SOON).await?)?;
    let short: Vec<String> =
        told.iter().map(|line| format!("{} {} {}", line["by"], line["command"], line["state"])).collect();
    assert_eq!(short, [r#""tablet" "LOCK_DOORS" "SUCCEEDED""#, r#""unsigned" "UNLOCK_DOORS" "REJECTED""#]);
    // The same in the agent's log, for who does not trust the broker.
    desk.run(&broker.url(), &["send", "rover-1", "set-safe-place"]).await?;
    for (by, command, what) in [
        ("tablet", "LOCK_DOORS", r#"state="SUCCEEDED""#),
        ("unsigned", "UNLOCK_DOORS", r#"state="REJECTED" cause="UNSIGNED""#),
        ("tablet", "SET_SAFE_PLACE", r#"state="REJECTED" cause="FORBIDDEN""#),
    ] {
        agent.program.wait_for_stderr(&format!("by=\"{by}\" command=\"{command}\"")).await?;
        let log = agent.program.stderr()?;
        let of_it = format!("by=\"{by}\" command=\"{command}\"");
        let line = log.lines().find(|line| line.contains(&of_it)).unwrap_or_default();
        assert!(line.contains(what), "{what} is not in {line}");
    }
    Ok(())
}

#[tokio::test]
async fn who_drives_is_shown_to_be_there_and_to_go() -> Result<()> {
    let (broker, desk, folder) = (Mosquitto::start().await?, Desk::new()?, tempfile::tempdir()?);
    let key = desk.key("driver", "tablet").await?;
    let _agent = agent(&broker, &[&key], &folder).await?;
    let mut watcher = Client::connect("watcher", broker.port()).await?;
    watcher.subscribe("operators/tablet/presence", QoS::AtLeastOnce).await?;
    let url = broker.url();
    assert_eq!(desk.run(&url, &["send", "rover-1", "turn-on-engine"]).await?.code, Some(0));
    assert_eq!(desk.run(&url, &["drive", "rover-1", "--mph", "1", "--for", "200ms"]).await?.code, Some(0));
    for state in ["ONLINE", "OFFLINE"] {
        watcher.expect(state, |message| message.value("state") == state).await?;
    }
    let mut driving = desk.start(&url, &["-v", "drive", "rover-1", "--mph", "1", "--for", "60s"])?;
    driving.wait_for_stderr("driving").await?;
    driving.signal(Signal::KILL)?;
    watcher.expect("its will", |message| message.value("state") == "CONNECTION_BROKEN").await?;
    Ok(())
}

/// Somebody who has broken into the broker: passes on what goes to the vehicle, and alters what comes from it.
struct Between {
    client: Client,
}

impl Between {
    /// The console's root is `vehicles`, the real vehicle's `real`.
    async fn start(port: u16) -> Result<Self> {
        let mut client = Client::connect("between", port).await?;
        client.subscribe("vehicles/rover-1/#", QoS::AtLeastOnce).await?;
        client.subscribe("real/rover-1/#", QoS::AtLeastOnce).await?;
        Ok(Self { client })
    }

    /// Carries messages until the console has ended, answers to commands and sessions as `alter` makes them.
    async fn carry(
        &mut self,
        mut console: Program,
        alter: impl Fn(&str, Value) -> Vec<Value>,
    ) -> Result<Output> {
        while console.is_running()? {
            let comes = |message: &Message| {
                message.topic.starts_with("real/") || {
                    ["/commands", "/drive", "/session/request"].iter().any(|end| message.topic.ends_with(end))
                }
            };
            let limit = std::time::Duration::from_millis(100);
            let Ok(message) = self.client.expect_within("a message", limit, comes).await else { continue };
            if let Some(topic) = message.topic.strip_prefix("real/rover-1/") {
                if ["session", "executedcommands"].contains(&topic) {
                    for altered in alter(topic, message.json()) {
                        let to = format!("vehicles/rover-1/{topic}");
                        self.client.publish(&to, QoS::AtLeastOnce, altered.to_string()).await?;
                    }
                }
            } else {
                let to = message.topic.replacen("vehicles/", "real/", 1);
                self.client.publish(&to, QoS::AtLeastOnce, message.payload).await?;
            }
        }
        console.output(SOON).await
    }
}

#[tokio::test]
async fn what_somebody_between_forges_strips_or_alters_is_never_taken_for_done() -> Result<()> {
    let (broker, desk, folder) = (Mosquitto::start().await?, Desk::new()?, tempfile::tempdir()?);
    let key = desk.key("owner", "desk").await?;
    fs::copy(&key, folder.path().join("desk.json"))?;
    let mut agent = Agent::launch(&broker.url(), "rover-1", &["--config", &settings(&folder, "real")?])?;
    agent.program.wait_for_stderr("connected").await?;
    let mut between = Between::start(broker.port()).await?;
    let with = |mut message: Value, key: &str, value: Value| {
        if message[key].is_null() {
            message
        } else {
            message[key] = value;
            message
        }
    };
    let send = ["--timeout", "3s", "--json", "send", "rover-1", "lock-doors"];
    // Passed on as it is, everything works.
    let fine = between.carry(desk.start(&broker.url(), &send)?, |_, message| vec![message]).await?;
    assert_eq!((fine.code, &object(&fine)?["outcome"]), (Some(0), &json!("SUCCEEDED")), "{}", fine.stderr);
    // An answer without its proof, and one that says something else.
    let strip = |topic: &str, mut message: Value| {
        if topic == "executedcommands" {
            for key in ["KEY", "SID", "EPOCH", "CTR", "MAC"] {
                message.as_object_mut().map(|object| object.remove(key));
            }
        }
        vec![message]
    };
    let stripped = between.carry(desk.start(&broker.url(), &send)?, strip).await?;
    let told = object(&stripped)?;
    assert_eq!((stripped.code, &told["outcome"]), (Some(7), &json!("UNKNOWN")), "{}", stripped.stdout);
    assert!(told["detail"].as_str().unwrap_or_default().contains("unauthenticated"), "{told}");
    let refuse = |topic: &str, message: Value| {
        vec![if topic == "executedcommands" { with(message, "CLOCK", json!(1)) } else { message }]
    };
    let altered = between.carry(desk.start(&broker.url(), &send)?, refuse).await?;
    assert_eq!((altered.code, &object(&altered)?["outcome"]), (Some(7), &json!("UNKNOWN")));
    // A refusal that nobody signed is shown as what it is.
    let unknown = |topic: &str, message: Value| {
        if topic != "executedcommands" {
            return vec![message];
        }
        vec![json!({"CMD": "LOCK_DOORS", "ID": message["ID"], "STATE": "REJECTED", "REASON": "UNKNOWN_KEY"})]
    };
    let refused = between.carry(desk.start(&broker.url(), &send)?, unknown).await?;
    assert_eq!((refused.code, &object(&refused)?["outcome"]), (Some(4), &json!("UNKNOWN")));
    // Session answers: another clock, no key, and a forged one before the real one.
    for (name, value) in [("CLOCK", json!(1)), ("EPOCH", json!("00".repeat(16))), ("SID", json!("00000000"))]
    {
        let forge = |topic: &str, message: Value| {
            vec![if topic == "session" { with(message, name, value.clone()) } else { message }]
        };
        let forged = between.carry(desk.start(&broker.url(), &send)?, forge).await?;
        let told = object(&forged)?;
        assert_eq!((forged.code, &told["outcome"]), (Some(7), &json!("NOT_SENT")), "{name} {told}");
        assert!(told["detail"].as_str().unwrap_or_default().contains("forged"), "{told}");
    }
    let both = |topic: &str, message: Value| {
        if topic == "session" {
            vec![with(message.clone(), "CLOCK", json!(9)), message]
        } else {
            vec![message]
        }
    };
    let fine = between.carry(desk.start(&broker.url(), &send)?, both).await?;
    assert_eq!(fine.code, Some(0), "a forged one is passed over: {}", fine.stdout);
    Ok(())
}

#[tokio::test]
async fn an_operator_of_another_name_than_the_key_drives_nothing_but_stops() -> Result<()> {
    let (broker, desk, folder) = (Mosquitto::start().await?, Desk::new()?, tempfile::tempdir()?);
    let key = desk.key("driver", "tablet").await?;
    let _agent = agent(&broker, &[&key], &folder).await?;
    let config = folder.path().join("anna.toml");
    fs::write(&config, "operator = \"anna\"\n")?;
    let config = config.display().to_string();
    let drive = ["--config", &config, "drive", "rover-1", "--mph", "1", "--for", "1s"];
    let refused = desk.run(&broker.url(), &drive).await?;
    assert_eq!(refused.code, Some(2), "{} {}", refused.stdout, refused.stderr);
    for part in ["the key for rover-1 is called tablet, and the operator anna", "--name anna"] {
        assert!(refused.stderr.contains(part), "{}", refused.stderr);
    }
    let stopped = desk.run(&broker.url(), &["--config", &config, "estop", "rover-1"]).await?;
    assert_eq!(stopped.code, Some(0), "{}", stopped.stderr);
    Ok(())
}
