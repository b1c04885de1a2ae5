//! The operator whose presence is published to vehicles.

use super::Options;
use crate::exit::{Exit, Fault};
use std::collections::BTreeMap;
use vehicle_protocol::{OperatorName, VehicleId};

/// The operator whose presence one connection publishes.
#[derive(Debug, Default)]
pub struct Presented {
    /// The operator, if there is one for all.
    pub operator: Option<OperatorName>,
    /// What a person should know, each about one vehicle or about all.
    pub remarks: Vec<(Option<VehicleId>, Fault)>,
}

impl Options {
    /// Whose presence a vehicle is shown: the one that its key is named after, for it follows no other; without a key, who
    /// was set.
    ///
    /// # Errors
    /// If the key can't be used, or another one was set than it is named after: the broker lets nobody speak for another, and
    /// the vehicle would not notice who leaves.
    pub fn operator(&self, vehicle: &VehicleId) -> Result<Option<OperatorName>, Fault> {
        let key = self.keys.find(vehicle)?.map(|key| key.key);
        // Names of keys and of operators are of one kind.
        let named = key.as_ref().and_then(|key| key.as_str().parse().ok());
        match (&self.operator, named) {
            (Some(operator), Some(named)) if *operator != named => {
                let what = format!("the key for {vehicle} is called {named}, and the operator {operator}");
                let step = format!(
                    "leave the operator out, or make a key of that name: control-console keys new {vehicle} --name {operator}"
                );
                Err(Fault::new(Exit::Usage, what, step))
            }
            (operator, named) => Ok(named.or_else(|| operator.clone())),
        }
    }

    /// Whose presence one connection shows to these vehicles; without any, to all that there are keys for. Where those
    /// bear several names, nobody's: the broker may let us speak for one of them only. A key that can't be used keeps nobody
    /// from the other vehicles, nor from stopping its own.
    ///
    /// # Errors
    /// If another one was set than a key is named after, or the folder of the keys can't be read.
    pub fn operator_for(&self, vehicles: &[VehicleId]) -> Result<Presented, Fault> {
        let all = if vehicles.is_empty() { self.keys.vehicles()? } else { vehicles.to_vec() };
        let mut presented = Presented::default();
        let mut known = BTreeMap::<OperatorName, VehicleId>::new();
        for vehicle in all {
            if let Err(fault) = self.keys.find(&vehicle) {
                presented.remarks.push((Some(vehicle), fault));
            } else if let Some(name) = self.operator(&vehicle)? {
                known.entry(name).or_insert(vehicle);
            }
        }
        if known.len() > 1 {
            presented.remarks.push((None, several(&known)));
        } else {
            let named = known.into_keys().next();
            presented.operator = named.or_else(|| self.operator.clone());
        }
        Ok(presented)
    }
}

fn several(names: &BTreeMap<OperatorName, VehicleId>) -> Fault {
    let told: Vec<String> = names.iter().map(|(name, vehicle)| format!("{name} ({vehicle})")).collect();
    let what = format!(
        "the keys bear the names {}, and one connection shows one operator: vehicles notice by silence alone that you have left",
        told.join(", ")
    );
    let step = "name vehicles whose keys bear one name, or make keys of one name: control-console keys new VEHICLE --name NAME";
    Fault::new(Exit::Usage, what, step)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::tests::resolve;

    /// An operator or none, and which vehicles there are remarks about; or what is wrong.
    type Shown = Result<(Option<String>, Vec<Option<String>>), String>;

    fn shown(folder: &std::path::Path, file: &str, vehicles: &[&str]) -> Shown {
        let vehicles: Vec<VehicleId> = vehicles.iter().map(|id| id.parse().unwrap()).collect();
        let flags = format!("--keys-dir {}", folder.display());
        let presented = resolve(file, &[], &flags).unwrap().operator_for(&vehicles);
        let about = |(vehicle, _): &(Option<VehicleId>, Fault)| vehicle.as_ref().map(ToString::to_string);
        let told = |presented: Presented| {
            let operator = presented.operator.map(|name| name.to_string());
            (operator, presented.remarks.iter().map(about).collect())
        };
        presented.map(told).map_err(|fault| fault.advice.what)
    }

    fn write(folder: &std::path::Path, vehicle: &str, text: &str) {
        vehicle_link::secret_file::create(&folder.join(format!("{vehicle}.json")), text.as_bytes()).unwrap();
    }

    fn key(folder: &std::path::Path, vehicle: &str, name: &str) {
        let secret = "07".repeat(32);
        let text = format!(r#"{{"vehicle":"{vehicle}","key":"{name}","role":"driver","secret":"{secret}"}}"#);
        write(folder, vehicle, &text);
    }

    fn one(name: &str) -> (Option<String>, Vec<Option<String>>) {
        (Some(name.to_owned()), Vec::new())
    }

    #[test]
    fn who_looks_at_vehicles_is_who_their_keys_are_named_after_and_nobody_else() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        assert_eq!(shown(folder, "", &[]), Ok((None, Vec::new())));
        assert_eq!(shown(folder, "operator = 'ben'", &[]), Ok(one("ben")));
        key(folder, "rover-1", "anna");
        key(folder, "rover-2", "anna");
        assert_eq!(shown(folder, "", &[]), Ok(one("anna")));
        let told = "the key for rover-1 is called anna, and the operator ben".to_owned();
        for vehicles in [&["rover-1"][..], &[]] {
            assert_eq!(shown(folder, "operator = 'ben'", vehicles), Err(told.clone()), "{vehicles:?}");
        }
        assert_eq!(shown(folder, "operator = 'ben'", &["rover-3"]), Ok(one("ben")));
        key(folder, "rover-3", "ben");
        let several = Ok((None, vec![None]));
        for vehicles in [&[][..], &["rover-1", "rover-3"], &["rover-1", "rover-3", "rover-2"]] {
            assert_eq!(shown(folder, "", vehicles), several, "{vehicles:?}");
        }
        assert_eq!(shown(folder, "", &["rover-3", "rover-4"]), Ok(one("ben")));
    }

    #[test]
    fn a_key_that_can_not_be_used_is_told_of_and_shuts_nobody_out() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        key(folder, "rover-1", "anna");
        write(folder, "rover-2", "{");
        let told = (Some("anna".to_owned()), vec![Some("rover-2".to_owned())]);
        for vehicles in [&["rover-2", "rover-1"][..], &[]] {
            assert_eq!(shown(folder, "", vehicles), Ok(told.clone()), "{vehicles:?}");
        }
        let flags = format!("--keys-dir {}", folder.display());
        let fault = resolve("", &[], &flags).unwrap().operator(&"rover-2".parse().unwrap()).unwrap_err();
        assert!(fault.exit == Exit::Usage && fault.advice.next_step.contains("keys new"), "{fault:?}");
    }
}
