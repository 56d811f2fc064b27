//! What earlier checks found sound.

use super::file;
use super::fingerprint::of_text;
use crate::apart::Origins;
use crate::graph::Node;
use lakewarden_dictionary::Model;
use lakewarden_engine::{EngineError, Reference};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

/// What earlier checks found sound: models by fingerprint, and what SQL reads by its hash. It holds no problem, no
/// plan, and nothing of data. A model that it does not know is compiled.
///
/// Whoever can write to it can make a check pass over a model. That spares nobody anything: `plan` and `run` compile
/// every model again, and never look here.
#[derive(Debug, Default)]
pub struct CheckCache {
    root: Option<PathBuf>,
    /// As it was found.
    earlier: Kept,
    /// What is of use for the project as it is now.
    now: Kept,
    compiled: usize,
}

/// A relation that SQL reads: its name, and line and column of its first mention.
pub(super) type Read = (String, Option<(u32, u32)>);

/// What is kept between checks.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Kept {
    /// Which Lakewarden found it; another one may find otherwise.
    pub build: String,
    /// What SQL reads, by the hash of its text.
    pub reads: BTreeMap<String, Vec<Read>>,
    /// Models without problems of their own, by fingerprint.
    pub sound: BTreeMap<String, Found>,
}

/// What those that read a sound model's table, or stand beside it, are judged by.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Found {
    /// Where its columns come from, if the project keeps domains apart.
    pub origins: Origins,
    /// Whether each person's rows are made of that person's data only, as far as its own SQL says.
    pub of_each_one: bool,
}

impl CheckCache {
    /// Reads what was kept for the project in `root`. `build` stands for the program that asks, and is another for each
    /// program that might judge otherwise. What is damaged, another build's or unreadable counts as nothing.
    pub fn open(root: &Path, build: &str) -> Self {
        let earlier = file::read(root).filter(|kept| kept.build == build).unwrap_or_default();
        let now = Kept { build: build.to_owned(), ..Kept::default() };
        Self { root: Some(root.to_path_buf()), earlier, now, compiled: 0 }
    }

    /// How many models had to be compiled, because nothing was known of them.
    pub fn compiled(&self) -> usize {
        self.compiled
    }

    /// Keeps what the last check found, if that is anything new, below `.lakewarden/` in the project's folder.
    ///
    /// # Errors
    /// If it cannot be written there. Nothing but time is lost then.
    pub fn save(&self) -> io::Result<()> {
        match &self.root {
            Some(root) if self.now != self.earlier => file::write(root, &self.now),
            _ => Ok(()),
        }
    }

    /// A model and what it reads, parsed if that is not known.
    pub(super) fn node<'a>(&self, model: &'a Model) -> Result<Node<'a>, EngineError> {
        match self.earlier.reads.get(&of_text(&model.sql)) {
            Some(reads) => {
                let reads = reads.iter().map(|(name, at)| Reference { name: name.clone(), at: *at });
                Ok(Node::reading(model, reads.collect()))
            }
            None => Node::parse(model),
        }
    }

    /// What was found of a model, if it is known to be sound.
    pub(super) fn sound(&self, fingerprint: &str) -> Option<&Found> {
        self.earlier.sound.get(fingerprint)
    }

    pub(super) fn note_reads(&mut self, node: &Node<'_>) {
        let reads = node.reads.iter().map(|read| (read.name.clone(), read.at)).collect();
        self.now.reads.insert(of_text(&node.model.sql), reads);
    }

    pub(super) fn note_compiled(&mut self) {
        self.compiled += 1;
    }

    pub(super) fn note_sound(&mut self, fingerprint: String, found: Found) {
        self.now.sound.insert(fingerprint, found);
    }
}
