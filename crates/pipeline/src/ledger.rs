//! The ledger of files: what is written down of each with its rows, and what can be asked of it.

use crate::error::PipelineError;
use crate::load::Loading;
use crate::observe::Observer;
use crate::project::OpenProject;
use crate::record::{KeyFacts, Quarantined, SameBytes};
use crate::row_files::source_at;
use chrono::{DateTime, NaiveDateTime, Utc};
use lakewarden_dictionary::Dataset;
use lakewarden_extract::{DuplicatesBy, FileAccount, FileSketch, Warning};
use lakewarden_lake::{FILE_TRANSACTION, Lake, LedgerEntry, Published, TableSnapshot, Zone};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// What is written down of a file, in the commit that adds its rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LoadedFile {
    /// Its name.
    pub file: String,
    /// SHA-256 of its bytes.
    pub sha256: String,
    /// Its size.
    #[serde(default)]
    pub bytes: u64,
    /// Another file with the same bytes, which was loaded instead: then no row is this one's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub same_as: Option<String>,
    /// When the data in it begin, in wall-clock time of the export, if its path says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data_from: Option<NaiveDateTime>,
    /// A later full export that came with it, for which it was not read: the dataset declares `snapshot: replace`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skipped_for: Option<String>,
    /// The number that its rows carry in the lake.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<i64>,
    /// SHA-256 of the files loaded earlier whose rows left the lake in the same commit.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub supersedes: Vec<String>,
    /// What is kept of it to recognise its records in later files, where no key is declared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sketch: Option<FileSketch>,
    /// What became of its rows, and how it was read; `None` if it was not loaded.
    #[serde(flatten)]
    pub facts: Option<LoadFacts>,
}

/// What became of a file's rows, and how it was read. `read` = `written` + `quarantined` + `duplicates` +
/// `key_conflicts` + `outside_retention`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LoadFacts {
    /// Records in it.
    pub read: u64,
    /// Rows written of them.
    pub written: u64,
    /// Rows in quarantine, by field and rule.
    pub quarantined: Vec<Quarantined>,
    /// Rows left out because an equal row, or one that a declared `survivor` ranks above, is kept.
    pub duplicates: u64,
    /// The same, by where the survivor is.
    pub duplicates_by: DuplicatesBy,
    /// Rows left out because another row with their key, and other values, came first.
    #[serde(default)]
    pub key_conflicts: u64,
    /// Rows older than the retention.
    pub outside_retention: u64,
    /// The container it was read as.
    pub container: String,
    /// The encoding it was read in; `None` for binary containers.
    pub encoding: Option<String>,
    /// SHA-256 of the dictionary's entry, hexadecimal.
    pub dictionary: String,
    /// The declaration that its rows were stored under, among those noted beside them; `None` where none is noted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub declaration: Option<String>,
    /// The key that pseudonyms were made with.
    pub key: KeyFacts,
    /// The run that loaded it.
    pub run: Uuid,
}

/// A line of the ledger.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LedgerLine {
    /// The version of the table that has its rows; `None` if the log does not tell any more.
    pub version: Option<i64>,
    /// When that was committed; `None` if the log does not tell any more.
    pub loaded_at: Option<DateTime<Utc>>,
    /// The file. Its name is empty if the log does not tell any more.
    #[serde(flatten)]
    pub file: LoadedFile,
    /// The run that replaced its rows, if one did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub superseded_by: Option<Uuid>,
}

impl LedgerLine {
    /// Whether rows of it may be in the lake.
    pub fn is_effective(&self) -> bool {
        let not_loaded = self.file.same_as.is_some() || self.file.skipped_for.is_some();
        self.superseded_by.is_none() && !not_loaded
    }
}

/// The ledger of one dataset.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DatasetLedger {
    /// The dataset.
    pub dataset: String,
    /// Its files, in the order in which they were loaded.
    pub files: Vec<LedgerLine>,
}

/// A file whose bytes the lake has, or another of the same delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// Its name.
    pub file: String,
    /// SHA-256 of its bytes.
    pub sha256: String,
    /// Its size.
    pub bytes: u64,
    /// The other file of the delivery.
    pub same: Option<String>,
}

/// A known file that came under another name.
pub(crate) struct OtherName {
    /// The two names.
    pub same: SameBytes,
    /// SHA-256 of their bytes.
    sha256: String,
    /// Their size.
    bytes: u64,
    /// Whether the ledger says so already.
    noted: bool,
}

/// Reads the ledger of a dataset, or of all that the lake has rows of.
///
/// # Errors
/// [`PipelineError::UnknownDataset`], [`PipelineError::Damaged`]; those of the lake.
pub async fn ledger(
    open: &OpenProject,
    lake: &Lake,
    dataset: Option<&str>,
) -> Result<Vec<DatasetLedger>, PipelineError> {
    let known = || open.project.datasets.iter().map(|d| d.name.value.clone());
    if let Some(name) = dataset
        && open.project.dataset(name).is_none()
    {
        return Err(PipelineError::UnknownDataset { name: name.to_owned(), known: known().collect() });
    }
    let mut all = Vec::new();
    for name in known().filter(|name| dataset.is_none_or(|wanted| wanted == name)) {
        let Some(table) = lake.table(Zone::Conformed, &name).await? else {
            if dataset.is_some() {
                all.push(DatasetLedger { dataset: name, files: Vec::new() });
            }
            continue;
        };
        let mut files = all_lines(lake, &table).await?;
        // It tells a reader nothing.
        files.iter_mut().for_each(|line| line.file.sketch = None);
        all.push(DatasetLedger { dataset: name, files });
    }
    Ok(all)
}

/// Folds the ledgers of the tables that a run has published into. The run has ended well by then; what cannot be folded
/// now is folded by the next one.
pub(crate) async fn fold(lake: &Lake, published: &[Published], observer: &dyn Observer) {
    for table in published.iter().filter(|p| p.zone == Zone::Conformed && !p.name.contains('.')) {
        if let Err(error) = lake.fold_ledger(table.zone, &table.name).await {
            observer.warned(&PipelineError::Lake(error));
        }
    }
}

pub(crate) async fn lines(lake: &Lake, dataset: &str) -> Result<Vec<LedgerLine>, PipelineError> {
    let damaged = |_| PipelineError::Damaged { table: dataset.to_owned(), column: "the ledger of files".to_owned() };
    let line = |LedgerEntry { version, at, file }| {
        let file = serde_json::from_value(file).map_err(damaged)?;
        Ok(LedgerLine { version: Some(version), loaded_at: Some(at), file, superseded_by: None })
    };
    let lines: Result<Vec<_>, _> = lake.ledger(Zone::Conformed, dataset).await?.into_iter().map(line).collect();
    lines.map(mark_superseded)
}

/// The ledger of a dataset's table, with the files of which only that they were loaded is known: every checkpoint of the
/// table keeps that, and their sizes.
pub(crate) async fn all_lines(lake: &Lake, table: &TableSnapshot) -> Result<Vec<LedgerLine>, PipelineError> {
    let mut files = lines(lake, &table.name).await?;
    let told: BTreeSet<&str> = files.iter().map(|line| line.file.sha256.as_str()).collect();
    let noted = table.transactions.iter().filter_map(|(id, size)| Some((id.strip_prefix(FILE_TRANSACTION)?, size)));
    let untold: BTreeMap<&str, &i64> = noted.filter(|(sha256, _)| !told.contains(sha256)).collect();
    let untold: Vec<LedgerLine> = untold.into_iter().map(|(sha256, size)| without_facts(sha256, *size)).collect();
    files.splice(0..0, untold);
    Ok(files)
}

/// Notes which lines later commits have superseded: a commit supersedes files that earlier ones loaded.
fn mark_superseded(mut lines: Vec<LedgerLine>) -> Vec<LedgerLine> {
    let mut by_sum: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for at in 0..lines.len() {
        let by = lines[at].file.facts.as_ref().map(|facts| facts.run);
        for sum in lines[at].file.supersedes.clone() {
            for earlier in by_sum.get(&sum).into_iter().flatten() {
                if lines[*earlier].version < lines[at].version && lines[*earlier].superseded_by.is_none() {
                    lines[*earlier].superseded_by = by;
                }
            }
        }
        by_sum.entry(lines[at].file.sha256.clone()).or_default().push(at);
    }
    lines
}

fn without_facts(sha256: &str, size: i64) -> LedgerLine {
    let bytes = u64::try_from(size).unwrap_or_default();
    LedgerLine { version: None, loaded_at: None, file: LoadedFile::not_loaded("", sha256, bytes), superseded_by: None }
}

impl LoadedFile {
    /// A file of which no row is in the lake, or nothing else is known.
    fn not_loaded(file: &str, sha256: &str, bytes: u64) -> Self {
        Self {
            file: file.to_owned(),
            sha256: sha256.to_owned(),
            bytes,
            same_as: None,
            data_from: None,
            skipped_for: None,
            source: None,
            supersedes: Vec::new(),
            sketch: None,
            facts: None,
        }
    }
}

impl Loading<'_> {
    /// Which of the known files came under another name than the one they were loaded under.
    pub(crate) async fn other_names(
        &self,
        dataset: &Dataset,
        known: &[Known],
    ) -> Result<Vec<OtherName>, PipelineError> {
        if known.is_empty() {
            return Ok(Vec::new());
        }
        let lines = lines(self.lake, &dataset.name.value).await?;
        let mut by_sum: BTreeMap<&str, Vec<&LoadedFile>> = BTreeMap::new();
        for line in &lines {
            by_sum.entry(&line.file.sha256).or_default().push(&line.file);
        }
        let other = |known: &Known| {
            let loaded = by_sum.get(known.sha256.as_str()).map_or(&[][..], Vec::as_slice);
            if loaded.iter().any(|file| file.file == known.file && file.same_as.is_none()) {
                return None;
            }
            let first = loaded.iter().find(|file| file.same_as.is_none()).map(|file| file.file.clone());
            let loaded_as = first.or_else(|| known.same.clone())?;
            let noted = loaded.iter().any(|file| file.file == known.file);
            let same = SameBytes { file: known.file.clone(), loaded_as };
            Some(OtherName { same, sha256: known.sha256.clone(), bytes: known.bytes, noted })
        };
        Ok(known.iter().filter_map(other).collect())
    }

    /// What the commit says of its files: those loaded, those that came under another name, and those skipped for a later
    /// full export. `supersedes` are the checksums of earlier files whose rows leave the lake.
    pub(crate) fn ledger_of(
        &self,
        dataset: &Dataset,
        files: &[FileAccount],
        first_source: i64,
        also: &[OtherName],
        skipped: &[Known],
        supersedes: Vec<String>,
    ) -> Vec<LoadedFile> {
        let dictionary = self.entry_hash(dataset);
        let declaration = self.declaration(dataset).id();
        let loaded = files.iter().enumerate().map(|(index, account)| LoadedFile {
            source: Some(source_at(first_source, index)),
            sketch: account.sketch.clone(),
            facts: Some(self.facts(dataset, account, &dictionary, &declaration)),
            ..LoadedFile::not_loaded(&account.file, &account.sha256, account.bytes)
        });
        let also = also.iter().filter(|other| !other.noted).map(|OtherName { same, sha256, bytes, .. }| LoadedFile {
            same_as: Some(same.loaded_as.clone()),
            ..LoadedFile::not_loaded(&same.file, sha256, *bytes)
        });
        let skipped = skipped.iter().map(|known| LoadedFile {
            skipped_for: files.last().map(|account| account.file.clone()),
            ..LoadedFile::not_loaded(&known.file, &known.sha256, known.bytes)
        });
        let mut all: Vec<LoadedFile> = loaded.chain(also).chain(skipped).collect();
        if let Some(first) = all.first_mut() {
            first.supersedes = supersedes;
        }
        all
    }

    fn facts(&self, dataset: &Dataset, account: &FileAccount, dictionary: &str, declaration: &str) -> LoadFacts {
        let differs = account.warnings.iter().find_map(|warning| match warning {
            Warning::ContainerDiffers { found } => Some(found.to_string()),
            _ => None,
        });
        LoadFacts {
            read: account.read,
            written: account.written,
            quarantined: account
                .quarantined
                .iter()
                .map(|(why, rows)| Quarantined { field: why.field.clone(), rule: why.rule.to_string(), rows: *rows })
                .collect(),
            duplicates: account.duplicates,
            duplicates_by: account.duplicates_by,
            key_conflicts: account.key_conflicts,
            outside_retention: account.outside_retention,
            container: differs.unwrap_or_else(|| format!("{:?}", dataset.format.container)).to_lowercase(),
            encoding: account.encoding.map(str::to_owned),
            dictionary: dictionary.to_owned(),
            declaration: Some(declaration.to_owned()),
            key: KeyFacts::of(self.keys),
            run: self.run,
        }
    }

    /// SHA-256 of the file that declares a dataset, hexadecimal.
    fn entry_hash(&self, dataset: &Dataset) -> String {
        let entry = self.open.files.iter().find(|file| file.path == dataset.name.span.path);
        let digest = Sha256::digest(entry.map_or(&b""[..], |file| file.text.as_bytes()));
        digest.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}
