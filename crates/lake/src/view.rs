//! One state of all tables, also while several of them are being published together.
//!
//! Delta commits one table at a time. A reader that opens tables while a publication is carried out, or after one was
//! killed between two commits, could see some of them before it and others after it. A view fixes the version of
//! every table first: those that a pending publication changes, as they were before it.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::{StreamExt, TryStreamExt, stream};
use uuid::Uuid;

use crate::error::LakeError;
use crate::lake::Lake;
use crate::log::LogListing;
use crate::zone::{TableId, Zone};

/// Logs listed at once.
const PARALLEL: usize = 16;
/// How often a view is tried while others publish.
const TRIES: usize = 20;

/// The version of each table of a view; a table that is not in it does not exist there.
pub(crate) type TableVersions = BTreeMap<TableId, u64>;

impl Lake {
    /// Returns this lake as it is between two publications: its tables keep their versions for as long as the value
    /// is used. For reading; nothing is to be published through it.
    ///
    /// # Errors
    /// `LW5003`; `LW5006` for a pending publication that cannot be read; `LW5041` where others publish so often that
    /// no state between two publications was found.
    pub async fn between_publications(&self) -> Result<Self, LakeError> {
        let mut last = None;
        for _ in 0..TRIES {
            // What changed between the two looks changed while the tables were listed.
            let before = self.state().await?;
            let bases = self.pending_bases().await?;
            let after = self.state().await?;
            if before == after {
                let (mut versions, _) = after;
                for (table, base) in bases {
                    match base {
                        Some(version) => versions.insert(table, version),
                        None => versions.remove(&table),
                    };
                }
                return Ok(self.at_versions(Arc::new(versions)));
            }
            last = after.1.first().copied().or(last);
        }
        Err(LakeError::PublicationInProgress { other: last.unwrap_or_default() })
    }

    /// The newest version of every table, and the pending publications.
    async fn state(&self) -> Result<(TableVersions, Vec<Uuid>), LakeError> {
        let pending = self.pending_ids().await?;
        let mut ids = Vec::new();
        for zone in Zone::ALL {
            let names = self.table_folders(zone).await?;
            ids.extend(names.into_iter().map(|name| TableId { zone, name }));
        }
        let versions = stream::iter(ids)
            .map(|id| async move { Ok::<_, LakeError>((LogListing::read(self, &id).await?.version(), id)) })
            .buffered(PARALLEL)
            .try_filter_map(|(version, id)| async move { Ok(version.map(|version| (id, version))) })
            .try_collect()
            .await?;
        Ok((versions, pending))
    }
}
