//! Deleting for good: the files of a table that its newest version does not name.
//!
//! Delta keeps the files of earlier versions, so that they can still be read. Of quarantine nobody may: what was
//! discarded must be gone.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use object_store::path::Path;

use crate::error::LakeError;
use crate::lake::Lake;
use crate::zone::{TableId, Zone};

impl Lake {
    /// Deletes every file below a table's folder that its newest version does not name, and returns their paths: those
    /// of earlier versions, which can no longer be read then, and those that dead runs left. To be called with the
    /// lease held and after [`Lake::recover`], by whoever has no staged files of the table. Its log stays, which holds
    /// counts, and bounds of numbers and instants.
    ///
    /// A store that keeps versions of objects keeps them still: that is for its lifecycle rules.
    ///
    /// # Errors
    /// `LW5002`, `LW5003`, `LW5006`, `LW5010`, `LW5011`; files deleted before the error stay deleted.
    pub async fn vacuum(&self, zone: Zone, name: &str) -> Result<Vec<String>, LakeError> {
        let id = TableId::new(zone, name)?;
        // Files first, then the names of those in use: what is published in between is in use.
        let folder = id.folder();
        let objects = self.list(&folder).await?;
        let half_written = self.half_written(DateTime::<Utc>::MAX_UTC)?;
        let mut used: HashSet<Path> = self.files_of_intents().await?;
        let Some(table) = self.table(zone, name).await? else {
            return Ok(Vec::new());
        };
        used.extend(table.files.iter().map(|file| Path::from(file.path.as_str())));
        let is_data = |path: &Path| {
            path.prefix_match(&folder)
                .and_then(|mut inside| inside.next())
                .is_some_and(|first| first.as_ref() != "_delta_log")
        };
        let mut deleted = Vec::new();
        for object in objects.into_iter().filter(|o| is_data(&o.location) && !used.contains(&o.location)) {
            self.delete(&object.location).await?;
            deleted.push(object.location.to_string());
        }
        let below = format!("{folder}/");
        let of_log = format!("{below}_delta_log/");
        for file in half_written {
            let own = file.path.starts_with(&below) && !file.path.starts_with(&of_log);
            if own && self.delete_half_written(&file.path)? {
                deleted.push(file.path);
            }
        }
        Ok(deleted)
    }
}
