//! Versions of tables that are no longer current, removed once the grace that the project declares is over.
//!
//! What a run leaves out of a table stays in the table's earlier versions, in data files as in log entries. Runs remove
//! those after they have published, and `lakewarden vacuum` without a run.

use crate::error::PipelineError;
use crate::project::OpenProject;
use crate::record::{RemainingVersions, RemovedVersions, VacuumedTable};
use crate::run::{LEASE, settle};
use chrono::{DateTime, TimeDelta, Utc};
use lakewarden_dictionary::Settings;
use lakewarden_lake::{Lake, Lease, OldVersionsFound, VersionsKept};
use serde::Serialize;
use serde_json::{Map, Value, json};
use uuid::Uuid;

/// How old a file has to be that no version names. The files of a run are named by none until it publishes.
const LONGEST_RUN: TimeDelta = TimeDelta::days(1);

/// What a vacuum is asked to do, and the clock and ids it may use.
pub struct VacuumRequest<'a> {
    /// The lake, instead of the project's.
    pub lake: Option<&'a str>,
    /// Whether only the current version of each table stays, whatever grace the project declares.
    pub all_history: bool,
    /// Whether to report what would be removed, and change nothing.
    pub dry_run: bool,
    /// Whether to take the lake from a run that holds it and was killed.
    pub take_over: bool,
    /// The clock.
    pub clock: &'a (dyn Fn() -> DateTime<Utc> + Sync),
    /// The id of this vacuum, new for each.
    pub id: Uuid,
    /// Who asks, as shown to others who want the lake meanwhile, and as recorded.
    pub owner: &'a str,
}

/// What a vacuum did.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Vacuumed {
    /// The lake's address.
    pub lake: String,
    /// Whether nothing was changed.
    pub dry_run: bool,
    /// What was removed, or would be.
    #[serde(flatten)]
    pub removed: RemovedVersions,
}

/// Which versions stay, by the project's declaration or with no grace.
pub(crate) fn kept_versions(settings: &Settings, all_history: bool, now: DateTime<Utc>) -> VersionsKept {
    let days = if all_history { 0 } else { i64::from(settings.kept_versions().days) };
    let grace = TimeDelta::days(days);
    VersionsKept { since: now - grace, unnamed_before: now - grace.max(LONGEST_RUN), now, all_tables: false }
}

/// Removes the versions of all tables that are no longer current and older than the project's grace, as the lake's only
/// writer. Who, of which table and how many files is written to the audit log, before and after.
///
/// # Errors
/// `LW5050` while a run is under way; `LW5080`; those of the lake.
pub async fn vacuum(open: &OpenProject, request: &VacuumRequest<'_>) -> Result<Vacuumed, PipelineError> {
    let lake = Lake::open(&open.lake_url(request.lake)?)?;
    vacuum_on(open, request, &lake).await
}

/// Removes old versions from a lake that the caller has opened.
///
/// # Errors
/// As [`vacuum`].
pub async fn vacuum_on(
    open: &OpenProject,
    request: &VacuumRequest<'_>,
    lake: &Lake,
) -> Result<Vacuumed, PipelineError> {
    let now = || (request.clock)();
    let kept = |at| VersionsKept { all_tables: true, ..kept_versions(&open.project.settings, request.all_history, at) };
    let vacuumed = |removed| Vacuumed { lake: lake.url().to_string(), dry_run: request.dry_run, removed };
    if request.dry_run {
        lake.check_access().await?;
        let kept = kept(now());
        return Ok(vacuumed(removed_versions(&lake.find_old_versions(&kept).await?, &kept)));
    }
    // On a store that overwrites, no lease keeps others away.
    lake.check_store(Uuid::new_v5(&request.id, b"vacuum"), now()).await?;
    let owner = format!("{}, vacuum {}", request.owner, request.id);
    let mut lease = match request.take_over {
        true => lake.take_over_lease(&owner, now(), LEASE).await?,
        false => lake.lease(&owner, now(), LEASE).await?,
    };
    let removed = async {
        settle(lake, request.clock).await?;
        let by = json!({ "vacuum": request.id, "by": request.owner });
        let vacuuming = Vacuuming { lake, kept: kept(now()), clock: request.clock, by: &by };
        vacuuming.remove(&mut lease).await
    };
    let removed = removed.await;
    // A lease that cannot be given back ends by itself.
    let _ = lease.release().await;
    Ok(vacuumed(removed?))
}

/// Removing old versions with the lease held, after recovery.
pub(crate) struct Vacuuming<'a> {
    pub lake: &'a Lake,
    pub kept: VersionsKept,
    pub clock: &'a (dyn Fn() -> DateTime<Utc> + Sync),
    /// What audit records say of who does it.
    pub by: &'a Value,
}

impl Vacuuming<'_> {
    /// Removes them. Where nothing is old, nothing is written.
    ///
    /// # Errors
    /// `LW5080`, `LW5051`; those of the lake. What was removed before is in the audit log.
    pub(crate) async fn remove(&self, lease: &mut Lease) -> Result<RemovedVersions, PipelineError> {
        let found = self.lake.find_old_versions(&self.kept).await?;
        let planned = removed_versions(&found, &self.kept);
        if found.tables.is_empty() {
            return Ok(planned);
        }
        // What cannot be written down does not happen.
        self.audit("vacuum_prepared", &planned).await?;
        let mut done = RemovedVersions { tables: Vec::new(), ..planned.clone() };
        let mut result = Ok(());
        for (old, table) in found.tables.iter().zip(planned.tables) {
            // Removing may take long: whoever took the lake meanwhile publishes versions of its own.
            result = match lease.renew((self.clock)(), LEASE).await {
                Ok(_) => self.lake.remove_old_versions(old).await,
                Err(lost) => Err(lost),
            };
            if result.is_err() {
                break;
            }
            done.tables.push(table);
        }
        let audited = self.audit("vacuumed", &done).await;
        result?;
        audited?;
        Ok(done)
    }

    async fn audit(&self, event: &str, removed: &RemovedVersions) -> Result<(), PipelineError> {
        let mut record = Map::from_iter([("event".to_owned(), json!(event)), ("removed".to_owned(), json!(removed))]);
        record.extend(self.by.as_object().cloned().unwrap_or_default());
        self.lake.audit().append(Value::Object(record), (self.clock)()).await?;
        Ok(())
    }
}

/// What was found, as it is recorded.
pub(crate) fn removed_versions(found: &OldVersionsFound, kept: &VersionsKept) -> RemovedVersions {
    let tables = found.tables.iter().map(|old| VacuumedTable {
        zone: old.zone.to_string(),
        table: old.table.clone(),
        files: old.files,
        bytes: old.bytes,
        log_objects: old.log_objects,
        oldest_kept: old.oldest_kept,
        oldest_kept_at: old.oldest_kept_at,
    });
    let remaining = found.unreadable.iter().map(|error| RemainingVersions {
        code: error.code().to_owned(),
        message: error.to_string(),
        hint: error.hint().map(str::to_owned),
    });
    RemovedVersions { kept_since: kept.since, tables: tables.collect(), remaining: remaining.collect() }
}
