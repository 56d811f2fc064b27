//! What a run is asked to load again.

use crate::error::PipelineError;
use std::collections::{BTreeMap, BTreeSet};

/// The datasets and files that a run is asked to load again.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReloadRequest {
    all: bool,
    datasets: BTreeMap<String, ReloadScope>,
}

/// What of a dataset is to be loaded again.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReloadScope {
    /// All its files.
    pub whole: bool,
    /// Files by name, or the end of it from a `/` on. Of these another version of the bytes will do.
    pub files: BTreeSet<String>,
}

impl ReloadRequest {
    /// Takes words apart: a dataset, or a dataset, `/` and a file of it. `all` stands for all datasets of the pipeline.
    pub fn parse(all: bool, words: &[String]) -> Self {
        let mut datasets: BTreeMap<String, ReloadScope> = BTreeMap::new();
        for word in words {
            match word.split_once('/') {
                None => datasets.entry(word.clone()).or_default().whole = true,
                Some((dataset, file)) => {
                    datasets.entry(dataset.to_owned()).or_default().files.insert(file.to_owned());
                }
            }
        }
        Self { all, datasets }
    }

    /// The options of `run` that ask for the same.
    pub(crate) fn options(&self) -> Vec<String> {
        let mut words = if self.all { vec!["--reload-all".to_owned()] } else { Vec::new() };
        for (dataset, scope) in &self.datasets {
            words.extend(scope.whole.then(|| format!("--reload {dataset}")));
            words.extend(scope.files.iter().map(|file| format!("--reload {dataset}/{file}")));
        }
        words
    }

    /// What of a dataset is to be loaded again; `None` for nothing.
    pub(crate) fn scope(&self, dataset: &str) -> Option<ReloadScope> {
        let named = self.datasets.get(dataset).cloned();
        match self.all {
            true => Some(ReloadScope { whole: true, ..named.unwrap_or_default() }),
            false => named,
        }
    }

    /// Refuses datasets that the pipeline does not load.
    ///
    /// # Errors
    /// [`PipelineError::UnknownReload`].
    pub(crate) fn check_datasets(&self, known: &[String]) -> Result<(), PipelineError> {
        match self.datasets.keys().find(|name| !known.contains(name)) {
            None => Ok(()),
            Some(name) => Err(PipelineError::UnknownReload {
                word: name.clone(),
                expected: "a dataset of this pipeline".to_owned(),
                known: known.to_vec(),
            }),
        }
    }
}

impl ReloadScope {
    /// Whether a file of the ledger is named.
    pub(crate) fn names(&self, file: &str) -> bool {
        self.files.iter().any(|word| is_called(file, word))
    }
}

/// Whether a word is the name of a file, or the end of it from a `/` on.
pub(super) fn is_called(file: &str, word: &str) -> bool {
    file == word || file.strip_suffix(word).is_some_and(|before| before.ends_with('/'))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn words_name_datasets_and_files() {
        let words = ["orders", "visits/exports/visits/a.csv", "visits/b.csv"].map(str::to_owned);
        let request = ReloadRequest::parse(false, &words);
        assert_eq!(request.scope("orders").unwrap(), ReloadScope { whole: true, files: BTreeSet::new() });
        let visits = request.scope("visits").unwrap();
        assert!(!visits.whole && visits.names("exports/visits/a.csv") && visits.names("exports/visits/b.csv"));
        assert!(!visits.names("exports/visits/bb.csv") && !visits.names("exports/visits/c.csv"));
        assert_eq!(request.scope("shops"), None);
        let options =
            ["--reload orders", "--reload visits/b.csv", "--reload visits/exports/visits/a.csv"].map(str::to_owned);
        assert_eq!(request.options(), options);
        assert_eq!(ReloadRequest::parse(true, &[]).options(), ["--reload-all"]);
        assert!(ReloadRequest::parse(true, &words).scope("shops").unwrap().whole);
        let error = request.check_datasets(&["orders".to_owned()]).unwrap_err();
        assert_eq!(error.code(), "LW6071");
        assert!(error.to_string().contains("visits"), "{error}");
    }
}
