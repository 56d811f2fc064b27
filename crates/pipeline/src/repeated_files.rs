//! Files that bring rows of earlier files once more, where no key tells equal rows apart.

use crate::error::{PipelineError, counted};
use crate::ledger::{LedgerLine, lines};
use crate::load::Loading;
use crate::record::FileRepeat;
use lakewarden_dictionary::{Dataset, DatasetRole, Snapshot};
use lakewarden_extract::{FileAccount, KnownFile, KnownFiles};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use uuid::Uuid;

/// The use of the key that hides what is kept of files, and its seed: the same in all runs.
const SKETCHES: (&str, u64) = ("file sketches", 0);

/// A load with files that have records of earlier ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepeatedFiles {
    /// The dataset.
    pub dataset: String,
    /// At least one.
    pub files: Vec<FileRepeat>,
}

impl fmt::Display for RepeatedFiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(first) = self.files.first() else { return Ok(()) };
        write!(f, "{}: {}", self.dataset, first.describe())?;
        match self.files.len() as u64 - 1 {
            0 => Ok(()),
            more => write!(f, "; and {} more", counted(more, "such file")),
        }
    }
}

impl Loading<'_> {
    /// The files of a dataset that later ones are compared with, save those whose rows are being replaced; `None` where its records have a key, or are statements
    /// that count once however often they arrive.
    ///
    /// # Errors
    /// Those of the lake; [`PipelineError::Damaged`].
    pub(crate) async fn known_files(
        &self,
        dataset: &Dataset,
        superseded: &BTreeSet<String>,
    ) -> Result<Option<KnownFiles>, PipelineError> {
        if !dataset.key.is_empty() || dataset.role != DatasetRole::Data {
            return Ok(None);
        }
        let mut known = KnownFiles::new(self.keys.blinding(SKETCHES.0, SKETCHES.1));
        let stays = |line: &LedgerLine| line.is_effective() && !superseded.contains(&line.file.sha256);
        for line in lines(self.lake, &dataset.name.value).await?.into_iter().filter(stays) {
            if let Some(sketch) = line.file.sketch {
                known.add(KnownFile { name: line.file.file, sketch });
            }
        }
        Ok(Some(known))
    }

    /// Which files have records of earlier ones.
    ///
    /// # Errors
    /// [`PipelineError::RepeatedFiles`] unless the dataset appends such files; those of the lake.
    pub(crate) async fn judge_repeated(
        &self,
        dataset: &Dataset,
        accounts: &[FileAccount],
    ) -> Result<Vec<FileRepeat>, PipelineError> {
        if accounts.iter().all(|account| account.overlaps.is_empty()) {
            return Ok(Vec::new());
        }
        let loaded = lines(self.lake, &dataset.name.value).await?;
        // Of files with one name the one that was loaded last.
        let runs: BTreeMap<&str, Uuid> =
            loaded.iter().filter_map(|line| Some((line.file.file.as_str(), line.file.facts.as_ref()?.run))).collect();
        let repeat = |account: &FileAccount| -> Vec<FileRepeat> {
            let of = account.overlaps.iter().map(|overlap| FileRepeat {
                file: account.file.clone(),
                read: account.read,
                earlier: overlap.earlier.clone(),
                run: runs.get(overlap.earlier.as_str()).copied().unwrap_or(self.run),
                records: overlap.records,
                of: overlap.of,
            });
            of.collect()
        };
        let files: Vec<FileRepeat> = accounts.iter().flat_map(repeat).collect();
        match dataset.snapshot.as_ref().map(|said| said.value).unwrap_or_default() {
            Snapshot::Append => Ok(files),
            // Of full exports only one is read in a run, and no earlier one stays.
            Snapshot::Refuse | Snapshot::Replace => {
                let dataset = dataset.name.value.clone();
                Err(PipelineError::RepeatedFiles(Box::new(RepeatedFiles { dataset, files })))
            }
        }
    }
}
