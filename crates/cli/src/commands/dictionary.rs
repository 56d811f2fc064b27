//! `lakewarden dictionary`.

use crate::commands::similar_files::{SimilarFiles, find_similar_files};
use crate::commands::{entry, now, random};
use crate::failure::Failure;
use crate::output::Output;
use lakewarden_dictionary::{AddChannelError, add_channel};
use lakewarden_extract::InferOptions;
use lakewarden_pipeline::{OpenProject, PipelineError};
use lakewarden_source::{Channel, Surroundings};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Where a proposal is written.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// The pipeline whose channels it is added to.
    pub add_to: Option<&'a str>,
}

/// Proposes an entry for an export, and prints or writes it.
pub async fn infer(
    root: &Path,
    file: &str,
    dataset: Option<&str>,
    rows: Option<u64>,
    place: Option<Place<'_>>,
    output: &Output,
) -> Result<ExitCode, Failure> {
    let name = dataset.map_or_else(|| name_of(file), str::to_owned);
    let open = project(root, place.is_some())?;
    let target = place.zip(open.as_ref()).map(|(place, open)| Target::find(open, place, &name, file)).transpose()?;
    let channel = Channel {
        root: Path::new(""),
        dataset: &name,
        pattern: file,
        complete_when: None,
        window: None,
        may_be_empty: false,
    };
    let instant = now();
    let found = lakewarden_source::list(&channel, &Surroundings::of_process(instant)).await.map_err(refused)?.files;
    let read_as = name.clone();
    let options = InferOptions { rows, now: instant, key: random()? };
    let looked = tokio::task::spawn_blocking(move || {
        let others = found.len().saturating_sub(1);
        let first = found.into_iter().next()?;
        Some((others, first.name.clone(), lakewarden_extract::infer(&first, &read_as, &options)))
    });
    let (others, first, proposal) = looked.await.ok().flatten().ok_or(Failure::Pipeline(PipelineError::Worker))?;
    let proposal = proposal.map_err(refused)?;
    let purposes: Vec<&str> = (open.iter())
        .flat_map(|open| &open.project.purposes.purposes)
        .map(|purpose| purpose.name.value.as_str())
        .collect();
    let yaml = proposal.to_yaml(&first, &purposes);
    let written = match &target {
        Some(target) => target.write(root, &yaml)?,
        None => Vec::new(),
    };
    output.json(&json!({
        "dataset": proposal.dataset, "file": first, "records": proposal.rows, "whole": proposal.whole,
        "key": proposal.key, "event_time": proposal.event_time, "fields": proposal.fields, "notes": proposal.notes,
        "entry": yaml, "written": written,
    }));
    match &target {
        Some(target) => output.text(target.summary()),
        None => output.text(yaml.trim_end()),
    }
    if others > 0 {
        output.say(format!("looked at {first} only: {others} more match"));
    }
    let path = entry_path(&name);
    output.say(match target {
        Some(_) => format!("next: fill in and review {path}, then: lakewarden check"),
        None => format!("next: put it into {path}, or --write; fill in and review it, then: lakewarden check"),
    });
    Ok(ExitCode::SUCCESS)
}

fn entry_path(dataset: &str) -> String {
    format!("schemas/channels/{dataset}.yaml")
}

/// The project, if there is one.
///
/// # Errors
/// If one is needed and is not there.
fn project(root: &Path, needed: bool) -> Result<Option<OpenProject>, Failure> {
    if needed || root.join("lakewarden.yaml").is_file() {
        return super::open(root).map(Some);
    }
    Ok(None)
}

/// The files that a proposal goes into.
struct Target {
    entry: String,
    /// The pipeline's file with the dataset in it.
    pipeline: Option<(String, String)>,
    dataset: String,
    pattern: String,
    /// The files that the pattern matches, where it is not the file alone.
    matched: Vec<String>,
}

impl Target {
    /// Finds out where a proposal goes, before the export is read.
    fn find(open: &OpenProject, place: Place<'_>, dataset: &str, file: &str) -> Result<Self, Failure> {
        // It becomes the name of a file.
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        if !dataset.starts_with(|c: char| c.is_ascii_lowercase()) || !dataset.chars().all(plain) {
            return Err(Failure::Usage {
                message: format!("{dataset:?} is no name of a dataset: lower-case letters, digits and _"),
                hint: "--dataset orders".to_owned(),
            });
        }
        let entry = entry_path(dataset);
        entry::refuse_existing(&open.root, &entry)?;
        let own = pattern_of(&open.root, file);
        let (pattern, matched) = match similar_files(file) {
            Some(SimilarFiles { pattern, names }) => match own.rsplit_once('/') {
                Some((folder, _)) => (format!("{folder}/{pattern}"), names),
                None => (pattern, names),
            },
            None => (own, Vec::new()),
        };
        let add = |name: &str| -> Result<(String, String), Failure> {
            open.pipeline(Some(name)).map_err(Failure::of(open))?;
            let path = format!("pipelines/{name}/pipeline.yaml");
            let text = open.files.iter().find(|f| *f.path == *path).map_or("", |f| &*f.text);
            let added = add_channel(&path, text, dataset, &pattern).map_err(|error| match error {
                AddChannelError::Unreadable(problems) => Failure::Problems { problems, files: open.files.clone() },
                AddChannelError::NoChannels => Failure::Usage {
                    message: format!("{path} has no `channels` that a dataset could be added to"),
                    hint: format!("write by hand: channels: {{ {dataset}: {pattern} }}"),
                },
                AddChannelError::Present => Failure::Usage {
                    message: format!("{dataset} is one of the channels of {path} already"),
                    hint: "leave --add-to out".to_owned(),
                },
            })?;
            Ok((path, added))
        };
        let pipeline = place.add_to.map(add).transpose()?;
        Ok(Self { entry, pipeline, dataset: dataset.to_owned(), pattern, matched })
    }

    /// Writes the entry and the pipeline's file; returns their paths.
    fn write(&self, root: &Path, yaml: &str) -> Result<Vec<&str>, Failure> {
        entry::write_new(root, &self.entry, yaml)?;
        let Some((path, text)) = &self.pipeline else { return Ok(vec![&self.entry]) };
        if let Err(failure) = entry::replace(root, path, text) {
            // Both or none.
            let _ = std::fs::remove_file(root.join(&self.entry));
            return Err(failure);
        }
        Ok(vec![&self.entry, path])
    }

    fn summary(&self) -> String {
        let mut text = format!("wrote {}", self.entry);
        if let Some((path, _)) = &self.pipeline {
            text.push_str(&format!("\nadded {}: {} to the channels of {path}", self.dataset, self.pattern));
            if !self.matched.is_empty() {
                text.push_str(&format!("\n  it matches {}", listed(&self.matched)));
            }
        }
        text
    }
}

/// Files of the folder that are called like a file without its numbers; none of an address.
fn similar_files(file: &str) -> Option<SimilarFiles> {
    if file.contains("://") || !Path::new(file).is_file() {
        return None;
    }
    find_similar_files(Path::new(file), |a, b| name_of(a) == name_of(b))
}

/// The first names, and how many more there are.
fn listed(names: &[String]) -> String {
    const NAMED: usize = 5;
    let mut text = format!("{} files: {}", names.len(), names[..names.len().min(NAMED)].join(", "));
    if names.len() > NAMED {
        text.push_str(&format!(" and {} more", names.len() - NAMED));
    }
    text
}

/// The path of an export as a pipeline names it: relative to the project's root, if it is below.
fn pattern_of(root: &Path, file: &str) -> String {
    if file.contains("://") {
        return file.to_owned();
    }
    let absolute = |path: &Path| -> Option<PathBuf> { std::path::absolute(path).ok() };
    let below = absolute(Path::new(file)).zip(absolute(root)).and_then(|(file, root)| {
        let plain = |path: &Path| path.components().collect::<PathBuf>();
        plain(&file).strip_prefix(plain(&root)).ok().map(Path::to_path_buf)
    });
    match below {
        Some(below) => below.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/"),
        None => absolute(Path::new(file)).map_or_else(|| file.to_owned(), |path| path.display().to_string()),
    }
}

fn refused(error: impl Into<PipelineError>) -> Failure {
    Failure::Pipeline(error.into())
}

/// A dataset's name from a file's: its words without numbers, in snake_case.
fn name_of(file: &str) -> String {
    let last = file.rsplit(['/', '\\']).next().unwrap_or(file);
    let stem = last.split('.').next().unwrap_or(last).to_ascii_lowercase();
    let words: Vec<&str> = (stem.split(|c: char| !c.is_ascii_alphanumeric()))
        .filter(|word| word.starts_with(|c: char| c.is_ascii_alphabetic()))
        .collect();
    if words.is_empty() { "export".to_owned() } else { words.join("_") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dataset_is_called_after_its_file() {
        for (file, name) in [
            ("exports/Orders_2026-09.csv", "orders"),
            ("s3://bucket/pos/pos_sales-part-01.csv.gz", "pos_sales_part"),
            ("2026.csv", "export"),
            ("会员.xlsx", "export"),
        ] {
            assert_eq!(name_of(file), name);
        }
    }
}
