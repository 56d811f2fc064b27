//! What commands that change quarantine have in common: the lease, and one publication.

use crate::error::PipelineError;
use crate::project::OpenProject;
use crate::quarantine::select::Selection;
use crate::quarantine::{sweep, sweep_table};
use crate::run::{LEASE, settle};
use chrono::{DateTime, Utc};
use lakewarden_lake::{Change, HEAD_KEY, Lake, LakeError, Lease, Publication, TableSnapshot};
use serde_json::{Value, json};
use uuid::Uuid;

/// Who changes quarantine, and the clock, ids and randomness that this may use.
pub struct Handling<'a> {
    /// The clock.
    pub clock: &'a (dyn Fn() -> DateTime<Utc> + Sync),
    /// The id of this change, new for each.
    pub id: Uuid,
    /// Seed of hash sets.
    pub seed: u64,
    /// Who holds the lake, as shown to others who want it meanwhile.
    pub owner: &'a str,
    /// Who asks, for the audit log.
    pub who: String,
    /// Whether to take the lake from a run that holds it.
    pub take_over: bool,
}

/// An opened lake with its lease.
pub(super) struct Desk<'a> {
    pub lake: Lake,
    pub handling: &'a Handling<'a>,
    lease: Lease,
}

impl<'a> Desk<'a> {
    /// Takes the lease and ends what killed commands left.
    pub async fn at(lake: Lake, handling: &'a Handling<'a>) -> Result<Self, PipelineError> {
        lake.check_access().await?;
        let now = (handling.clock)();
        lake.check_store(handling.id, now).await?;
        let lease = match handling.take_over {
            true => lake.take_over_lease(handling.owner, now, LEASE).await?,
            false => lake.lease(handling.owner, now, LEASE).await?,
        };
        let desk = Self { lake, handling, lease };
        match settle(&desk.lake, &|| now).await {
            Ok(_) => Ok(desk),
            Err(error) => {
                desk.close().await;
                Err(error)
            }
        }
    }

    pub fn now(&self) -> DateTime<Utc> {
        (self.handling.clock)()
    }

    /// The quarantines that a selection is about, rid of what a killed command left.
    pub async fn tables(&self, selection: &Selection, open: &OpenProject) -> Result<Vec<TableSnapshot>, PipelineError> {
        let tables = selection.tables(&self.lake, open).await?;
        for table in &tables {
            sweep_table(&self.lake, table).await?;
        }
        Ok(tables)
    }

    /// Shows others that it is still wanted.
    pub async fn alive(&mut self) -> Result<(), PipelineError> {
        Ok(self.lease.renew(self.now(), LEASE).await?)
    }

    /// Writes down what is going to happen, lets it happen at once, and writes down that it has; then old files go.
    pub async fn publish(
        &mut self,
        verb: &str,
        record: &Value,
        lineage: &[Value],
        changes: &mut Vec<Change>,
    ) -> Result<(), PipelineError> {
        let id = self.handling.id;
        let said = |event: &str| json!({ "event": event, "id": id, "who": self.handling.who, verb: record });
        // What cannot be written down does not happen. Lineage without a record of it would be unexplained.
        let head = self.lake.audit().append(said(&format!("quarantine_{verb}_prepared")), self.now()).await?;
        if !lineage.is_empty() {
            self.lake.append_lineage(id, lineage).await?;
        }
        for change in changes.iter_mut() {
            change.info.insert(HEAD_KEY.to_owned(), json!(head.to_string()));
        }
        self.alive().await?;
        let publication = Publication { id, at: self.now(), changes: changes.clone() };
        let published = self.lake.publish(publication).await;
        if matches!(published, Ok(_) | Err(LakeError::PublicationPending { .. })) {
            changes.clear();
        }
        let published = published?;
        let said = json!({ "event": format!("quarantine_{verb}"), "id": id, "who": self.handling.who, verb: record });
        self.lake.audit().append(said, self.now()).await?;
        sweep(&self.lake, &published).await
    }

    /// Deletes what was staged and is not published.
    pub async fn throw_away(&self, changes: Vec<Change>) {
        for change in changes {
            // Files that stay because the store does not answer are `Lake::orphans`.
            let _ = self.lake.discard(change.staged).await;
        }
    }

    /// Gives the lease back. One that cannot be given back ends by itself.
    pub async fn close(self) {
        let _ = self.lease.release().await;
    }
}
