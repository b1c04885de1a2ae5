//! `certs issue`: a certificate, its key, and the settings that use them.

use super::authority::{self, Authority};
use super::identity::{self, Identity};
use super::register::{Entry, Register};
use super::store::{self, Store};
use super::when::When;
use crate::cli::{IssueArgs, Kind};
use crate::exit::{Exit, Fault};
use crate::output::Output;
use serde_json::json;
use std::path::Path;
use vehicle_link::BrokerUrl;

/// The broker's default ports for vehicles and operators.
const VEHICLES_PORT: u16 = 8883;
const OPERATORS_PORT: u16 = 8884;

/// Issues what is wanted.
///
/// # Errors
/// If the name is not legal, if there is a certificate already, or if files can't be written.
pub(super) fn issue(folder: &Path, wanted: &IssueArgs, now: When, output: &Output) -> Result<(), Fault> {
    let identity = Identity::new(wanted.kind, &wanted.name)?;
    check(wanted)?;
    let (store, mut register) = Store::open(folder)?;
    let authority = Authority::read(&store, &register)?;
    let files = store.pair(&identity);
    let old = register.find(&identity).cloned();
    if !wanted.renew && (old.is_some() || files.0.exists() || files.1.exists()) {
        let what = format!("{identity} has a certificate already: {}", files.0.display());
        return Err(Fault::new(
            Exit::Usage,
            what,
            "add --renew for one in its place, or choose another name",
        ));
    }
    let entry = entry(wanted, &identity, old, now)?;
    authority::within(&register, &identity, entry.ends, now)?;
    let pair = authority.issue(&entry)?;
    record(&store, &mut register, entry.clone())?;
    let write = if wanted.renew { store::replace } else { store::create };
    write(&files.1, &pair.key)?;
    write(&files.0, &pair.certificate)?;
    tell(&store, &register, &entry, output);
    Ok(())
}

fn check(wanted: &IssueArgs) -> Result<(), Fault> {
    let only = |flag: &str, kind: Kind| {
        let what = format!("{flag} is for a certificate of {kind}s only");
        Err(Fault::new(Exit::Usage, what, format!("leave {flag} out")))
    };
    if !wanted.san.is_empty() && wanted.kind != Kind::Broker {
        return only("--san", Kind::Broker);
    }
    if !wanted.vehicles.is_empty() && wanted.kind != Kind::Operator {
        return only("--vehicles", Kind::Operator);
    }
    for name in &wanted.san {
        identity::host(name).map_err(|what| Fault::new(Exit::Usage, what, "correct --san"))?;
    }
    Ok(())
}

/// Names that a renewed certificate takes over from the old one.
fn entry(wanted: &IssueArgs, identity: &Identity, old: Option<Entry>, now: When) -> Result<Entry, Fault> {
    let (mut hosts, mut vehicles) = (wanted.san.clone(), wanted.vehicles.clone());
    if let Some(old) = old {
        hosts = if hosts.is_empty() { old.hosts } else { hosts };
        vehicles = if vehicles.is_empty() { old.vehicles } else { vehicles };
    }
    if identity.kind == Kind::Broker && !hosts.contains(&identity.name) {
        hosts.insert(0, identity.name.clone());
    }
    Ok(Entry {
        kind: identity.kind,
        name: identity.name.clone(),
        serial: authority::new_serial()?,
        hosts,
        vehicles,
        begins: now.backdated(),
        ends: now.after(wanted.days)?,
        revoked: None,
        renewed: false,
    })
}

/// Before there is a certificate, the register has it: what it does not know could never be taken back.
fn record(store: &Store, register: &mut Register, entry: Entry) -> Result<(), Fault> {
    let identity = entry.identity();
    for old in register.certificates.iter_mut().filter(|old| old.is_for(&identity)) {
        old.renewed = true;
    }
    register.certificates.push(entry);
    store.write(register)
}

fn tell(store: &Store, register: &Register, entry: &Entry, output: &Output) {
    let identity = entry.identity();
    let (certificate, key) = store.pair(&identity);
    if output.is_json() {
        let ca = store.authority();
        output.object(&json!({
            "kind": entry.kind, "name": entry.name, "serial": entry.serial, "ends": entry.ends,
            "ca_file": ca, "cert_file": certificate, "key_file": key,
        }));
    }
    output.talk(&format!("{identity} until {}: {}", entry.ends.day(), certificate.display()));
    if entry.kind == Kind::Broker {
        output.talk("next: control-console certs issue vehicle NAME, then certs broker-config");
        return;
    }
    if !output.is_json() {
        output.line(settings(store, register, entry).trim_end());
    }
    if entry.kind == Kind::Operator {
        output.talk("next: control-console certs broker-config, so that the broker knows this operator");
    }
}

/// The settings of the agent or the console, as TOML.
fn settings(store: &Store, register: &Register, entry: &Entry) -> String {
    let (certificate, key) = store.pair(&entry.identity());
    let (head, port) = match entry.kind {
        Kind::Vehicle => (format!("vehicle = {}\n\n", quoted(&entry.name)), VEHICLES_PORT),
        Kind::Operator | Kind::Broker => (String::new(), OPERATORS_PORT),
    };
    let url = match register.current(Kind::Broker).next() {
        Some(broker) => format!("url = \"{}\"", BrokerUrl::tls(&broker.name, port)),
        None => format!("#url = \"mqtts://HOST:{port}\""),
    };
    let file = |path: &Path| quoted(&path.display().to_string());
    format!(
        "{head}[broker]\n{url}\nca_file = {}\ncert_file = {}\nkey_file = {}\n",
        file(&store.authority()),
        file(&certificate),
        file(&key)
    )
}

/// A text as TOML has it, which is as JSON has it.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
