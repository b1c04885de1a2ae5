//! `keys`: makes the keys that sign commands, and shows which there are. A secret is never shown.

use crate::cli::{KeysTask, NewKeyArgs};
use crate::exit::{Exit, Fault};
use crate::keyring;
use crate::options::Options;
use crate::output::{Output, Tone};
use crate::random;
use serde::{Serialize, Serializer};
use std::path::{Path, PathBuf};
use vehicle_link::secret_file;
use vehicle_protocol::auth::{KeyFile, Role};
use vehicle_protocol::{Advice, KeyName, VehicleId};

/// The folder in which the agent's service keeps its keys.
const KEYS_DIR: &str = "/var/lib/vehicle-agent/keys";

/// Does what was asked for.
///
/// # Errors
/// If it can't be done; nothing is half done then.
pub(crate) fn run(options: &Options, task: &KeysTask, output: &Output) -> Result<Exit, Fault> {
    let folder = options.keys_dir.as_deref().ok_or_else(|| {
        let step = "name the folder of the keys with --keys-dir";
        Fault::new(Exit::Usage, "there is neither XDG_CONFIG_HOME nor HOME", step)
    })?;
    match task {
        KeysTask::New(wanted) => new(options, folder, wanted, output),
        KeysTask::List => list(folder, output),
    }
}

/// The JSON object that `keys new` prints.
#[derive(Serialize)]
struct Made<'a> {
    vehicle: &'a VehicleId,
    key: &'a KeyName,
    role: Role,
    console_file: &'a Path,
    vehicle_file: &'a Path,
}

fn new(options: &Options, folder: &Path, wanted: &NewKeyArgs, output: &Output) -> Result<Exit, Fault> {
    let NewKeyArgs { vehicle, role, .. } = wanted;
    let key = name(options, wanted)?;
    let ours = folder.join(format!("{vehicle}.json"));
    let out = wanted.out.clone().unwrap_or_else(|| folder.join(format!("for-{vehicle}")));
    let theirs = out.join(format!("{key}.json"));
    let file = KeyFile { vehicle: vehicle.clone(), key: key.clone(), role: *role, secret: random::secret()? };
    let text = file.to_text();
    write(&theirs, &text)?;
    if let Err(fault) = write(&ours, &text) {
        // Half a pair is good for nothing.
        let _ = secret_file::remove(&theirs);
        return Err(fault);
    }
    if output.is_json() {
        output.object(&Made { vehicle, key: &key, role: *role, console_file: &ours, vehicle_file: &theirs });
        return Ok(Exit::Done);
    }
    output.line(&format!("{vehicle} {key} {role}"));
    let (ours, theirs) = (ours.display(), theirs.display());
    output.talk(&format!(
        "this console signs with {ours}\n\
         next: copy {theirs} into the keys_dir of the vehicle's agent, as a file that the agent alone can read, and restart \
         the agent; where it is installed as a service, for example with\n  \
         ssh {vehicle} sudo install -d -m 700 -o vehicle-agent {KEYS_DIR}\n  \
         ssh {vehicle} sudo install -m 600 -o vehicle-agent /dev/stdin {KEYS_DIR}/{key}.json < {theirs}\n  \
         ssh {vehicle} sudo systemctl restart vehicle-agent\n\
         then remove it here: rm {theirs}\n\
         from then on the vehicle takes motion only from who has a key"
    ));
    Ok(Exit::Done)
}

/// Names on a vehicle differ, and so do those that nobody has thought up.
fn name(options: &Options, wanted: &NewKeyArgs) -> Result<KeyName, Fault> {
    if let Some(name) = &wanted.name {
        return Ok(name.clone());
    }
    let random: String = random::name()?.chars().take(4).collect();
    let name = options
        .operator
        .as_ref()
        .map_or_else(|| format!("{}-{random}", wanted.role), |operator| operator.as_str().to_owned());
    name.parse().map_err(|_| Fault::new(Exit::Other, "a name that was made is none", "give one with --name"))
}

fn write(path: &Path, text: &str) -> Result<(), Fault> {
    secret_file::create(path, text.as_bytes())
        .map_err(|error| Fault { exit: Exit::Usage, advice: error.advice() })
}

/// One line of the list.
#[derive(Serialize)]
struct Row {
    #[serde(skip_serializing_if = "Option::is_none")]
    vehicle: Option<VehicleId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<KeyName>,
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<Role>,
    file: PathBuf,
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "as_text")]
    error: Option<Advice>,
}

#[expect(clippy::ref_option, reason = "serde hands over a reference to the field")]
fn as_text<S: Serializer>(error: &Option<Advice>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&error.iter().map(Advice::to_string).collect::<String>())
}

fn list(folder: &Path, output: &Output) -> Result<Exit, Fault> {
    let rows: Vec<Row> = keyring::files(folder)?.into_iter().map(row).collect();
    if output.is_json() {
        output.object(&serde_json::json!({ "folder": folder, "keys": rows }));
    } else if rows.is_empty() {
        output.talk(&format!(
            "no keys in {}\nnext: control-console keys new VEHICLE --role driver",
            folder.display()
        ));
    }
    let mut exit = Exit::Done;
    for row in &rows {
        if let Some(error) = &row.error {
            exit = Exit::Usage;
            output.talk(&format!("error: {error}"));
        } else if let (Some(vehicle), Some(key), Some(role), false) =
            (&row.vehicle, &row.key, row.role, output.is_json())
        {
            let file = output.paint(Tone::Faint, &row.file.display().to_string());
            output.line(&format!("{vehicle:<20} {key:<20} {role:<7} {file}"));
        }
    }
    Ok(exit)
}

/// The number of usable keys, and the faults of the others.
///
/// # Errors
/// If the folder can't be read.
pub(crate) fn examine(folder: &Path) -> Result<(usize, Vec<Advice>), Fault> {
    let rows: Vec<Row> = keyring::files(folder)?.into_iter().map(row).collect();
    let good = rows.iter().filter(|row| row.error.is_none()).count();
    Ok((good, rows.into_iter().filter_map(|row| row.error).collect()))
}

fn row(file: PathBuf) -> Row {
    let stem = file.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    match keyring::read(&file) {
        Ok(key) if key.vehicle.as_str() == stem => {
            Row { vehicle: Some(key.vehicle), key: Some(key.key), role: Some(key.role), file, error: None }
        }
        Ok(key) => {
            let what = format!("{} is a key of {}", file.display(), key.vehicle);
            let error = Advice::new(what, format!("name it {}.json", key.vehicle));
            Row { vehicle: None, key: None, role: None, file, error: Some(error) }
        }
        Err(error) => Row { vehicle: None, key: None, role: None, file, error: Some(error.advice()) },
    }
}
