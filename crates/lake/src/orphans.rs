//! Files that no version of any table names: what runs left that died before they published.

use std::collections::{BTreeMap, HashSet};

use chrono::{DateTime, TimeDelta, Utc};
use object_store::ObjectMeta;
use object_store::path::Path;

use crate::error::LakeError;
use crate::lake::Lake;
use crate::log::LogListing;
use crate::zone::{TableId, Zone};

/// A file below a table's folder that belongs to no version of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Orphan {
    /// Where it is, relative to the lake's root.
    pub path: String,
    /// Bytes.
    pub size: u64,
    /// When it was put, by the store's clock.
    pub written: DateTime<Utc>,
}

impl Lake {
    /// Lists the files below table folders that no version of their table names, that no live
    /// publication names, and that are older than `age` at `now`. `age` has to be longer than the
    /// longest run, for a run's files are orphans until it publishes. On a disk, half-written files are
    /// among them; in a bucket, uploads that were broken off are for its lifecycle rules.
    ///
    /// # Errors
    /// `LW5003`, `LW5006`, `LW5011`.
    pub async fn orphans(&self, age: TimeDelta, now: DateTime<Utc>) -> Result<Vec<Orphan>, LakeError> {
        // Files first, then the names of those in use: what is published in between is in use.
        let mut tables: BTreeMap<TableId, Vec<ObjectMeta>> = BTreeMap::new();
        for zone in Zone::ALL {
            for object in self.list(&Path::from(zone.folder())).await? {
                let parts: Vec<String> = object.location.parts().map(|part| part.as_ref().to_owned()).collect();
                let [_, table, inside @ ..] = parts.as_slice() else {
                    continue;
                };
                let (Ok(id), Some(first)) = (TableId::new(zone, table), inside.first()) else {
                    continue;
                };
                if first != "_delta_log" && object.last_modified + age < now {
                    tables.entry(id).or_default().push(object);
                }
            }
        }
        let mut used: HashSet<Path> = self.files_of_intents().await?;
        let mut orphans = Vec::new();
        for (table, objects) in tables {
            let folder = table.folder();
            for file in LogListing::read(self, &table).await?.files_ever(self).await? {
                used.insert(Path::from_iter(folder.parts().chain(file.parts())));
            }
            orphans.extend(objects.into_iter().filter(|o| !used.contains(&o.location)).map(|o| Orphan {
                path: o.location.to_string(),
                size: o.size,
                written: o.last_modified,
            }));
        }
        orphans.extend(self.half_written(now - age)?);
        Ok(orphans)
    }

    /// Deletes what [`Lake::orphans`] lists, and returns it.
    ///
    /// # Errors
    /// As [`Lake::orphans`]; files deleted before the error stay deleted.
    pub async fn remove_orphans(&self, age: TimeDelta, now: DateTime<Utc>) -> Result<Vec<Orphan>, LakeError> {
        let orphans = self.orphans(age, now).await?;
        for orphan in &orphans {
            if !self.delete_half_written(&orphan.path)? {
                self.delete(&Path::from(orphan.path.as_str())).await?;
            }
        }
        Ok(orphans)
    }
}
