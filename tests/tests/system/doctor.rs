//! What a doctor says of each fault that its patients can have.

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::Value;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;
use system_tests::agent::Agent;
use system_tests::client::{Client, QoS};
use system_tests::installation::Installation;
use system_tests::mosquitto::{Mosquitto, Settings};
use system_tests::port::free_port;
use system_tests::process::{Output, Program};
use system_tests::terminal::{Kind, Terminal};
use system_tests::wait::{SOON, until};
use tempfile::TempDir;

const LIMIT: Duration = Duration::from_secs(60);
/// How often it may take.
const TRIES: usize = 15;
const LEFT: &str = r#"{"CMD":"ACCELERATE"}"#;

/// A person with an empty home.
struct Person {
    home: TempDir,
}

impl Person {
    fn new() -> Result<Self> {
        Ok(Self { home: tempfile::tempdir()? })
    }

    fn file(&self, name: &str, text: &str, mode: u32) -> Result<String> {
        let file = self.home.path().join("control-console").join(name);
        fs::create_dir_all(file.parent().context("a folder")?)?;
        fs::write(&file, text)?;
        fs::set_permissions(&file, Permissions::from_mode(mode))?;
        Ok(file.display().to_string())
    }

    fn command(&self, arguments: &[&str]) -> Result<std::process::Command> {
        let mut command = Program::command("control-console")?;
        command.args(arguments).env("XDG_CONFIG_HOME", self.home.path()).env("LC_ALL", "C.UTF-8");
        Ok(command)
    }

    async fn run(&self, arguments: &[&str]) -> Result<Output> {
        Program::spawn("control-console", self.command(arguments)?)?.output(LIMIT).await
    }

    async fn examination(&self, arguments: &[&str]) -> Result<Examination> {
        let output = self.run(&[&["--json"], arguments].concat()).await?;
        let lines: Result<Vec<Value>, _> = output.stdout.lines().map(serde_json::from_str).collect();
        let mut findings = lines.with_context(|| output.stdout.clone())?;
        let sum = findings.pop().with_context(|| output.stderr.clone())?;
        ensure!(
            sum.get("exit").and_then(Value::as_i64) == output.code.map(i64::from),
            "{sum} {:?}",
            output.code
        );
        Ok(Examination { code: output.code.context("a signal")?, findings })
    }
}

struct Examination {
    code: i32,
    findings: Vec<Value>,
}

impl Examination {
    /// The one thing that failed.
    fn failure(&self) -> Result<(&str, &str, &str)> {
        let mut failed = self.findings.iter().filter(|finding| finding["mark"] == "fail");
        let text = |finding: &'_ Value, key: &str| finding[key].as_str().map(ToOwned::to_owned);
        let first = failed.next().with_context(|| format!("{:?}", self.findings))?;
        ensure!(failed.next().is_none(), "{:?}", self.findings);
        ensure!(text(first, "next_step").is_some_and(|step| !step.is_empty()), "{first}");
        let text = |key: &str| first[key].as_str().unwrap_or_default();
        Ok((text("check"), text("what"), text("next_step")))
    }

    fn marks(&self, check: &str) -> Vec<&str> {
        let about = self.findings.iter().filter(|finding| finding["check"] == check);
        about.filter_map(|finding| finding["mark"].as_str()).collect()
    }

    fn tells(&self, check: &str, words: &str) -> bool {
        self.findings.iter().any(|finding| finding["check"] == check && finding.to_string().contains(words))
    }
}

#[tokio::test]
async fn a_healthy_fleet_has_no_failure_and_no_warning() -> Result<()> {
    let broker = Mosquitto::start().await?;
    let agent = Agent::start(&broker, "rover-1", &[]).await?;
    let person = Person::new()?;
    for arguments in [&["doctor"][..], &["doctor", "rover-1"]] {
        let found = person.examination(&[&["--broker", &broker.url()], arguments].concat()).await?;
        assert_eq!(found.code, 0, "{:?}", found.findings);
        for check in ["login", "topics", "presence", "protocol", "key", "retained"] {
            assert_eq!(found.marks(check), ["ok"], "{check} {:?}", found.findings);
        }
    }
    assert!(agent.trace().lines()?.iter().all(|line| !line.moves()), "a doctor moves nothing");
    Ok(())
}

#[tokio::test]
async fn each_step_to_the_broker_that_fails_is_named_and_the_rest_is_skipped() -> Result<()> {
    let person = Person::new()?;
    let nobody = format!("mqtt://127.0.0.1:{}", free_port()?);
    let found = person.examination(&["--broker", &nobody, "doctor"]).await?;
    let (check, what, step) = found.failure()?;
    assert_eq!((found.code, check), (3, "port"));
    assert!(what.contains("nothing listens") && step.contains("mosquitto"), "{what} {step}");
    assert_eq!((found.marks("login"), found.marks("retained")), (vec!["skipped"], vec!["skipped"]));

    let found =
        person.examination(&["--broker", "mqtt://nowhere.invalid", "--timeout", "3s", "doctor"]).await?;
    assert_eq!((found.code, found.failure()?.0), (3, "address"));

    let logins = [("anna", "right")];
    let broker = Mosquitto::start_with(&Settings { logins: &logins, ..Settings::default() }).await?;
    let password = person.file("password", "wrong\n", 0o644)?;
    let login = ["--broker", &broker.url(), "--user", "anna", "--password-file", &password, "doctor"];
    let found = person.examination(&login).await?;
    assert_eq!((found.code, found.failure()?.0), (4, "login"));
    assert!(found.tells("files", "chmod 600") && found.marks("files").contains(&"warn"));
    person.file("password", "right\n", 0o600)?;
    assert_eq!(person.examination(&login).await?.code, 0);

    let file = person.file("config.toml", "timeout = 'soon'\n", 0o600)?;
    let found = person.examination(&["doctor"]).await?;
    assert_eq!((found.code, found.failure()?.0), (2, "configuration"));
    assert!(found.failure()?.1.contains(&file), "{:?}", found.findings);
    assert!(!found.marks("terminal").is_empty(), "what needs no settings is looked at");
    Ok(())
}

#[tokio::test]
async fn certificates_are_told_apart() -> Result<()> {
    let mut installation = Installation::start(&["operator anna", "vehicle rover-1"]).await?;
    let stranger = Installation::start(&[]).await?;
    let person = Person::new()?;
    let url = format!("mqtts://localhost:{}", installation.operators_port);
    let good = installation.flags(&installation.identity("operators/anna"));
    let doctor = |flags: &[String]| -> Vec<String> {
        [&["--broker".to_owned(), url.clone()], flags, &["doctor".to_owned()]].concat()
    };
    let found = async |arguments: Vec<String>| {
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        person.examination(&arguments).await
    };
    let fine = found(doctor(&good)).await?;
    assert_eq!(fine.code, 0, "{:?}", fine.findings);
    assert_eq!(fine.marks("encryption"), ["ok", "ok"]);
    assert!(fine.tells("encryption", "days"), "{:?}", fine.findings);

    let strange = ["--ca-file".to_owned(), stranger.authority().display().to_string()];
    let wrong = found(doctor(&[&strange[..], good.get(2..).unwrap_or_default()].concat())).await?;
    assert_eq!((wrong.code, wrong.failure()?.0), (4, "encryption"), "{:?}", wrong.findings);
    assert_eq!(wrong.marks("login"), ["skipped"]);

    let ended = installation.forge("operator.anna", (2020, 2021)).await?;
    let ended = found(doctor(&installation.flags(&ended))).await?;
    assert_eq!((ended.code, ended.failure()?.0), (4, "encryption"), "{:?}", ended.findings);
    assert!(ended.failure()?.2.contains("certs issue"), "{:?}", ended.findings);

    installation.show(&installation.forge("localhost", (2020, 2021)).await?).await?;
    let old = found(doctor(&good)).await?;
    assert_eq!(old.failure()?.0, "encryption");
    assert!(old.failure()?.1.contains("expired"), "{:?}", old.findings);
    Ok(())
}

#[tokio::test]
async fn a_broker_that_drops_what_is_said_in_silence_is_told_from_a_vehicle_that_is_away() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let list = folder.path().join("acl");
    fs::write(&list, "topic read #\nuser rover-1\ntopic readwrite #\n")?;
    let settings = Settings { extra: &format!("acl_file {}", list.display()), ..Settings::default() };
    let broker = Mosquitto::start_with(&settings).await?;
    let config = folder.path().join("agent.toml");
    let password = folder.path().join("password");
    fs::write(&password, "any\n")?;
    let login = format!("[broker]\nuser = 'rover-1'\npassword_file = '{}'\n", password.display());
    fs::write(&config, login)?;
    let _agent = Agent::start(&broker, "rover-1", &["--config", &config.display().to_string()]).await?;
    let person = Person::new()?;
    let url = broker.url();
    let found = person.examination(&["--broker", &url, "--timeout", "4s", "doctor", "rover-1"]).await?;
    let (check, _, step) = found.failure()?;
    assert_eq!((found.code, check), (7, "answers"), "{:?}", found.findings);
    assert!(step.contains("write vehicles/rover-1/session/request"), "{step}");
    let found = person.examination(&["--broker", &url, "--timeout", "4s", "doctor", "rover-9"]).await?;
    assert_eq!((found.code, found.failure()?.0), (5, "presence"), "{:?}", found.findings);
    Ok(())
}

#[tokio::test]
async fn a_command_left_at_the_broker_is_found_and_forgotten_when_told_to() -> Result<()> {
    let broker = Mosquitto::start().await?;
    let _agent = Agent::start(&broker, "rover-1", &[]).await?;
    let mut client = Client::connect("somebody", broker.port()).await?;
    let topic = "vehicles/rover-1/commands";
    client.publish_retained(topic, QoS::AtLeastOnce, LEFT.to_owned()).await?;
    let person = Person::new()?;
    let url = broker.url();
    let found = person.examination(&["--broker", &url, "doctor"]).await?;
    let (check, what, step) = found.failure()?;
    assert_eq!((found.code, check), (1, "retained"));
    assert!(
        what.contains(topic) && what.contains("ACCELERATE") && step.contains("--clear-retained"),
        "{what}"
    );
    let mut terminal =
        Terminal::start(&person.command(&["--broker", &url, "doctor"])?, Kind::Kitty, (100, 28))?;
    until("the question", SOON, || Ok(terminal.shown().contains("[y/N]").then_some(()))).await?;
    terminal.send("n\r")?;
    let ended = until("the end", SOON, || terminal.ended()).await?;
    assert_eq!(ended.code(), Some(1), "{}", terminal.shown());
    let found = person.examination(&["--broker", &url, "doctor", "rover-1", "--clear-retained"]).await?;
    assert_eq!((found.code, found.marks("retained")), (0, vec!["ok"]), "{:?}", found.findings);
    let found = person.examination(&["--broker", &url, "doctor"]).await?;
    assert!(found.code == 0 && found.tells("retained", "no command was left"), "{:?}", found.findings);
    Ok(())
}

#[tokio::test]
async fn who_may_not_read_commands_is_told_so_and_clears_them_unseen() -> Result<()> {
    let installation = Installation::start(&["operator anna", "vehicle rover-1"]).await?;
    let port = installation.vehicles_port;
    let flags = installation.flags(&installation.identity("vehicles/rover-1"));
    let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
    let agent = Agent::launch(&format!("mqtts://localhost:{port}"), "rover-1", &flags)?;
    let mut observer = installation.observer("watcher").await?;
    agent.online(&mut observer).await?;
    observer.publish_retained("vehicles/rover-1/commands", QoS::AtLeastOnce, LEFT.to_owned()).await?;
    let person = Person::new()?;
    let url = format!("mqtts://localhost:{}", installation.operators_port);
    let own = installation.flags(&installation.identity("operators/anna"));
    let own: Vec<&str> = own.iter().map(String::as_str).collect();
    let doctor = [&["--broker", &url][..], &own, &["doctor", "rover-1"]].concat();
    let found = person.examination(&doctor).await?;
    assert_eq!((found.code, found.marks("retained")), (0, vec!["skipped"]), "{:?}", found.findings);
    let found = person.examination(&[&doctor[..], &["--clear-retained"]].concat()).await?;
    assert_eq!((found.code, found.marks("retained")), (0, vec!["ok"]), "{:?}", found.findings);
    let all = person.examination(&["--broker", &installation.broker.url(), "doctor"]).await?;
    assert!(all.tells("retained", "no command was left"), "{:?}", all.findings);
    Ok(())
}

#[tokio::test]
async fn keys_that_others_can_read_or_that_are_missing_are_found() -> Result<()> {
    let broker = Mosquitto::start().await?;
    let person = Person::new()?;
    let url = broker.url();
    let out = person.home.path().join("theirs");
    let made = person
        .run(&[
            "keys",
            "new",
            "rover-1",
            "--role",
            "driver",
            "--name",
            "tablet",
            "--out",
            &out.display().to_string(),
        ])
        .await?;
    ensure!(made.code == Some(0), "{}", made.stderr);
    let doctor = ["--broker", &url, "doctor", "rover-1"];
    let agent = Agent::start(&broker, "rover-1", &[]).await?;
    let found = person.examination(&doctor).await?;
    let (check, what, next_step) = found.failure()?;
    assert!(found.code == 4 && check == "key" && what.contains("UNKNOWN_KEY"), "{:?}", found.findings);
    assert!(next_step.contains("copy its file to the vehicle's keys_dir"), "{next_step}");
    drop(agent);
    let config = person.home.path().join("agent.toml");
    fs::write(&config, format!("[trust]\nkeys_dir = '{}'\n", out.display()))?;
    let _agent = Agent::start(&broker, "rover-1", &["--config", &config.display().to_string()]).await?;
    let found = person.examination(&doctor).await?;
    assert!(found.code == 0 && found.tells("key", "takes the key tablet (driver)"), "{:?}", found.findings);
    let found = person.examination(&[&["--unsigned"], &doctor[..]].concat()).await?;
    assert_eq!((found.code, found.failure()?.0), (4, "key"), "{:?}", found.findings);
    let ours = person.home.path().join("control-console/keys/rover-1.json");
    fs::set_permissions(&ours, Permissions::from_mode(0o644))?;
    let found = person.examination(&doctor).await?;
    assert_eq!(
        (found.code, found.marks("files"), found.marks("key")),
        (2, vec!["fail", "ok"], vec!["fail"]),
        "{:?}",
        found.findings
    );
    assert!(found.tells("files", "chmod 600"), "{:?}", found.findings);
    Ok(())
}

#[tokio::test]
async fn a_broker_that_holds_back_small_packets_is_recognised() -> Result<()> {
    let port = free_port()?;
    let broker =
        Mosquitto::start_observed(&format!("listener {port} 127.0.0.1\nallow_anonymous true\n")).await?;
    let slow = format!("mqtt://127.0.0.1:{port}");
    let agent = Agent::launch(&slow, "rover-1", &[])?;
    agent.online(&mut Client::connect("waits", broker.port()).await?).await?;
    let person = Person::new()?;
    // On a busy machine acknowledgements are not always as late as on one that is idle.
    for _ in 0..TRIES {
        let found = person.examination(&["--broker", &slow, "doctor", "rover-1"]).await?;
        assert_eq!(found.code, 0, "{:?}", found.findings);
        if found.tells("answers", "set_tcp_nodelay true") {
            assert_eq!(found.marks("answers"), ["warn"], "{:?}", found.findings);
            return Ok(());
        }
    }
    bail!("not once in {TRIES} examinations")
}

#[tokio::test]
async fn the_terminal_is_asked_what_it_tells_of_keys_and_given_back() -> Result<()> {
    let broker = Mosquitto::start().await?;
    let person = Person::new()?;
    for (kind, size, words) in [
        (Kind::Kitty, (100, 28), &["drive has the tier KEY-UP", "100 columns, 28 rows"][..]),
        (Kind::Old, (40, 10), &["MOUSE", "make the window larger"]),
    ] {
        let mut terminal =
            Terminal::start(&person.command(&["--broker", &broker.url(), "doctor"])?, kind, size)?;
        let ended = until("the end", SOON, || terminal.ended()).await?;
        assert_eq!(ended.code(), Some(0), "{}", terminal.shown());
        for words in words {
            // What it says last may be shown after it has ended.
            let flat = || terminal.shown().split_whitespace().collect::<Vec<_>>().join(" ");
            until(words, SOON, || Ok(flat().contains(words).then_some(()))).await?;
        }
        assert!(terminal.is_cooked()?, "{}", terminal.shown());
    }
    Ok(())
}
