//! Files that no version of any table names: what runs left that died before they published.

use std::collections::{BTreeMap, HashSet};

use chrono::{DateTime, TimeDelta, Utc};
use object_store::ObjectMeta;
use object_store::path::Path;

use crate::error::LakeError;
use crate::lake::Lake;
use crate::log::LogListing;
use crate::probe::PROBES;
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

impl From<ObjectMeta> for Orphan {
    fn from(object: ObjectMeta) -> Self {
        Self { path: object.location.to_string(), size: object.size, written: object.last_modified }
    }
}

/// What lies below the zones, by table.
pub(crate) type Objects = BTreeMap<TableId, Vec<ObjectMeta>>;

impl Lake {
    /// Lists the files below table folders that no version of their table names, that no live
    /// publication names, and that are older than `age` at `now`. `age` has to be longer than the
    /// longest run, for a run's files are orphans until it publishes. On a disk, half-written files are
    /// among them; in a bucket, uploads that were broken off are for its lifecycle rules. A table whose log has a gap
    /// has no orphans: which files are its own is not known.
    ///
    /// # Errors
    /// `LW5003`, `LW5006`, `LW5011`.
    pub async fn orphans(&self, age: TimeDelta, now: DateTime<Utc>) -> Result<Vec<Orphan>, LakeError> {
        // Files first, then the names of those in use: what is published in between is in use.
        let objects = self.objects().await?;
        let intended = self.files_of_intents().await?;
        let mut orphans = Vec::new();
        for (table, objects) in &objects {
            orphans.extend(self.orphans_of(table, objects, &intended).await?);
        }
        orphans.extend(self.list(&Path::from(PROBES)).await?.into_iter().map(Orphan::from));
        orphans.retain(|orphan| orphan.written + age < now);
        orphans.extend(self.half_written(now - age)?);
        Ok(orphans)
    }

    /// Deletes what [`Lake::orphans`] lists, and returns it.
    ///
    /// # Errors
    /// As [`Lake::orphans`]; files deleted before the error stay deleted.
    pub async fn remove_orphans(&self, age: TimeDelta, now: DateTime<Utc>) -> Result<Vec<Orphan>, LakeError> {
        let orphans = self.orphans(age, now).await?;
        self.remove(&orphans).await?;
        Ok(orphans)
    }

    /// Deletes these files.
    pub(crate) async fn remove(&self, orphans: &[Orphan]) -> Result<(), LakeError> {
        for orphan in orphans {
            if !self.delete_half_written(&orphan.path)? {
                self.delete(&Path::from(orphan.path.as_str())).await?;
            }
        }
        Ok(())
    }

    /// Every object below a table's folder, logs included.
    pub(crate) async fn objects(&self) -> Result<Objects, LakeError> {
        let mut tables = Objects::new();
        for zone in Zone::ALL {
            for object in self.list(&Path::from(zone.folder())).await? {
                let parts: Vec<String> = object.location.parts().map(|part| part.as_ref().to_owned()).collect();
                let [_, table, _, ..] = parts.as_slice() else { continue };
                if let Ok(id) = TableId::new(zone, table) {
                    tables.entry(id).or_default().push(object);
                }
            }
        }
        Ok(tables)
    }

    /// Of one table's objects, those that nobody names.
    pub(crate) async fn orphans_of(
        &self,
        table: &TableId,
        objects: &[ObjectMeta],
        intended: &HashSet<Path>,
    ) -> Result<Vec<Orphan>, LakeError> {
        // The log is listed anew: it may name meanwhile what was not named when the objects were listed.
        let log = LogListing::read(self, table).await?;
        if log.gap().is_some() {
            return Ok(Vec::new());
        }
        let folder = table.folder();
        let mut used = intended.clone();
        for file in log.files_ever(self).await? {
            used.insert(Path::from_iter(folder.parts().chain(file.parts())));
        }
        let unnamed = objects.iter().filter(|object| !used.contains(&object.location) && !is_log(&folder, object));
        Ok(unnamed.cloned().map(Orphan::from).collect())
    }
}

/// Whether this object belongs to the log of the table in this folder.
pub(crate) fn is_log(folder: &Path, object: &ObjectMeta) -> bool {
    object
        .location
        .prefix_match(folder)
        .and_then(|mut inside| inside.next())
        .is_some_and(|p| p.as_ref() == "_delta_log")
}
