//! Tables: their logs, their files, and files that are nobody's.

use std::collections::HashMap;

use chrono::TimeDelta;
use object_store::ObjectMeta;
use object_store::path::Path;

use super::{Checkup, Finding, Health, Severity, found};
use crate::error::LakeError;
use crate::lake::Lake;
use crate::log::LogListing;
use crate::orphans::{Orphan, is_log};
use crate::probe::PROBES;
use crate::table::TableSnapshot;
use crate::zone::TableId;

/// A file is small below this many bytes …
const SMALL: u64 = 1 << 20;
/// … and a table is told of from this many small ones on.
const MANY: usize = 100;
/// Paths that a finding names; of more it says how many.
const NAMED: usize = 3;

impl Lake {
    pub(super) async fn examine_tables(&self, checkup: &Checkup<'_>, health: &mut Health) -> Result<(), LakeError> {
        // Objects first, then the names of those in use: what is published in between is in use.
        let objects = self.objects().await?;
        let now = (checkup.clock)();
        // A publication that cannot be read names files that nobody knows.
        let intended = match self.files_of_intents().await {
            Ok(intended) => Some(intended),
            Err(error) if error.is_retryable() => return Err(error),
            Err(_) => None,
        };
        let mut orphans: Vec<Orphan> = Vec::new();
        for (id, objects) in &objects {
            let known = self.examine_table(id, objects, health).await?;
            if let (true, Some(intended)) = (known, &intended) {
                orphans.extend(self.orphans_of(id, objects, intended).await?);
            }
        }
        orphans.extend(self.list(&Path::from(PROBES)).await?.into_iter().map(Orphan::from));
        orphans.extend(self.half_written(now + TimeDelta::days(1))?);
        let (old, young): (Vec<_>, Vec<_>) = orphans.into_iter().partition(|o| o.written + checkup.grace < now);
        health.young = young.len() as u64;
        health.findings.extend(left_over(&old, checkup.grace));
        health.orphans = old;
        Ok(())
    }

    /// Looks at one table. Says whether it is known which files are its own.
    async fn examine_table(
        &self,
        id: &TableId,
        objects: &[ObjectMeta],
        health: &mut Health,
    ) -> Result<bool, LakeError> {
        let folder = id.folder();
        let log = LogListing::of(id, objects.iter().filter(|object| is_log(&folder, object)).cloned());
        let mut damage = self.examine_log(id, &log).await?;
        if log.version().is_none() {
            health.findings.append(&mut damage);
            return Ok(true);
        }
        health.tables += 1;
        match self.load(id).await {
            Ok(Some(table)) => {
                health.findings.append(&mut damage);
                let table = table.snapshot;
                health.files += table.files.len() as u64;
                health.bytes += table.files.iter().map(|file| file.size).sum::<u64>();
                health.findings.extend(missing(id, &table, objects));
                health.findings.extend(many_small(id, &table));
                Ok(log.gap().is_none())
            }
            Ok(None) => Ok(false),
            Err(error) => {
                let unreadable = found(error, id.to_string())?;
                match damage.is_empty() {
                    true => health.findings.push(unreadable),
                    // Why it cannot be read is known already.
                    false => health.findings.extend(damage.into_iter().map(|finding| Finding {
                        severity: Severity::Error,
                        what: format!("{}, and the table cannot be read", finding.what),
                        ..finding
                    })),
                }
                Ok(false)
            }
        }
    }

    async fn examine_log(&self, id: &TableId, log: &LogListing) -> Result<Vec<Finding>, LakeError> {
        let folder = id.folder().join("_delta_log");
        let mut findings = Vec::new();
        if let Some(version) = log.gap() {
            findings.push(Finding {
                code: "LW5067",
                severity: Severity::Error,
                what: format!("version {version} is missing from the log of {id} although a later one is there"),
                at: folder.clone().join(format!("{version:020}.json")).to_string(),
                mend:
                    "restore it from a backup or from the bucket's versions; no file of the table is removed meanwhile"
                        .to_owned(),
                fixable: false,
            });
        }
        let mend = |path: &Path| match log.has_all_commits() {
            true => {
                format!("delete {path}, and _last_checkpoint beside it: every commit is there, and a run makes another")
            }
            false => format!("restore {path} from a backup or from the bucket's versions"),
        };
        let mut damaged = |path: &Path, what: &str| {
            findings.push(Finding {
                code: "LW5067",
                severity: Severity::Warning,
                what: format!("{what} of {id} is damaged"),
                at: path.to_string(),
                mend: mend(path),
                fixable: false,
            });
        };
        for path in log.partial_checkpoints() {
            damaged(path, "a checkpoint that lacks parts");
        }
        for path in log.unreadable_checkpoints(self).await? {
            damaged(&path, "a checkpoint");
        }
        let pointer = folder.join("_last_checkpoint");
        if let Some(bytes) = self.read(&pointer).await? {
            let told = serde_json::from_slice::<serde_json::Value>(&bytes).ok();
            let told = told.and_then(|told| told.get("version")?.as_u64());
            if told.is_none_or(|version| !log.checkpoint_versions().any(|there| there == version)) {
                findings.push(Finding {
                    code: "LW5067",
                    severity: Severity::Warning,
                    what: format!("the log of {id} points to a checkpoint that is not there"),
                    at: pointer.to_string(),
                    mend: format!("delete {pointer}: it only spares its readers a listing"),
                    fixable: false,
                });
            }
        }
        Ok(findings)
    }
}

/// Files that the newest version names and that are not there, or not whole.
fn missing(id: &TableId, table: &TableSnapshot, objects: &[ObjectMeta]) -> Option<Finding> {
    let sizes: HashMap<&str, u64> = objects.iter().map(|object| (object.location.as_ref(), object.size)).collect();
    let gone: Vec<&str> = table
        .files
        .iter()
        .filter(|file| sizes.get(file.path.as_str()) != Some(&file.size))
        .map(|file| file.path.as_str())
        .collect();
    (!gone.is_empty()).then(|| Finding {
        code: "LW5065",
        severity: Severity::Error,
        what: format!("{id} names {} of its {} files that are not there or not whole", gone.len(), table.files.len()),
        at: some_of(&gone),
        mend: "restore them from a backup or from the bucket's versions; a curated table: lakewarden run --as-of T"
            .to_owned(),
        fixable: false,
    })
}

fn many_small(id: &TableId, table: &TableSnapshot) -> Option<Finding> {
    let small = table.files.iter().filter(|file| file.size < SMALL).count();
    (small >= MANY).then(|| Finding {
        code: "LW5068",
        severity: Severity::Advice,
        what: format!("{id} has {small} files of less than 1 MiB; every query opens them all"),
        at: id.to_string(),
        mend: "let exports arrive in fewer, larger deliveries: each run that loads some adds a file".to_owned(),
        fixable: false,
    })
}

/// What nobody names.
fn left_over(orphans: &[Orphan], grace: TimeDelta) -> Option<Finding> {
    let bytes: u64 = orphans.iter().map(|orphan| orphan.size).sum();
    let paths: Vec<&str> = orphans.iter().map(|orphan| orphan.path.as_str()).collect();
    (!orphans.is_empty()).then(|| Finding {
        code: "LW5066",
        severity: Severity::Warning,
        what: format!(
            "{} files of {bytes} bytes that no version of any table names, left by runs that died",
            paths.len()
        ),
        at: some_of(&paths),
        mend: match grace.num_hours().max(0) {
            24 => "lakewarden doctor --fix".to_owned(),
            hours => format!("lakewarden doctor --fix --grace {hours}"),
        },
        fixable: true,
    })
}

fn some_of(paths: &[&str]) -> String {
    let named = paths.iter().take(NAMED).copied().collect::<Vec<_>>().join(", ");
    match paths.len().saturating_sub(NAMED) {
        0 => named,
        more => format!("{named} and {more} more"),
    }
}
