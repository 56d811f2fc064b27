//! Finding what only old versions need.

use std::collections::{BTreeMap, HashSet};

use chrono::{DateTime, Utc};
use object_store::ObjectMeta;
use object_store::path::Path;

use super::{OldVersions, OldVersionsFound, VersionsKept};
use crate::error::LakeError;
use crate::lake::Lake;
use crate::log::LogListing;
use crate::orphans::{Orphan, is_log};
use crate::zone::TableId;

/// What protects files and versions beyond those that are kept.
struct Protected {
    /// Files that pending publications name.
    intended: HashSet<Path>,
    /// The versions that pending publications of these tables were decided on.
    bases: BTreeMap<TableId, u64>,
}

impl Lake {
    /// Finds what can be removed, and changes nothing.
    ///
    /// # Errors
    /// `LW5003`; `LW5006` for a pending publication that cannot be read. Tables that cannot be read are listed.
    pub async fn find_old_versions(&self, kept: &VersionsKept) -> Result<OldVersionsFound, LakeError> {
        // Objects first, then the names of those in use: what is published in between is in use.
        let objects = self.objects().await?;
        let half_written = self.half_written(kept.unnamed_before)?;
        let bases = self.pending_bases().await?.into_iter().map(|(id, base)| (id, base.unwrap_or(0)));
        let protected = Protected { bases: bases.collect(), intended: self.files_of_intents().await? };
        let mut found = OldVersionsFound::default();
        for (id, objects) in &objects {
            match self.find_in_table(id, objects, &half_written, &protected, kept).await {
                Ok(old) => found.tables.extend(old),
                Err(error) if error.is_retryable() => return Err(error),
                Err(error) => found
                    .unreadable
                    .push(LakeError::VersionsUnreadable { table: id.to_string(), source: Box::new(error) }),
            }
        }
        Ok(found)
    }

    async fn find_in_table(
        &self,
        id: &TableId,
        objects: &[ObjectMeta],
        half_written: &[Orphan],
        protected: &Protected,
        kept: &VersionsKept,
    ) -> Result<Option<OldVersions>, LakeError> {
        let folder = id.folder();
        let listing = LogListing::read(self, id).await?;
        let Some(newest) = listing.version() else { return Ok(None) };
        if listing.gap().is_some() {
            return Err(damaged(id, "a version is missing from its log"));
        }
        let Some(first) = listing.first_readable() else {
            return Err(damaged(id, "its log has no version that can be read"));
        };
        let (log, data): (Vec<&ObjectMeta>, Vec<&ObjectMeta>) = objects.iter().partition(|o| is_log(&folder, o));
        let (mut oldest, mut at) = self.current_at(&listing, &log, first, newest, kept).await?;
        if let Some(base) = protected.bases.get(id)
            && *base < oldest
        {
            oldest = (*base).max(first);
            at = self.committed_at(&listing, &log, oldest, kept.now).await?;
        }
        let mut stale: Vec<(u64, Path)> =
            log.iter().filter_map(|o| Some((version_of(&o.location)?, o.location.clone()))).collect();
        stale.retain(|(version, _)| *version < oldest);
        stale.sort();
        if stale.is_empty() && !kept.all_tables {
            return Ok(None);
        }
        // What the table's rows are is noted in Lakewarden's last commit, whoever has committed since.
        let own = listing.last_own_commit(self).await?.filter(|(version, _)| *version < oldest);
        let mut info_only = None;
        if let Some((version, bare)) = own {
            let path = listing.commit_path(version).cloned();
            stale.retain(|(_, stale)| Some(stale) != path.as_ref());
            info_only = path.filter(|_| !bare);
        }
        let mut used = self.files_at(id, oldest).await?;
        let mut named = listing.files_ever(self).await?;
        for commit in listing.commits(self, oldest + 1..=newest).await? {
            used.extend(commit.added.into_iter().map(|file| within(&folder, &file)));
        }
        used.extend(protected.intended.iter().cloned());
        named = named.into_iter().map(|file| within(&folder, &file)).collect();
        let unneeded = |object: &&&ObjectMeta| {
            let path = &object.location;
            !used.contains(path) && (named.contains(path) || object.last_modified < kept.unnamed_before)
        };
        let data: Vec<&ObjectMeta> = data.iter().filter(unneeded).copied().collect();
        let below = format!("{folder}/");
        let half_written: Vec<&Orphan> = half_written.iter().filter(|file| file.path.starts_with(&below)).collect();
        let old = OldVersions {
            zone: id.zone,
            table: id.name.clone(),
            oldest_kept: oldest,
            oldest_kept_at: at,
            files: (data.len() + half_written.len()) as u64,
            bytes: data.iter().map(|o| o.size).chain(half_written.iter().map(|o| o.size)).sum(),
            log_objects: stale.len() as u64,
            newest,
            data: data.into_iter().map(|object| object.location.clone()).collect(),
            log: stale.into_iter().map(|(_, path)| path).collect(),
            info_only,
            half_written: half_written.into_iter().map(|file| file.path.clone()).collect(),
        };
        Ok((!old.is_empty()).then_some(old))
    }

    /// The version that was current at the instant from which on versions are kept, and its time. The oldest that can be
    /// read, where the table is younger. Commits are taken to be in the order of their times.
    async fn current_at(
        &self,
        listing: &LogListing,
        log: &[&ObjectMeta],
        first: u64,
        newest: u64,
        kept: &VersionsKept,
    ) -> Result<(u64, DateTime<Utc>), LakeError> {
        let mut time = self.committed_at(listing, log, first, kept.now).await?;
        let (mut old, mut young) = (first, newest + 1);
        if time > kept.since {
            return Ok((first, time));
        }
        while young - old > 1 {
            let version = old + (young - old) / 2;
            let at = self.committed_at(listing, log, version, kept.now).await?;
            if at > kept.since {
                young = version;
            } else {
                (old, time) = (version, at);
            }
        }
        Ok((old, time))
    }

    /// When a version was committed, by the publisher's clock; by the store's where the commit does not say, or says a
    /// time that has not come yet.
    async fn committed_at(
        &self,
        listing: &LogListing,
        log: &[&ObjectMeta],
        version: u64,
        now: DateTime<Utc>,
    ) -> Result<DateTime<Utc>, LakeError> {
        let commits = listing.commits(self, version..=version).await?;
        let noted = commits.iter().find_map(|commit| commit.at);
        if let Some(noted) = noted.filter(|at| *at <= now) {
            return Ok(noted);
        }
        let stored = log.iter().filter(|o| version_of(&o.location) == Some(version)).map(|o| o.last_modified).min();
        Ok(stored.into_iter().chain(noted).min().unwrap_or(now))
    }
}

impl OldVersions {
    fn is_empty(&self) -> bool {
        self.data.is_empty() && self.log.is_empty() && self.info_only.is_none() && self.half_written.is_empty()
    }
}

/// The version that an object of a log belongs to: commits, checkpoints and their parts, checksums, compacted commits.
fn version_of(path: &Path) -> Option<u64> {
    let (digits, _) = path.filename()?.split_once('.')?;
    (digits.len() == 20).then(|| digits.parse().ok())?
}

fn within(folder: &Path, file: &Path) -> Path {
    Path::from_iter(folder.parts().chain(file.parts()))
}

fn damaged(id: &TableId, what: &str) -> LakeError {
    LakeError::DamagedTable { table: id.to_string(), what: what.to_owned() }
}
