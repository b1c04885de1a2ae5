//! Brokers that are down, refuse, or are none.

use crate::console::{object, objects, run};
use anyhow::Result;
use serde_json::json;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use system_tests::certificates::Certificates;
use system_tests::mosquitto::{Mosquitto, Settings};

#[tokio::test]
async fn a_broker_that_is_down_is_tried_until_the_timeout() -> Result<()> {
    // Where nobody ever listens.
    let url = "mqtt://127.0.0.1:1";
    for arguments in [
        &["send", "rover-1", "lock-doors"][..],
        &["fleet"],
        &["watch", "rover-1"],
        &["estop", "--all"],
        &["ping", "rover-1"],
    ] {
        let output = run(url, &[&["--timeout", "400ms"], arguments].concat()).await?;
        assert_eq!((output.code, output.stdout.as_str()), (Some(3), ""), "{arguments:?}");
        assert!(output.stderr.contains("error: ") && output.stderr.contains("next: "), "{}", output.stderr);
    }
    let output = run(url, &["--timeout", "400ms", "--json", "send", "rover-1", "brake"]).await?;
    let told = object(&output)?;
    assert_eq!((output.code, &told["outcome"], &told["exit"]), (Some(3), &json!("NOT_SENT"), &json!(3)));
    let output = run(url, &["--timeout", "400ms", "--json", "fleet"]).await?;
    assert_eq!(object(&output)?["exit"], 3);
    Ok(())
}

#[tokio::test]
async fn a_refused_login_ends_it_at_once() -> Result<()> {
    let broker =
        Mosquitto::start_with(&Settings { logins: &[("anna", "right")], ..Settings::default() }).await?;
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("password");
    std::fs::write(&file, "wrong\n")?;
    let login = ["--timeout", "1h", "--user", "anna", "--password-file", file.to_str().unwrap()];
    for arguments in [
        &["send", "rover-1", "lock-doors"][..],
        &["estop", "--all"],
        &["fleet"],
        &["watch", "rover-1"],
        &["ping", "rover-1"],
    ] {
        let output = run(&broker.url(), &[&login, arguments].concat()).await?;
        assert_eq!(output.code, Some(4), "{arguments:?} {}", output.stderr);
        assert!(output.stderr.contains("next: check name, password"), "{}", output.stderr);
    }
    std::fs::write(&file, "right\n")?;
    assert_eq!(run(&broker.url(), &[&login[..], &["fleet"]].concat()).await?.code, Some(0));
    Ok(())
}

#[tokio::test]
async fn a_topic_that_the_access_list_forbids_ends_it_at_once() -> Result<()> {
    // Mosquitto's access lists refuse no subscription, so this is a broker in three packets.
    let server = TcpListener::bind("127.0.0.1:0")?;
    let url = format!("mqtt://{}", server.local_addr()?);
    std::thread::spawn(move || {
        let (mut stream, _) = server.accept().unwrap();
        for answer in [&[0x20, 2, 0, 0][..], &[0x90, 5, 0, 1, 1, 0x80, 1]] {
            let _ = stream.read(&mut [0; 1024]);
            let _ = stream.write_all(answer);
        }
        let _ = stream.read(&mut [0; 1024]);
    });
    let output = run(&url, &["--timeout", "1h", "send", "rover-1", "lock-doors"]).await?;
    assert_eq!(output.code, Some(4), "{}", output.stderr);
    assert!(output.stderr.contains("vehicles/rover-1/session"), "{}", output.stderr);
    Ok(())
}

/// A broker that accepts a connection, answers the subscription like this or not at all, and tells what else it was sent.
fn accepting(suback: &'static [u8]) -> Result<(String, std::sync::mpsc::Receiver<String>)> {
    let server = TcpListener::bind("127.0.0.1:0")?;
    let url = format!("mqtt://{}", server.local_addr()?);
    let (told, received) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let Ok((mut stream, _)) = server.accept() else { return };
        let _ = stream.read(&mut [0; 1024]);
        let _ = stream.write_all(&[&[0x20, 2, 0, 0], suback].concat());
        let mut all = Vec::new();
        let _ = stream.read_to_end(&mut all);
        let _ = told.send(String::from_utf8_lossy(&all).into_owned());
    });
    Ok((url, received))
}

#[tokio::test]
async fn a_stop_waits_for_no_subscription_and_one_that_is_refused_ends_none() -> Result<()> {
    for suback in [&[][..], &[0x90, 6, 0, 1, 1, 0x80, 1, 1]] {
        let (url, received) = accepting(suback)?;
        let output = run(&url, &["--timeout", "1s", "--json", "estop", "rover-1"]).await?;
        let told = object(&output)?;
        assert_eq!((output.code, &told["outcome"]), (Some(7), &json!("UNKNOWN")), "{}", output.stdout);
        assert!(received.recv()?.contains("EMERGENCY_STOP"), "{suback:?}");
    }
    Ok(())
}

#[tokio::test]
async fn a_doctor_says_which_step_a_bad_broker_refuses() -> Result<()> {
    let accepted = [0x20, 2, 0, 0];
    let nothing_granted = [0x90, 3, 0, 1, 0x80];
    for (answers, code, check) in [
        (&[&accepted[..], &nothing_granted][..], 4, "topics"),
        (&[&[0x20, 2, 0, 3]], 3, "login"),
        (&[b"HTTP/1.1 400 Bad Request\r\n\r\n"], 3, "login"),
        (&[], 3, "login"),
    ] {
        let server = TcpListener::bind("127.0.0.1:0")?;
        let url = format!("mqtt://{}", server.local_addr()?);
        let answers: Vec<Vec<u8>> = answers.iter().map(|answer| answer.to_vec()).collect();
        std::thread::spawn(move || {
            for stream in server.incoming() {
                let mut stream = stream.unwrap();
                for answer in &answers {
                    let _ = stream.read(&mut [0; 1024]);
                    let _ = stream.write_all(answer);
                }
                let _ = stream.read(&mut [0; 1024]);
                let _ = stream.read(&mut [0; 1024]);
            }
        });
        let output = run(&url, &["--timeout", "4s", "--json", "doctor"]).await?;
        assert_eq!(output.code, Some(code), "{check}: {}", output.stdout);
        let failed: Vec<_> =
            objects(&output)?.into_iter().filter(|finding| finding["mark"] == "fail").collect();
        assert_eq!(failed.len(), 1, "{failed:?}");
        assert_eq!(failed[0]["check"], check, "{failed:?}");
    }
    Ok(())
}

#[tokio::test]
async fn a_web_server_is_no_broker() -> Result<()> {
    let server = TcpListener::bind("127.0.0.1:0")?;
    let url = format!("mqtt://{}", server.local_addr()?);
    std::thread::spawn(move || {
        for stream in server.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 64]);
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
        }
    });
    let output = run(&url, &["--timeout", "1h", "--json", "send", "rover-1", "lock-doors"]).await?;
    assert_eq!((output.code, &object(&output)?["exit"]), (Some(3), &json!(3)), "{}", output.stderr);
    assert!(
        object(&output)?["detail"].as_str().unwrap().contains("does not speak MQTT"),
        "{}",
        output.stdout
    );
    Ok(())
}

#[tokio::test]
async fn a_broker_that_takes_connections_and_says_nothing_is_not_reached() -> Result<()> {
    let server = TcpListener::bind("127.0.0.1:0")?;
    let url = format!("mqtt://{}", server.local_addr()?);
    for arguments in
        [&["send", "rover-1", "lock-doors"][..], &["estop", "--all"], &["fleet"], &["watch", "rover-1"]]
    {
        let output = run(&url, &[&["--timeout", "300ms"], arguments].concat()).await?;
        assert_eq!(output.code, Some(3), "{arguments:?} {}", output.stderr);
    }
    Ok(())
}

#[tokio::test]
async fn tls_with_certificates_works_and_a_stranger_authority_ends_it_at_once() -> Result<()> {
    let certificates = Certificates::create()?;
    let settings = Settings { mutual_tls: Some(&certificates), ..Settings::default() };
    let broker = Mosquitto::start_with(&settings).await?;
    let own = certificates.client("anna")?;
    let stranger = Certificates::create()?;
    let (authority, strange) = (certificates.authority(), stranger.authority());
    let [authority, strange, certificate, key] =
        [&authority, &strange, &own.certificate, &own.key].map(|file| file.to_str().unwrap_or_default());
    let own = ["--cert-file", certificate, "--key-file", key, "--timeout", "1h"];
    let output = run(&broker.url(), &[&own[..], &["--ca-file", authority, "fleet"]].concat()).await?;
    assert_eq!(output.code, Some(0), "{}", output.stderr);
    let output = run(&broker.url(), &[&own[..], &["--ca-file", strange, "fleet"]].concat()).await?;
    assert_eq!(output.code, Some(4), "{}", output.stderr);
    assert!(output.stderr.contains("next: "), "{}", output.stderr);
    Ok(())
}
