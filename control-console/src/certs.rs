//! `certs`: a private authority, and what it issues to brokers, vehicles and operators.

mod access;
mod authority;
mod broker;
mod identity;
mod issue;
mod overview;
mod register;
mod revoke;
mod store;
mod when;

use crate::cli::{CertsArgs, CertsTask, Global};
use crate::exit::{Exit, Fault};
use crate::options::{self, Options};
use crate::output::Output;
use authority::Authority;
use serde_json::json;
use std::path::{Path, PathBuf};
use store::Store;
use when::When;

/// Does what the authority is asked for.
///
/// # Errors
/// If it can't be done; nothing is half done then.
pub(crate) fn run(global: &Global, arguments: &CertsArgs, output: &Output) -> Result<Exit, Fault> {
    let folder = arguments.dir.clone().map_or_else(home, Ok)?;
    let now = When::now();
    match &arguments.task {
        CertsTask::Init { days } => init(&folder, *days, now, output)?,
        CertsTask::Issue(wanted) => issue::issue(&folder, wanted, now, output)?,
        CertsTask::List => overview::list(&folder, now, output)?,
        CertsTask::Revoke { kind, name } => revoke::revoke(&folder, *kind, name, now, output)?,
        CertsTask::BrokerConfig(wanted) => {
            let root = Options::resolve(global)?.root;
            broker::configure(&folder, &root, wanted, now, output)?;
        }
    }
    Ok(Exit::Done)
}

fn home() -> Result<PathBuf, Fault> {
    let step = "name the folder of the authority with --dir";
    let nowhere = || Fault::new(Exit::Usage, "there is neither XDG_CONFIG_HOME nor HOME", step);
    Ok(options::home_folder().ok_or_else(nowhere)?.join("certs"))
}

fn init(folder: &Path, days: u32, now: When, output: &Output) -> Result<(), Fault> {
    let store = Store::create(folder)?;
    let (authority, pair, register) = Authority::new(days, now)?;
    store::create(&store.authority_key(), &pair.key)?;
    store::create(&store.authority(), &pair.certificate)?;
    store::replace(&store.revoked(), &authority.revoked(&register, now)?)?;
    // Last: where it is, everything is.
    store.write(&register)?;
    let (certificate, key) = (store.authority(), store.authority_key());
    if output.is_json() {
        output.object(&json!({ "certificate": certificate, "key": key, "ends": register.ends }));
    }
    output.talk(&format!("authority until {}: {}", register.ends.day(), certificate.display()));
    output.talk(&format!("whoever has {} can be anybody: it never leaves this machine", key.display()));
    output.talk("next: control-console certs issue broker HOST");
    Ok(())
}
