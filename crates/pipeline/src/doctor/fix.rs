//! The mending that needs no decision: completing what was decided, removing what nobody names.

use crate::doctor::Visit;
use crate::error::PipelineError;
use crate::evidence;
use crate::run::{LEASE, settle};
use lakewarden_lake::Lake;
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

/// What was mended.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Fixed {
    /// Publications that were completed.
    pub completed: Vec<Uuid>,
    /// Publications that no longer fitted and were given up.
    pub withdrawn: Vec<Uuid>,
    /// Left-over files that were removed.
    pub removed: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Run records that were written again from the audit log.
    pub run_records: u64,
}

/// Mends, as the lake's only writer, and writes down in the audit log what it did.
///
/// # Errors
/// `LW5050` while a run is under way; those of the lake.
pub(super) async fn fix(lake: &Lake, visit: &Visit<'_>) -> Result<Fixed, PipelineError> {
    let now = || (visit.clock)();
    // On a store that overwrites, no lease keeps others away.
    lake.check_store(Uuid::new_v5(&visit.id, b"fix"), now()).await?;
    let mut lease = lake.lease(&format!("{}, visit {}", visit.owner, visit.id), now(), LEASE).await?;
    let mended = async {
        let recovery = settle(lake, visit.clock).await?;
        let run_records = evidence::restore_run_records(lake).await?;
        // Looking at every table may have taken long: whoever took the lake meanwhile writes files of its own.
        lease.renew(now(), LEASE).await?;
        let removed = lake.tidy(visit.grace, now()).await?;
        let bytes = removed.iter().map(|orphan| orphan.size).sum();
        let fixed = Fixed {
            completed: recovery.completed,
            withdrawn: recovery.withdrawn,
            removed: removed.len() as u64,
            bytes,
            run_records,
        };
        if fixed.removed > 0 {
            let event = json!({ "event": "tidied", "visit": visit.id, "files": fixed.removed, "bytes": bytes });
            lake.audit().append(event, now()).await?;
        }
        Ok(fixed)
    };
    let mended = mended.await;
    // A lease that cannot be given back ends by itself.
    let _ = lease.release().await;
    mended
}
