//! What Delta's own snapshot does not tell: the transactions of all applications, the last
//! commit's info, and every file that any version ever named. Read from the same log.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::RangeInclusive;

use arrow::array::{ArrayRef, AsArray, RecordBatch};
use arrow::datatypes::Int64Type;
use chrono::{DateTime, Utc};
use futures::{StreamExt, TryStreamExt, stream};
use object_store::ObjectMeta;
use object_store::path::Path;
use parquet::arrow::ProjectionMask;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::error::LakeError;
use crate::fault::parquet_error;
use crate::lake::Lake;
use crate::parquet_file;
use crate::zone::TableId;

/// Log objects read at once.
const PARALLEL: usize = 16;

/// The columns of checkpoints that this crate reads.
const CHECKPOINT_COLUMNS: [&str; 4] = ["add.path", "remove.path", "txn.appId", "txn.version"];

/// The objects of one table's `_delta_log`.
pub(crate) struct LogListing {
    table: TableId,
    /// Commits by version.
    commits: BTreeMap<u64, Path>,
    /// Complete checkpoints by version.
    checkpoints: BTreeMap<u64, Vec<ObjectMeta>>,
    /// Parts of checkpoints that are not complete.
    partial: Vec<Path>,
}

/// How the app ids of Lakewarden's transactions begin: every one of its publications makes one.
const OWN: &str = "lakewarden/";

/// What the log says besides the schema and the files.
pub(crate) struct LogFacts {
    /// The last version of each application's transaction.
    pub(crate) transactions: HashMap<String, i64>,
    /// The last commit's info; empty where its log entry was cleaned up by another program.
    pub(crate) commit_info: Map<String, Value>,
    /// The info of the last commit that Lakewarden made; empty where it made none.
    pub(crate) own_info: Map<String, Value>,
}

/// What one commit says.
pub(crate) struct Commit {
    /// When it was made, by the committer's clock, if it says so.
    pub(crate) at: Option<DateTime<Utc>>,
    /// The files it added, relative to the table.
    pub(crate) added: Vec<Path>,
    /// Whether Lakewarden made it.
    own: bool,
    /// Whether it is its info and nothing else.
    bare: bool,
}

#[derive(Deserialize)]
struct Line {
    txn: Option<Txn>,
    #[serde(rename = "commitInfo")]
    commit_info: Option<Map<String, Value>>,
    add: Option<Named>,
    remove: Option<Named>,
}

#[derive(Deserialize)]
struct Txn {
    #[serde(rename = "appId")]
    app_id: String,
    version: i64,
}

#[derive(Deserialize)]
struct Named {
    path: String,
}

impl LogListing {
    /// Lists a table's log.
    pub(crate) async fn read(lake: &Lake, table: &TableId) -> Result<Self, LakeError> {
        let objects = lake.list(&table.folder().join("_delta_log")).await?;
        let mut listing = Self::of(table, objects);
        if let Some(newest) = lake.newest_visible(table) {
            let visible = |version: &u64| newest.is_some_and(|newest| *version <= newest);
            listing.commits.retain(|version, _| visible(version));
            listing.checkpoints.retain(|version, _| visible(version));
        }
        Ok(listing)
    }

    /// Sorts the objects of a table's log, which may be mixed with others.
    pub(crate) fn of(table: &TableId, objects: impl IntoIterator<Item = ObjectMeta>) -> Self {
        let mut commits = BTreeMap::new();
        let mut parts: BTreeMap<(u64, usize), Vec<ObjectMeta>> = BTreeMap::new();
        for object in objects {
            let name = object.location.filename().unwrap_or_default().to_owned();
            let mut words = name.split('.');
            let Some(version) = words.next().filter(|w| w.len() == 20).and_then(|w| w.parse().ok()) else {
                continue;
            };
            match words.collect::<Vec<_>>().as_slice() {
                ["json"] => {
                    commits.insert(version, object.location);
                }
                ["checkpoint", "parquet"] => parts.entry((version, 1)).or_default().push(object),
                ["checkpoint", _, of, "parquet"] => {
                    let of = of.parse().unwrap_or(usize::MAX);
                    parts.entry((version, of)).or_default().push(object);
                }
                _ => {}
            }
        }
        let (whole, partial): (Vec<_>, Vec<_>) = parts.into_iter().partition(|((_, of), found)| *of == found.len());
        let checkpoints = whole.into_iter().map(|((version, _), found)| (version, found)).collect();
        let partial = partial.into_iter().flat_map(|(_, found)| found).map(|object| object.location).collect();
        Self { table: table.clone(), commits, checkpoints, partial }
    }

    /// The first version after the newest checkpoint, or of all where there is none, whose commit is missing although a
    /// later one is there. Such a table cannot be read, and which files are its own is not known.
    pub(crate) fn gap(&self) -> Option<u64> {
        let first = self.checkpoints.keys().next_back().map_or(0, |version| version + 1);
        let mut there = (first..).zip(self.commits.range(first..).map(|(version, _)| *version));
        there.find(|(expected, version)| expected != version).map(|(expected, _)| expected)
    }

    /// Whether every commit from the first on is there: then checkpoints only spare reading.
    pub(crate) fn has_all_commits(&self) -> bool {
        self.version().is_none_or(|version| self.commits.len() as u64 == version + 1)
    }

    /// The oldest version that can be read: every commit from it on is there, and what came before is in a checkpoint.
    pub(crate) fn first_readable(&self) -> Option<u64> {
        let newest = *self.commits.keys().next_back()?;
        let first = (0..=newest).rev().take_while(|version| self.commits.contains_key(version)).last()?;
        if first == 0 {
            return Some(0);
        }
        let checkpoint = self.checkpoints.range(first - 1..).next().map(|(version, _)| *version)?;
        Some(checkpoint.max(first)).filter(|version| *version <= newest)
    }

    /// The path of a version's commit, if it is there.
    pub(crate) fn commit_path(&self, version: u64) -> Option<&Path> {
        self.commits.get(&version)
    }

    /// Whether a version has a checkpoint that can be read.
    pub(crate) async fn has_checkpoint(&self, lake: &Lake, version: u64) -> Result<bool, LakeError> {
        let Some(parts) = self.checkpoints.get(&version) else { return Ok(false) };
        for part in parts {
            match checkpoint_columns(lake, part, &CHECKPOINT_COLUMNS).await {
                Ok(_) => {}
                Err(LakeError::UnreadableFile { .. }) => return Ok(false),
                Err(error) => return Err(error),
            }
        }
        Ok(true)
    }

    /// Reads the commits of these versions that the log still has.
    pub(crate) async fn commits(&self, lake: &Lake, versions: RangeInclusive<u64>) -> Result<Vec<Commit>, LakeError> {
        if versions.is_empty() {
            return Ok(Vec::new());
        }
        let wanted: Vec<(u64, Path)> = self.commits.range(versions).map(|(v, path)| (*v, path.clone())).collect();
        stream::iter(wanted)
            .map(|(version, path)| async move {
                let lines = self.only(version, path).lines(lake, version).await?;
                let info = lines.iter().find_map(|line| line.commit_info.as_ref());
                let at = info.and_then(|info| DateTime::from_timestamp_millis(info.get("timestamp")?.as_i64()?));
                let added = lines.iter().filter_map(|line| Some(self.decoded(&line.add.as_ref()?.path)));
                Ok::<_, LakeError>(Commit {
                    at,
                    added: added.collect::<Result<_, _>>()?,
                    own: info.is_some_and(is_own),
                    bare: lines.len() == 1 && info.is_some(),
                })
            })
            .buffered(PARALLEL)
            .try_collect()
            .await
    }

    /// The version of Lakewarden's last commit, and whether only its info is left. None where it made none.
    pub(crate) async fn last_own_commit(&self, lake: &Lake) -> Result<Option<(u64, bool)>, LakeError> {
        for version in self.commits.keys().rev() {
            if let Some(commit) = self.commits(lake, *version..=*version).await?.into_iter().find(|c| c.own) {
                return Ok(Some((*version, commit.bare)));
            }
        }
        Ok(None)
    }

    /// The log with one of its commits only.
    fn only(&self, version: u64, path: Path) -> Self {
        let commits = BTreeMap::from([(version, path)]);
        Self { table: self.table.clone(), commits, checkpoints: BTreeMap::new(), partial: Vec::new() }
    }

    /// Parts of checkpoints whose other parts are not there.
    pub(crate) fn partial_checkpoints(&self) -> &[Path] {
        &self.partial
    }

    /// The versions that have a whole checkpoint.
    pub(crate) fn checkpoint_versions(&self) -> impl Iterator<Item = u64> {
        self.checkpoints.keys().copied()
    }

    /// The objects of checkpoints that cannot be read.
    pub(crate) async fn unreadable_checkpoints(&self, lake: &Lake) -> Result<Vec<Path>, LakeError> {
        let mut unreadable = Vec::new();
        for part in self.checkpoints.values().flatten() {
            match checkpoint_columns(lake, part, &CHECKPOINT_COLUMNS).await {
                Ok(_) => {}
                Err(LakeError::UnreadableFile { .. }) => unreadable.push(part.location.clone()),
                Err(error) => return Err(error),
            }
        }
        Ok(unreadable)
    }

    /// The table's version. None where there is no table.
    pub(crate) fn version(&self) -> Option<u64> {
        let commit = self.commits.keys().next_back().copied();
        commit.max(self.checkpoints.keys().next_back().copied())
    }

    /// Reads the facts of the newest version: from the newest checkpoint, and the commits after it.
    pub(crate) async fn facts(&self, lake: &Lake) -> Result<LogFacts, LakeError> {
        let mut facts = LogFacts { transactions: HashMap::new(), commit_info: Map::new(), own_info: Map::new() };
        let mut first = 0;
        if let Some((version, parts)) = self.checkpoints.last_key_value() {
            // The checkpoint's own commit is read again for its info.
            first = *version;
            for part in parts {
                for batch in checkpoint_columns(lake, part, &["txn.appId", "txn.version"]).await? {
                    self.transactions_of(&batch, &mut facts.transactions)?;
                }
            }
        }
        for line in self.lines(lake, first).await? {
            if let Some(txn) = line.txn {
                facts.transactions.insert(txn.app_id, txn.version);
            }
            if let Some(info) = line.commit_info {
                if is_own(&info) {
                    facts.own_info.clone_from(&info);
                }
                facts.commit_info = info;
            }
        }
        if facts.own_info.is_empty() && first > 0 {
            facts.own_info = self.own_before(lake, first).await?;
        }
        // Whoever takes what a table holds for unknown would begin its accounts anew, and let another key pass.
        if facts.own_info.is_empty() && facts.transactions.keys().any(|id| id.starts_with(OWN)) {
            return Err(self.damaged("another program has cleaned away the commit that says what it holds"));
        }
        Ok(facts)
    }

    /// The info of Lakewarden's last commit before a version: where other programs have committed and checkpointed since.
    async fn own_before(&self, lake: &Lake, version: u64) -> Result<Map<String, Value>, LakeError> {
        for (version, path) in self.commits.range(..version).rev() {
            let mut infos = self
                .only(*version, path.clone())
                .lines(lake, *version)
                .await?
                .into_iter()
                .filter_map(|line| line.commit_info);
            if let Some(own) = infos.rfind(is_own) {
                return Ok(own);
            }
        }
        Ok(Map::new())
    }

    /// Reads the path, relative to the table, of every file that any version in the log added or
    /// removed.
    pub(crate) async fn files_ever(&self, lake: &Lake) -> Result<HashSet<Path>, LakeError> {
        let mut files = HashSet::new();
        for part in self.checkpoints.values().flatten() {
            for batch in checkpoint_columns(lake, part, &["add.path", "remove.path"]).await? {
                for action in ["add", "remove"] {
                    let Some([paths]) = actions_of(&batch, action, ["path"]) else {
                        continue;
                    };
                    for path in paths.as_string_opt::<i32>().into_iter().flatten().flatten() {
                        files.insert(self.decoded(path)?);
                    }
                }
            }
        }
        for line in self.lines(lake, 0).await? {
            for named in [line.add, line.remove].into_iter().flatten() {
                files.insert(self.decoded(&named.path)?);
            }
        }
        Ok(files)
    }

    /// Reads the info of every commit from version `first` on that the log still has, by version.
    pub(crate) async fn infos(&self, lake: &Lake, first: u64) -> Result<Vec<(u64, Map<String, Value>)>, LakeError> {
        let commits: Vec<(u64, Path)> = self.commits.range(first..).map(|(v, path)| (*v, path.clone())).collect();
        let infos: Vec<Vec<(u64, Map<String, Value>)>> = stream::iter(commits)
            .map(|(version, path)| async move {
                let lines = self.only(version, path).lines(lake, version).await?;
                Ok::<_, LakeError>(lines.into_iter().filter_map(|line| Some((version, line.commit_info?))).collect())
            })
            .buffered(PARALLEL)
            .try_collect()
            .await?;
        Ok(infos.into_iter().flatten().collect())
    }

    async fn lines(&self, lake: &Lake, first: u64) -> Result<Vec<Line>, LakeError> {
        let wanted: Vec<Path> = self.commits.range(first..).map(|(_, path)| path.clone()).collect();
        let commits: Vec<Vec<Line>> = stream::iter(wanted)
            .map(|path| async move {
                let bytes = lake.read(&path).await?.ok_or_else(|| self.damaged("a commit is gone"))?;
                let mut lines = Vec::new();
                for line in bytes.split(|byte| *byte == b'\n') {
                    if !line.trim_ascii().is_empty() {
                        let line = serde_json::from_slice(line).map_err(|_| self.damaged("a commit is not JSON"))?;
                        lines.push(line);
                    }
                }
                Ok::<_, LakeError>(lines)
            })
            .buffered(PARALLEL)
            .try_collect()
            .await?;
        Ok(commits.into_iter().flatten().collect())
    }

    fn transactions_of(&self, batch: &RecordBatch, into: &mut HashMap<String, i64>) -> Result<(), LakeError> {
        let Some([ids, versions]) = actions_of(batch, "txn", ["appId", "version"]) else {
            return Ok(());
        };
        let (Some(ids), Some(versions)) = (ids.as_string_opt::<i32>(), versions.as_primitive_opt::<Int64Type>()) else {
            return Err(self.damaged("a checkpoint's transactions have another type"));
        };
        for (id, version) in ids.iter().zip(versions.iter()) {
            if let (Some(id), Some(version)) = (id, version) {
                into.insert(id.to_owned(), version);
            }
        }
        Ok(())
    }

    fn decoded(&self, path: &str) -> Result<Path, LakeError> {
        Path::from_url_path(path).map_err(|_| self.damaged("a file's path is not one"))
    }

    fn damaged(&self, what: &str) -> LakeError {
        LakeError::DamagedTable { table: self.table.to_string(), what: what.to_owned() }
    }
}

/// Whether a commit is Lakewarden's, of any version.
fn is_own(info: &Map<String, Value>) -> bool {
    info.get("engineInfo").and_then(Value::as_str).is_some_and(|engine| engine.starts_with("Lakewarden/"))
}

/// A checkpoint's actions of one kind: the given fields of the rows that are of this kind.
///
/// The other rows are null, and a reader gives the required fields of a null row any value.
fn actions_of<const N: usize>(batch: &RecordBatch, kind: &str, fields: [&str; N]) -> Option<[ArrayRef; N]> {
    let actions = batch.column_by_name(kind)?.as_struct_opt()?;
    let present = arrow::compute::is_not_null(actions).ok()?;
    let mut columns = Vec::with_capacity(N);
    for field in fields {
        let column = actions.column_by_name(field)?;
        columns.push(arrow::compute::filter(column, &present).ok()?);
    }
    columns.try_into().ok()
}

async fn checkpoint_columns(lake: &Lake, object: &ObjectMeta, columns: &[&str]) -> Result<Vec<RecordBatch>, LakeError> {
    let failed = |error| parquet_error(object.location.as_ref(), &error);
    let builder = parquet_file::open(lake, &object.location, object.size).await?;
    let mask = ProjectionMask::columns(builder.parquet_schema(), columns.iter().copied());
    let batches = builder.with_projection(mask).build().map_err(failed)?;
    batches.try_collect().await.map_err(failed)
}
