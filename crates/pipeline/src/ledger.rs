//! The ledger of files: what is written down of each with its rows, and what can be asked of it.

use crate::error::PipelineError;
use crate::load::Loading;
use crate::observe::Observer;
use crate::project::OpenProject;
use crate::record::{KeyFacts, Quarantined, SameBytes};
use chrono::{DateTime, Utc};
use lakewarden_dictionary::Dataset;
use lakewarden_extract::{DuplicatesBy, FileAccount, FileSketch, Warning};
use lakewarden_lake::{FILE_TRANSACTION, Lake, LedgerEntry, Published, Zone};
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
        let mut files = lines(lake, &name).await?;
        // It tells a reader nothing.
        files.iter_mut().for_each(|line| line.file.sketch = None);
        // What every checkpoint keeps: that a file was loaded, and its size.
        let told: BTreeSet<&str> = files.iter().map(|line| line.file.sha256.as_str()).collect();
        let noted = table.transactions.iter().filter_map(|(id, size)| Some((id.strip_prefix(FILE_TRANSACTION)?, size)));
        let untold: BTreeMap<&str, &i64> = noted.filter(|(sha256, _)| !told.contains(sha256)).collect();
        let untold: Vec<LedgerLine> = untold.into_iter().map(|(sha256, size)| without_facts(sha256, *size)).collect();
        files.splice(0..0, untold);
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
        Ok(LedgerLine { version: Some(version), loaded_at: Some(at), file })
    };
    lake.ledger(Zone::Conformed, dataset).await?.into_iter().map(line).collect()
}

fn without_facts(sha256: &str, size: i64) -> LedgerLine {
    let bytes = u64::try_from(size).unwrap_or_default();
    let file =
        LoadedFile { file: String::new(), sha256: sha256.to_owned(), bytes, same_as: None, sketch: None, facts: None };
    LedgerLine { version: None, loaded_at: None, file }
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

    /// What the commit says of its files.
    pub(crate) fn ledger_of(&self, dataset: &Dataset, files: &[FileAccount], also: &[OtherName]) -> Vec<LoadedFile> {
        let dictionary = self.entry_hash(dataset);
        let declaration = self.declaration(dataset).id();
        let loaded = files.iter().map(|account| LoadedFile {
            file: account.file.clone(),
            sha256: account.sha256.clone(),
            bytes: account.bytes,
            same_as: None,
            sketch: account.sketch.clone(),
            facts: Some(self.facts(dataset, account, &dictionary, &declaration)),
        });
        let also = also.iter().filter(|other| !other.noted).map(|OtherName { same, sha256, bytes, .. }| LoadedFile {
            file: same.file.clone(),
            sha256: sha256.clone(),
            bytes: *bytes,
            same_as: Some(same.loaded_as.clone()),
            sketch: None,
            facts: None,
        });
        loaded.chain(also).collect()
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
