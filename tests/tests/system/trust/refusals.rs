//! What agent and console say when broker and certificate do not fit: which file, why, what to do.

use anyhow::{Result, ensure};
use std::path::Path;
use system_tests::agent::Agent;
use system_tests::certificates::{Certificates, Identity};
use system_tests::installation::Installation;
use system_tests::process::{Output, Program};
use system_tests::wait::{SOON, until};

/// Consoles that are refused while an agent waits.
const CONSOLES: usize = 10;

fn text(path: &Path) -> &str {
    path.to_str().unwrap_or_default()
}

/// Runs a console that would wait for an hour, were it worth it.
async fn console(url: &str, ca: &Path, own: Option<&Identity>) -> Result<Output> {
    let mut command = Program::command("control-console")?;
    command.args(["--timeout", "1h", "--broker", url, "--ca-file", text(ca)]);
    if let Some(own) = own {
        command.args(["--cert-file", text(&own.certificate), "--key-file", text(&own.key)]);
    }
    command.args(["send", "rover-1", "lock-doors"]);
    Program::spawn("control-console", command)?.output(SOON).await
}

fn says(output: &Output, file: Option<&Path>, reason: &str, step: &str) -> Result<()> {
    ensure!(output.code == Some(4), "{reason}: {output:?}");
    let file = file.map_or("", text);
    for part in [file, reason, "\nnext: ", step] {
        ensure!(output.stderr.contains(part), "{part:?} is not in {}", output.stderr);
    }
    Ok(())
}

#[tokio::test]
async fn a_console_that_the_broker_refuses_ends_at_once_and_says_why() -> Result<()> {
    let mut installation = Installation::start(&["operator anna", "operator ben"]).await?;
    let (ca, url) = (installation.authority(), format!("mqtts://localhost:{}", installation.operators_port));
    let folder = tempfile::tempdir()?;
    let ben = Identity { certificate: folder.path().join("ben.pem"), key: folder.path().join("ben.key") };
    std::fs::copy(installation.identity("operators/ben").certificate, &ben.certificate)?;
    std::fs::copy(installation.identity("operators/ben").key, &ben.key)?;
    installation.certs("revoke operator ben").await?;
    installation.configure().await?;
    installation.broker.restart().await?;

    let others = Certificates::create()?;
    let foreign = others.client("anna")?;
    let (expired, early) = (
        installation.forge("operator.anna", (2020, 2021)).await?,
        installation.forge("operator.anna", (2089, 2090)).await?,
    );
    for (own, reason, step) in [
        (&foreign, "UnknownCA", "from the CA that the broker trusts"),
        (&expired, "CertificateExpired", "control-console certs issue, with --renew"),
        (&early, "BadCertificate", "in force"),
        (&ben, "CertificateRevoked", "have its authority issue a new one"),
    ] {
        says(&console(&url, &ca, Some(own)).await?, Some(&own.certificate), reason, step)?;
    }
    let ended = console(&url, &ca, Some(&expired)).await?;
    ensure!(ended.stderr.contains("warning: the certificate "), "{}", ended.stderr);
    says(
        &console(&url, &ca, None).await?,
        None,
        "wants a client certificate",
        "give a client certificate and its key",
    )
}

#[tokio::test]
async fn a_console_that_does_not_trust_the_broker_ends_at_once_and_says_why() -> Result<()> {
    let mut installation = Installation::start(&["operator anna"]).await?;
    let (ca, own) = (installation.authority(), installation.identity("operators/anna"));
    let port = installation.operators_port;
    let url = format!("mqtts://localhost:{port}");
    let foreign = Certificates::create()?;
    let output = console(&url, &foreign.authority(), Some(&own)).await?;
    says(&output, Some(&foreign.authority()), "no CA in ", "name the file of the CA that signed it")?;
    let output = console(&format!("mqtts://127.0.0.2:{port}"), &ca, Some(&own)).await?;
    says(&output, None, "is for another name", "use the name in the certificate")?;
    for (years, reason, step) in [
        ((2020, 2021), "has expired on 2021-01-01", "have it renewed"),
        ((2089, 2090), "valid only from 2089-01-01 on", "check this machine's clock"),
    ] {
        let shown = installation.forge("localhost", years).await?;
        installation.show(&shown).await?;
        says(&console(&url, &ca, Some(&own)).await?, None, reason, step)?;
    }
    Ok(())
}

#[tokio::test]
async fn an_agent_that_the_broker_refuses_says_so_once_and_tries_slowly() -> Result<()> {
    let installation = Installation::start(&["vehicle rover-1"]).await?;
    let expired = installation.forge("rover-1", (2020, 2021)).await?;
    let flags = installation.flags(&expired);
    let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
    let url = format!("mqtts://localhost:{}", installation.vehicles_port);
    let mut agent = Agent::launch(&url, "rover-1", &flags)?;
    agent.program.wait_for_stderr("tried again every 60 s").await?;
    let said = agent.program.stderr()?;
    let line = said.lines().find(|line| line.contains("tried again")).unwrap_or_default();
    for part in
        [text(&expired.certificate), "CertificateExpired", "control-console certs issue, with --renew"]
    {
        ensure!(line.contains(part), "{part:?} is not in {line}");
    }
    // With the back-off of a passing trouble there would be several attempts by the time consoles have made ten.
    let own = installation.forge("operator.anna", (2020, 2021)).await?;
    let operators = format!("mqtts://localhost:{}", installation.operators_port);
    for _ in 0..CONSOLES {
        console(&operators, &installation.authority(), Some(&own)).await?;
    }
    // Each refusal is one line, but only a handshake that takes the broker more than one turn is a connection on a port.
    let refusals = || anyhow::Ok(installation.broker.log()?.matches("certificate verify failed").count());
    until("all refusals in the broker's log", SOON, || Ok((refusals()? > CONSOLES).then_some(()))).await?;
    let refusals = refusals()?;
    ensure!(
        refusals == CONSOLES + 1 && agent.program.is_running()?,
        "{refusals} refusals, {CONSOLES} of them the consoles'"
    );
    Ok(())
}
