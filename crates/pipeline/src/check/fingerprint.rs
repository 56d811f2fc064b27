//! What a model's verdict depends on, as one hash.

use crate::compile::Compiler;
use crate::error::PipelineError;
use crate::graph::Node;
use crate::relations::Kind;
use lakewarden_dictionary::{FileKind, Table};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// Hashes what a model's verdict depends on: its SQL; the files that declare its table and everything it reads; what
/// each name it reads stands for; the policy's ruling on customers, if it reads them; the project's settings and
/// purposes; its pipeline. Files count byte by byte, so that even a comment makes models be compiled again: what is
/// parsed from a file can depend on nothing else.
///
/// A model's verdict does not depend on another model's: what a model gives is in its contract. What models bring
/// together along the way (LW2016) is judged anew each time.
pub(super) struct Fingerprints<'a> {
    compiler: &'a Compiler<'a>,
    /// Hashes of files, by path.
    files: BTreeMap<&'a str, [u8; 32]>,
    /// The files that declare a dataset or a table, by its name; more than one where a name is taken twice.
    entries: BTreeMap<&'a str, Vec<&'a str>>,
    /// What every model of the pipeline depends on.
    common: Sha256,
}

impl<'a> Fingerprints<'a> {
    /// Hashes each file once.
    pub fn new(compiler: &'a Compiler<'a>) -> Self {
        let Compiler { open, pipeline, .. } = compiler;
        let files = open.files.iter().map(|f| (&*f.path, Sha256::digest(f.text.as_bytes()).into())).collect();
        let mut entries: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        let datasets = open.project.datasets.iter().map(|d| &d.name);
        for name in datasets.chain(open.project.tables.iter().map(|t| &t.name)) {
            entries.entry(name.value.as_str()).or_default().push(&name.span.path);
        }
        let mut this = Self { compiler, files, entries, common: Sha256::new() };
        let mut common = Sha256::new();
        for path in [FileKind::Settings.pattern(), FileKind::Purposes.pattern(), &pipeline.span.path] {
            this.file(path, &mut common);
        }
        this.common = common;
        this
    }

    /// The fingerprint of a model, hexadecimal.
    ///
    /// # Errors
    /// As [`Relations::of`](crate::relations::Relations::of).
    pub fn of(&self, node: &Node<'_>, table: &Table) -> Result<String, PipelineError> {
        let relations = &self.compiler.relations;
        let mut hash = self.common.clone();
        text(&node.model.path, &mut hash);
        text(&node.model.sql, &mut hash);
        self.declared(&node.model.name, &mut hash);
        number(node.reads.len(), &mut hash);
        for read in &node.reads {
            let kind = relations.kind(&read.name);
            hash.update([match kind {
                None => 0,
                Some(Kind::System) => 1,
                Some(Kind::Customers) => 2,
                Some(Kind::Channel) => 3,
                Some(Kind::Model) => 4,
            }]);
            self.declared(&read.name, &mut hash);
            if kind == Some(Kind::Customers) {
                // For what they may be read, and on which ground, all channels say together.
                for customers in relations.of([read.name.as_str()].into_iter(), &table.purpose.value, &mut None)? {
                    let subject = customers.governance.as_ref().map(|g| &g.subject);
                    text(&format!("{:?} {subject:?} {:?}", customers.ruling, customers.visible_schema()), &mut hash);
                }
            }
        }
        Ok(hex(hash))
    }

    /// A name, and every file that declares it.
    fn declared(&self, name: &str, hash: &mut Sha256) {
        text(name, hash);
        let paths = self.entries.get(name).map_or(&[][..], Vec::as_slice);
        number(paths.len(), hash);
        paths.iter().for_each(|path| self.file(path, hash));
    }

    fn file(&self, path: &str, hash: &mut Sha256) {
        text(path, hash);
        match self.files.get(path) {
            Some(digest) => {
                hash.update([1]);
                hash.update(digest);
            }
            None => hash.update([0]),
        }
    }
}

/// The hash of a text alone, hexadecimal.
pub(super) fn of_text(text: &str) -> String {
    hex(Sha256::new_with_prefix(text))
}

fn text(text: &str, hash: &mut Sha256) {
    number(text.len(), hash);
    hash.update(text.as_bytes());
}

fn number(number: usize, hash: &mut Sha256) {
    hash.update((number as u64).to_le_bytes());
}

fn hex(hash: Sha256) -> String {
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}
