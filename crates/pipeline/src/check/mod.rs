//! Every problem of a project, found without data; and only what changed is compiled again.

mod cache;
mod file;
mod fingerprint;

pub use cache::CheckCache;

use crate::apart::{self, Origins};
use crate::compile::Compiler;
use crate::error::PipelineError;
use crate::graph;
use crate::parallel::side_by_side;
use crate::project::OpenProject;
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
    origins: Origins,
    known: bool,
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
        let fingerprint = fingerprints.of(node);
        if let Some(origins) = known.sound(&fingerprint).cloned() {
            return Ok(Ok(Sound { model: node.model, table, fingerprint, origins, known: true }));
        }
        compiler.compile(node, table).map(|verdict| {
            verdict.map(|compiled| {
                let origins = if together { Origins::of(&compiled.lineage) } else { Origins::default() };
                Sound { model: node.model, table, fingerprint, origins, known: false }
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
    problems.extend(apart::check(open, sound.iter().map(|s| (s.model, s.table, &s.origins))));
    nodes.iter().for_each(|node| cache.note_reads(node));
    sound.into_iter().for_each(|s| cache.note_sound(s.fingerprint, s.origins));
    Ok(problems)
}
