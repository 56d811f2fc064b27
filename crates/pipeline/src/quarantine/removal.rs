//! Records that leave quarantine because their files are loaded again.

use crate::error::PipelineError;
use crate::ledger::LedgerLine;
use crate::quarantine::{damaged, of_run};
use futures::TryStreamExt;
use lakewarden_extract::{Held, HeldRecords};
use lakewarden_lake::{Lake, Zone};
use std::collections::{BTreeMap, BTreeSet};

/// Which records go.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum Removal {
    /// None.
    #[default]
    Nothing,
    /// All.
    All,
    /// Those of files, by name and the run that read them.
    Files(BTreeSet<(String, String)>),
}

impl Removal {
    /// Those of files that were loaded.
    pub fn of_files(lines: &[LedgerLine]) -> Self {
        let key = |line: &LedgerLine| Some((line.file.file.clone(), line.file.facts.as_ref()?.run.to_string()));
        Self::Files(lines.iter().filter_map(key).collect())
    }

    /// Whether a record goes. One whose run is not known goes with every file of its name.
    pub fn takes(&self, held: &Held<'_>) -> bool {
        match self {
            Self::Nothing => false,
            Self::All => true,
            Self::Files(files) => match held.run {
                Some(run) => files.contains(&(held.file.to_owned(), run.to_owned())),
                None => files.iter().any(|(file, _)| file == held.file),
            },
        }
    }
}

/// How many records of a dataset are in quarantine, by file, of those that would go.
///
/// # Errors
/// Those of the lake; [`PipelineError::Damaged`].
pub(crate) async fn count_held(
    lake: &Lake,
    dataset: &str,
    removal: &Removal,
) -> Result<BTreeMap<String, u64>, PipelineError> {
    let mut counts = BTreeMap::new();
    let Some(table) = lake.table(Zone::Quarantine, dataset).await? else { return Ok(counts) };
    let mut batches = lake.read_table_batches(&table, None)?;
    while let Some(batch) = batches.try_next().await? {
        let held = HeldRecords::of(&of_run(&batch, None)?).map_err(damaged(dataset))?;
        for record in (0..held.len()).map(|at| held.get(at)).filter(|record| removal.takes(record)) {
            *counts.entry(record.file.to_owned()).or_insert(0) += 1;
        }
    }
    Ok(counts)
}
