//! What interrupted runs left to be completed, without completing it.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::commit;
use super::intent::{self, Intent};
use crate::error::LakeError;
use crate::lake::Lake;
use crate::zone::TableId;

/// A publication that was decided and not completed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingPublication {
    /// Its id, which is its run's.
    pub id: Uuid,
    /// When it was decided.
    pub at: DateTime<Utc>,
    /// Its tables, as `zone/name`.
    pub tables: Vec<String>,
    /// Tables that show it already.
    pub visible: usize,
    /// Whether [`Lake::recover`] will complete it rather than withdraw it.
    pub completes: bool,
}

impl Lake {
    /// The ids of publications that are not completed.
    pub(crate) async fn pending_ids(&self) -> Result<Vec<Uuid>, LakeError> {
        intent::list(self).await
    }

    /// The tables that pending publications change, each with its version before; `None` if there was no table.
    pub(crate) async fn pending_bases(&self) -> Result<Vec<(TableId, Option<u64>)>, LakeError> {
        let mut bases = Vec::new();
        for id in intent::list(self).await? {
            let Some(intent) = Intent::read(self, id).await? else { continue };
            for change in &intent.changes {
                bases.push((change.table()?, change.base.and_then(|version| u64::try_from(version).ok())));
            }
        }
        Ok(bases)
    }

    /// Looks at one of them. None if it was completed meanwhile.
    ///
    /// # Errors
    /// `LW5006` for one that cannot be read; those of its tables.
    pub(crate) async fn pending(&self, id: Uuid) -> Result<Option<PendingPublication>, LakeError> {
        let Some(intent) = Intent::read(self, id).await? else { return Ok(None) };
        let tables = self.tables_of(&intent).await?;
        let visible = tables.iter().filter(|table| intent.is_in(table.as_ref())).count();
        let fits = || intent.changes.iter().zip(&tables).all(|(c, table)| commit::fits(c, table.as_ref()).is_ok());
        let completes = visible > 0 || (fits() && self.check_files(&intent).await.is_ok());
        let names = intent.changes.iter().map(|change| Ok(change.table()?.to_string()));
        let names = names.collect::<Result<_, LakeError>>()?;
        Ok(Some(PendingPublication { id, at: intent.at, tables: names, visible, completes }))
    }
}
