//! Every problem of a project, found without data; and only what changed is compiled again.

mod cache;
mod file;
mod fingerprint;

pub use cache::CheckCache;
use cache::Found;

use crate::apart::{self, Origins};
use crate::compile::Compiler;
use crate::error::PipelineError;
use crate::graph;
use crate::noise::{self, Made};
use crate::parallel::side_by_side;
use crate::project::OpenProject;
use crate::row_rules;
use fingerprint::Fingerprints;
use lakewarden_dictionary::{Model, Pipeline, Problem, Table};

/// Every problem of a project: its declarations' and its models'.
///
/// # Errors
/// If the engine cannot be started.
pub async fn check(open: &OpenProject) -> Result<Vec<Problem>, PipelineError> {
    check_again(open, &mut CheckCache::default()).await
}

/// The same problems, without compiling models that the cache knows to be sound. Afterwards it knows those that are
/// sound now.
///
/// # Errors
/// As [`check`].
pub async fn check_again(open: &OpenProject, cache: &mut CheckCache) -> Result<Vec<Problem>, PipelineError> {
    let mut problems = open.problems.clone();
    for pipeline in &open.project.pipelines {
        problems.extend(of_pipeline(open, pipeline, cache)?);
    }
    problems.extend(row_rules::check(open, open.project.datasets.iter()));
    problems.sort_by(|a, b| {
        (&a.span.path, a.span.start, a.code, &a.message).cmp(&(&b.span.path, b.span.start, b.code, &b.message))
    });
    problems.dedup();
    Ok(problems)
}

/// A model without problems of its own.
struct Sound<'a> {
    model: &'a Model,
    table: &'a Table,
    fingerprint: String,
    found: Found,
    reads: Vec<&'a str>,
    known: bool,
}

impl Sound<'_> {
    fn made(&self) -> Made<'_> {
        Made { model: self.model, table: self.table, reads: self.reads.clone(), of_each_one: self.found.of_each_one }
    }
}

fn of_pipeline(open: &OpenProject, pipeline: &Pipeline, cache: &mut CheckCache) -> Result<Vec<Problem>, PipelineError> {
    let compiler = Compiler::new(open, pipeline)?;
    let models = &pipeline.models;
    let parsed = side_by_side(models.len(), |at| cache.node(&models[at]));
    let (nodes, mut problems) = graph::order(models.iter().zip(parsed));
    let fingerprints = Fingerprints::new(&compiler);
    let together = !open.project.settings.keep_apart.is_empty();
    let known = &*cache;
    let verdicts = compiler.each(&nodes, |node, table| {
        let fingerprint = fingerprints.of(node, table)?;
        let reads = node.reads.iter().map(|read| read.name.as_str()).collect();
        if let Some(found) = known.sound(&fingerprint).cloned() {
            return Ok(Ok(Sound { model: node.model, table, fingerprint, found, reads, known: true }));
        }
        compiler.compile(node, table).map(|verdict| {
            verdict.map(|compiled| {
                let origins = if together { Origins::of(&compiled.lineage) } else { Origins::default() };
                let found = Found { origins, of_each_one: noise::of_each_one(&compiled) };
                Sound { model: node.model, table, fingerprint, found, reads, known: false }
            })
        })
    });
    let mut sound = Vec::new();
    for verdict in verdicts {
        let verdict = verdict?;
        if !matches!(verdict, Ok(Sound { known: true, .. })) {
            cache.note_compiled();
        }
        match verdict {
            Ok(model) => sound.push(model),
            Err(own) => problems.extend(own),
        }
    }
    problems.extend(apart::check(open, sound.iter().map(|s| (s.model, &s.found.origins))));
    problems.extend(noise::check(open, sound.iter().map(Sound::made)));
    problems.extend(compiler.relations.sources().check(open, pipeline, &nodes));
    nodes.iter().for_each(|node| cache.note_reads(node));
    sound.into_iter().for_each(|s| cache.note_sound(s.fingerprint, s.found));
    Ok(problems)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::compile::compile;
    use std::path::Path;

    /// Whoever can write the file that is kept can make a check say anything. What plans and runs compile with does not
    /// look at it.
    #[tokio::test]
    async fn a_forged_verdict_deceives_a_check_and_no_run() {
        let mut open = OpenProject::open(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")).unwrap();
        let at = open.project.pipelines.iter().position(|p| p.name.value == "retail").unwrap();
        open.project.pipelines[at].models[0].sql = "SELECT member_no FROM crm_members".into();
        let pipeline = open.project.pipelines[at].clone();
        let honest: Vec<_> = check(&open).await.unwrap().into_iter().map(|p| p.span.path).collect();
        assert!(!honest.is_empty() && honest.iter().all(|path| *path == pipeline.models[0].path), "{honest:?}");

        let compiler = Compiler::new(&open, &pipeline).unwrap();
        let node = graph::Node::parse(&pipeline.models[0]).unwrap();
        let forged = Fingerprints::new(&compiler).of(&node, open.project.table(&node.model.name).unwrap()).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let mut cache = CheckCache::open(folder.path(), "a build");
        cache.note_sound(forged, Found::default());
        cache.save().unwrap();

        let mut cache = CheckCache::open(folder.path(), "a build");
        assert_eq!(check_again(&open, &mut cache).await.unwrap(), []);
        let mut cache = CheckCache::open(folder.path(), "another build");
        assert!(!check_again(&open, &mut cache).await.unwrap().is_empty());
        let (models, problems) = compile(&open, &pipeline).await.unwrap();
        assert!(!problems.is_empty() && models.iter().all(|m| m.model.name != pipeline.models[0].name));
    }
}
