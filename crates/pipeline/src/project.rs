//! A project on disk.

use crate::declarative::{self, DeclarativeFiles};
use crate::error::PipelineError;
use crate::key_place;
use lakewarden_dictionary::{Pipeline, Problem, Project, SourceFile, load};
use lakewarden_engine::EngineOptions;
use lakewarden_extract::KeyRoom;
use lakewarden_privacy::KeyRing;
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};
use url::Url;

/// Bytes of the program itself, of the batches on their way, and of what the allocator keeps, measured and rounded up.
const PROGRAM: u64 = 128 << 20;

/// A project's folder, read.
#[derive(Debug, Clone)]
pub struct OpenProject {
    /// The folder that holds `lakewarden.yaml`.
    pub root: PathBuf,
    /// Every declarative file, as read.
    pub files: Vec<SourceFile>,
    /// What they say.
    pub project: Project,
    /// What is wrong with them.
    pub problems: Vec<Problem>,
    /// SHA-256 over all of them, hexadecimal.
    pub fingerprint: String,
}

impl OpenProject {
    /// Reads the project in `root`.
    ///
    /// # Errors
    /// [`PipelineError::Read`] if `lakewarden.yaml` is not there or a file cannot be read.
    pub fn open(root: &Path) -> Result<Self, PipelineError> {
        let DeclarativeFiles { files, problems: unread } = declarative::read_all(root)?;
        let mut hash = Sha256::new();
        for file in &files {
            hash.update((file.path.len() as u64).to_le_bytes());
            hash.update(file.path.as_bytes());
            hash.update((file.text.len() as u64).to_le_bytes());
            hash.update(file.text.as_bytes());
        }
        let fingerprint = hash.finalize().iter().map(|b| format!("{b:02x}")).collect();
        let loaded = load(&files);
        let mut problems = unread;
        problems.extend(loaded.problems);
        problems.extend(key_place::check(root, &loaded.project.settings));
        Ok(Self { root: root.to_path_buf(), files, project: loaded.project, problems, fingerprint })
    }

    /// The pipeline of this name, or the only one there is.
    ///
    /// # Errors
    /// [`PipelineError::UnknownPipeline`], [`PipelineError::WhichPipeline`].
    pub fn pipeline(&self, name: Option<&str>) -> Result<&Pipeline, PipelineError> {
        let known = || self.project.pipelines.iter().map(|p| p.name.value.clone()).collect();
        match name {
            Some(name) => self
                .project
                .pipeline(name)
                .ok_or_else(|| PipelineError::UnknownPipeline { name: name.to_owned(), known: known() }),
            None => match self.project.pipelines.as_slice() {
                [only] => Ok(only),
                _ => Err(PipelineError::WhichPipeline { known: known() }),
            },
        }
    }

    /// Where the lake is: the URL given, or the project's own.
    ///
    /// # Errors
    /// [`PipelineError::NoLake`].
    pub fn lake_url(&self, instead: Option<&str>) -> Result<Url, PipelineError> {
        let declared = self.project.settings.lake.as_ref().map(|l| l.value.as_str());
        let text = instead.or(declared).ok_or(PipelineError::NoLake)?;
        if text.contains("://") {
            return Url::parse(text).map_err(|_| PipelineError::NoLake);
        }
        let path = if instead.is_some() { PathBuf::from(text) } else { self.root.join(text) };
        let absolute = std::path::absolute(path).map_err(|_| PipelineError::NoLake)?;
        Url::from_directory_path(absolute).map_err(|()| PipelineError::NoLake)
    }

    /// How its SQL is run: within the memory that it may use.
    pub(crate) fn engine_options(&self) -> EngineOptions {
        let options = EngineOptions::default();
        EngineOptions { memory: self.project.settings.memory_budget.unwrap_or(options.memory), ..options }
    }

    /// What is left of the memory of a run, while exports are loaded, for what grows with them. SQL is run afterwards.
    fn loading_memory(&self) -> u64 {
        let memory = self.engine_options().memory;
        memory.saturating_sub(PROGRAM).max(memory / 2)
    }

    /// The memory that keys of rows may take while exports are loaded: half of what there is. The seed is the run's, so
    /// that what two runs have put aside cannot be matched.
    pub(crate) fn key_room(&self, keys: &KeyRing, seed: u64) -> KeyRoom {
        KeyRoom::of(self.loading_memory() / 2, keys.blinding("keys put aside", seed))
    }

    /// The memory that each of a dataset's two writers may take (rows, and what is sealed), if so many datasets are loaded
    /// at a time: together a quarter of what there is.
    pub(crate) fn writer_memory(&self, side_by_side: usize) -> usize {
        let bytes = self.loading_memory() / 8 / side_by_side.max(1) as u64;
        usize::try_from(bytes).unwrap_or(usize::MAX)
    }

    /// The zone of wall-clock times.
    pub fn zone(&self) -> chrono_tz::Tz {
        self.project.settings.time_zone.as_ref().and_then(|z| z.value.parse().ok()).unwrap_or(chrono_tz::UTC)
    }
}
