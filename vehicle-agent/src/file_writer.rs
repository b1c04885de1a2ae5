//! The task that changes the agent's files beside the control loop, which never waits for a disk.

use crate::Latch;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::{io, mem};
use tokio::sync::{mpsc, watch};
use vehicle_link::secret_file;
use vehicle_protocol::KeyName;

/// A change of a file that was carried out, or could not be.
#[derive(Debug)]
pub(crate) enum FileChange {
    /// The emergency stop was stored as set or not set.
    Latch(bool, io::Result<()>),
    /// A revoked key's file was removed.
    KeyRemoved(KeyName, Result<(), String>),
}

/// Writes the emergency stop and removes revoked keys, and reports each change once it is on the disk.
///
/// What waits is bounded by one emergency stop, of which only the newest counts, and by the keys of the vehicle.
#[derive(Debug)]
pub(crate) struct FileWriter {
    wanted: watch::Sender<Wanted>,
    changes: mpsc::Receiver<FileChange>,
}

/// Requests so far, counted, so that one that is repeated after a failure is carried out again.
#[derive(Clone, Debug, Default)]
struct Wanted {
    latch: Option<bool>,
    latch_requests: u64,
    key_requests: BTreeMap<KeyName, u64>,
}

enum Request {
    Latch(bool),
    RemoveKey(KeyName),
}

impl Wanted {
    /// Finds a request that is not `done` yet, and counts it as done. The emergency stop goes first, between keys too.
    fn next(&self, done: &mut Self) -> Option<Request> {
        // Not a chain of `if let`, which Debian's compiler of 1.85 does not know.
        let is_new = mem::replace(&mut done.latch_requests, self.latch_requests) != self.latch_requests;
        if let Some(set) = self.latch.filter(|_| is_new) {
            return Some(Request::Latch(set));
        }
        let (name, count) =
            self.key_requests.iter().find(|(name, n)| done.key_requests.get(*name) != Some(n))?;
        done.key_requests.insert(name.clone(), *count);
        Some(Request::RemoveKey(name.clone()))
    }
}

impl FileWriter {
    /// Starts the task for a latch and the folder of keys. Needs a tokio runtime.
    pub(crate) fn spawn(latch: Latch, keys: PathBuf) -> Self {
        let (wanted, mut requests) = watch::channel(Wanted::default());
        let (report, changes) = mpsc::channel(1);
        tokio::spawn(async move {
            let mut done = Wanted::default();
            while requests.changed().await.is_ok() {
                loop {
                    let Some(request) = requests.borrow_and_update().next(&mut done) else { break };
                    let change = match request {
                        Request::Latch(set) => FileChange::Latch(set, write_latch(latch.clone(), set).await),
                        Request::RemoveKey(name) => {
                            let result = remove(keys.join(format!("{name}.json"))).await;
                            FileChange::KeyRemoved(name, result)
                        }
                    };
                    if report.send(change).await.is_err() {
                        return;
                    }
                }
            }
        });
        Self { wanted, changes }
    }

    /// Requests the emergency stop to be stored as set or not set; what is stored already is not written again.
    pub(crate) fn store_latch(&self, set: bool) {
        self.wanted.send_if_modified(|wanted| {
            let is_new = wanted.latch.replace(set) != Some(set);
            wanted.latch_requests = wanted.latch_requests.wrapping_add(is_new.into());
            is_new
        });
    }

    /// Requests a revoked key's file to be removed.
    pub(crate) fn remove_key(&self, name: &KeyName) {
        self.wanted.send_modify(|wanted| {
            let count = wanted.key_requests.entry(name.clone()).or_default();
            *count = count.wrapping_add(1);
        });
    }

    /// Waits until a file was changed, or could not be; none if the task has ended. May be cancelled.
    pub(crate) async fn next(&mut self) -> Option<FileChange> {
        let change = self.changes.recv().await;
        if let Some(FileChange::Latch(set, Err(_))) = &change {
            // So that the same request is carried out again when it comes again.
            self.wanted.send_if_modified(|wanted| {
                wanted.latch.take_if(|latch| latch == set);
                false
            });
        }
        change
    }

    /// Waits until all requests are carried out, or could not be.
    pub(crate) async fn finish(self) {
        let Self { wanted, mut changes } = self;
        drop(wanted);
        while changes.recv().await.is_some() {}
    }
}

async fn write_latch(latch: Latch, set: bool) -> io::Result<()> {
    let written = tokio::task::spawn_blocking(move || latch.write(set)).await;
    written.unwrap_or_else(|panic| Err(io::Error::other(panic)))
}

async fn remove(path: PathBuf) -> Result<(), String> {
    match tokio::task::spawn_blocking(move || secret_file::remove(&path)).await {
        Ok(removed) => removed.map_err(|error| error.to_string()),
        Err(panic) => Err(panic.to_string()),
    }
}

#[cfg(test)]
mod tests;
