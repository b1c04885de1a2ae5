//! `certs broker-config`: a mosquitto that lets in who has a certificate, each to their own topics.

use super::access;
use super::authority::Authority;
use super::identity::Identity;
use super::register::{Entry, Register};
use super::store::{self, Store};
use super::when::When;
use crate::cli::{BrokerConfigArgs, Kind};
use crate::exit::{Exit, Fault};
use crate::output::Output;
use serde_json::json;
use std::fs;
use std::path::{Path, PathBuf};
use vehicle_link::CLIENT_ID_PREFIX;
use vehicle_protocol::Root;

const MARK: &str = "# Made by `control-console certs broker-config`; make it anew rather than change it.\n";

/// Writes all that the broker needs into one folder.
///
/// # Errors
/// If no broker has a certificate, or files can't be written.
pub(super) fn configure(
    folder: &Path,
    root: &Root,
    wanted: &BrokerConfigArgs,
    now: When,
    output: &Output,
) -> Result<(), Fault> {
    if root.to_string().contains('%') {
        let what = format!("mosquitto would take the % in the root {root} for a pattern");
        return Err(Fault::new(Exit::Usage, what, "choose a root without %"));
    }
    let (store, register) = Store::open(folder)?;
    let broker = broker(&register, wanted.name.as_deref())?;
    let out = absolute(&wanted.out.clone().unwrap_or_else(|| store.broker_config()))?;
    let at = wanted.at.as_deref().map_or_else(|| Ok(out.clone()), absolute)?;
    for path in [&out, &at] {
        refuse_odd(path)?;
    }
    // Signed anew, so that it holds what the register holds even if a revocation was cut short.
    let revoked = Authority::read(&store, &register)?.revoked(&register, now)?;
    let (certificate, key) = store.pair(&broker.identity());
    let text = |path: &Path| fs::read_to_string(path).map_err(|error| store::refused(path, &error));
    let (vehicles, operators) =
        (access::vehicles(root), access::operators(root, register.current(Kind::Operator), now));
    let files = [
        ("mosquitto.conf", main_file(&at, wanted)),
        ("vehicles.acl", format!("{MARK}{vehicles}")),
        ("operators.acl", format!("{MARK}{operators}")),
        ("ca.pem", text(&store.authority())?),
        ("crl.pem", revoked),
        ("broker.pem", text(&certificate)?),
        ("broker.key", text(&key)?),
    ];
    let main = out.join("mosquitto.conf");
    if fs::read_to_string(&main).is_ok_and(|text| !text.starts_with(MARK)) {
        let what = format!("{} was made by somebody else", main.display());
        return Err(Fault::new(Exit::Usage, what, "name another folder with --out"));
    }
    for (name, text) in &files {
        store::replace(&out.join(name), text)?;
    }
    if output.is_json() {
        output.object(&json!({ "folder": out, "configuration": main, "broker": broker.name }));
    } else {
        output.line(&main.display().to_string());
    }
    if at == out {
        output.talk(&format!("next: mosquitto -c {}", main.display()));
    } else {
        output.talk(&format!("next: copy {} to {} on {}", out.display(), at.display(), broker.name));
    }
    Ok(())
}

fn broker<'a>(register: &'a Register, name: Option<&str>) -> Result<&'a Entry, Fault> {
    if let Some(name) = name {
        let identity = Identity::new(Kind::Broker, name)?;
        return register.find(&identity).ok_or_else(|| {
            let step = format!("control-console certs issue {identity}");
            Fault::new(Exit::Usage, format!("{identity} has no certificate"), step)
        });
    }
    let brokers: Vec<&Entry> = register.current(Kind::Broker).collect();
    match brokers.as_slice() {
        [broker] => Ok(broker),
        [] => {
            let step = "control-console certs issue broker HOST";
            Err(Fault::new(Exit::Usage, "no broker has a certificate yet", step))
        }
        several => {
            let names: Vec<&str> = several.iter().map(|entry| entry.name.as_str()).collect();
            let step = format!("name one of {}", names.join(", "));
            Err(Fault::new(Exit::Usage, "several brokers have a certificate", step))
        }
    }
}

fn absolute(path: &Path) -> Result<PathBuf, Fault> {
    std::path::absolute(path).map_err(|error| {
        Fault::new(Exit::Usage, format!("{}: {error}", path.display()), "name another folder")
    })
}

/// A line of mosquitto's configuration ends at its line break, and a value begins behind all blanks.
fn refuse_odd(path: &Path) -> Result<(), Fault> {
    match path.to_str() {
        Some(text) if !text.contains(char::is_control) && text.trim() == text => Ok(()),
        _ => Err(Fault::new(
            Exit::Usage,
            format!("mosquitto can't read {}", path.display()),
            "name another folder",
        )),
    }
}

fn main_file(at: &Path, wanted: &BrokerConfigArgs) -> String {
    let vehicles = listener(at, wanted.vehicles_port, "vehicles.acl");
    let operators = listener(at, wanted.operators_port, "operators.acl");
    format!(
        "{MARK}\
# For mosquitto 2.0. Vehicles and operators have a listener each, both with mutual TLS: certificates say who somebody is.
per_listener_settings true

# Without it each command takes 40 ms and more.
set_tcp_nodelay true
# No message of the contract is longer.
message_size_limit 16384
# Who is silent for longer counts as gone; a vehicle's longest keepalive is that of its configuration.
max_keepalive 3600
# For one slow client: messages under way, and those that wait.
max_inflight_messages 20
max_queued_messages 1000
max_queued_bytes 4194304
# Nobody of ours keeps a session: commands must not wait.
persistent_client_expiration 1h
# What clients call themselves must begin so, and no vehicle's name does: nobody takes a vehicle's id on the other listener.
clientid_prefixes {CLIENT_ID_PREFIX}

# Vehicles. Each is called by its certificate, whatever it calls itself: nobody throws another off.
{vehicles}use_username_as_clientid true

# Operators. Their consoles differ in a random suffix; called by the certificate, they would throw each other off.
{operators}"
    )
}

fn listener(at: &Path, port: u16, access: &str) -> String {
    let at = at.display();
    format!(
        "listener {port}
cafile {at}/ca.pem
crlfile {at}/crl.pem
certfile {at}/broker.pem
keyfile {at}/broker.key
require_certificate true
use_identity_as_username true
allow_anonymous false
acl_file {at}/{access}
"
    )
}
