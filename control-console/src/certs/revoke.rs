//! `certs revoke`: takes back what was issued.

use super::authority::Authority;
use super::identity::Identity;
use super::store::{self, Store};
use super::when::When;
use crate::cli::Kind;
use crate::exit::{Exit, Fault};
use crate::output::Output;
use serde_json::json;
use std::path::Path;
use vehicle_link::secret_file;

/// Takes back all certificates of one name, those that were renewed too, and signs the list anew. Done twice it does no harm
/// and ends what was not ended.
///
/// # Errors
/// If nothing was issued to that name, or files can't be written.
pub(super) fn revoke(folder: &Path, kind: Kind, name: &str, now: When, output: &Output) -> Result<(), Fault> {
    let identity = Identity::new(kind, name)?;
    let (store, mut register) = Store::open(folder)?;
    let authority = Authority::read(&store, &register)?;
    let mut serials = Vec::new();
    for entry in register.certificates.iter_mut().filter(|entry| entry.is_for(&identity)) {
        entry.revoked.get_or_insert(now);
        serials.push(entry.serial.clone());
    }
    if serials.is_empty() {
        let what = format!("{identity} has no certificate");
        return Err(Fault::new(Exit::Usage, what, "control-console certs list shows who has"));
    }
    register.crl_number = register.crl_number.saturating_add(1);
    store.write(&register)?;
    store::replace(&store.revoked(), &authority.revoked(&register, now)?)?;
    let (certificate, key) = store.pair(&identity);
    for path in [&key, &certificate] {
        secret_file::remove(path).map_err(store::fault)?;
    }
    let list = store.revoked();
    if output.is_json() {
        output.object(&json!({ "kind": kind, "name": name, "serials": serials, "crl_file": list }));
    }
    output.talk(&format!("{identity} is revoked: {}", list.display()));
    if kind == Kind::Broker {
        output.talk("note: vehicles and operators read no such list; take its key off the machine it is on");
    } else {
        output.talk("next: control-console certs broker-config, put that in place, restart the broker (a reload ends no connection)");
    }
    Ok(())
}
