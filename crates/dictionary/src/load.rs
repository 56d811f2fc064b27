//! Text of files in, project and problems out.

use crate::checks::{self, Context};
use crate::diagnostic::{Problem, Severity, SourceFile, Span};
use crate::files::{FileKind, Place, stray};
use crate::model::{Dataset, Model, Pipeline, Project, Purposes, Settings, Table};
use crate::parallel::side_by_side;
use crate::placeholders::{report_placeholders, retain_causes};
use crate::read::{self, Fields};
use crate::spec::Findings;
use crate::structure::{NO_PIPELINE, NO_SETTINGS};
use crate::{spec, yaml};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A project as far as it could be understood, and everything that is wrong with it.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The project. What was broken is absent, or as its absence would be; a broken treatment is
    /// [`crate::Treatment::Drop`], a broken identifier class [`crate::IdentifierClass::Direct`], a broken lawful
    /// basis [`crate::LawfulBasis::Consent`]. Use it for data only if there are no errors.
    pub project: Project,
    /// All problems, by path, then by place.
    pub problems: Vec<Problem>,
}

impl Loaded {
    /// Whether any problem is an error: then no command touches data.
    pub fn has_errors(&self) -> bool {
        self.problems.iter().any(|p| p.severity == Severity::Error)
    }
}

/// What is known about what could not be read: that it is there. Checks take it on trust.
#[derive(Debug, Default)]
pub(crate) struct Unread {
    /// Declarative files, by kind and the name that their path gives them.
    pub entries: BTreeSet<(FileKind, String)>,
    /// Models whose pipeline could not be read.
    pub models: BTreeSet<String>,
}

/// Reads a project from the text of its files, in any order. Files that are none of a project's are passed over.
pub fn load(files: &[SourceFile]) -> Loaded {
    let mut found = Findings::default();
    let mut project = Project::default();
    let mut unread = Unread::default();
    let mut models: BTreeMap<&str, Vec<Model>> = BTreeMap::new();
    let mut folders: BTreeMap<&str, usize> = BTreeMap::new();
    let mut settings = false;

    let mut in_order: Vec<&SourceFile> = files.iter().collect();
    in_order.sort_by(|a, b| a.path.cmp(&b.path));
    let mut entries = Vec::new();
    for file in in_order {
        match Place::of(&file.path) {
            Place::Entry(kind, name) => entries.push((file, kind, name)),
            Place::Model { pipeline, name } => {
                let model = Model { name: name.to_owned(), path: file.path.clone(), sql: file.text.clone() };
                models.entry(pipeline).or_default().push(model);
            }
            Place::Elsewhere => found.problems.extend(stray(&file.path)),
        }
    }
    let read = side_by_side(&entries, |(file, kind, name)| read_entry(file, *kind, name));
    for ((_, kind, name), (own, entry)) in entries.into_iter().zip(read) {
        found.absorb(own);
        settings |= kind == FileKind::Settings;
        match entry {
            None => {
                unread.entries.insert((kind, name.to_owned()));
            }
            Some(Entry::Settings(settings)) => project.settings = *settings,
            Some(Entry::Purposes(purposes)) => project.purposes = purposes,
            Some(Entry::Dataset(dataset)) => project.datasets.push(*dataset),
            Some(Entry::Table(table)) => project.tables.push(*table),
            Some(Entry::Pipeline(pipeline)) => {
                folders.insert(name, project.pipelines.len());
                project.pipelines.push(*pipeline);
            }
        }
    }

    if let Some(budget) = project.settings.memory_budget {
        project.datasets.iter_mut().for_each(|dataset| dataset.format.limits.keep_within(budget));
    }
    if !settings {
        let path: Arc<str> = FileKind::Settings.pattern().into();
        found.problems.push(
            Problem::error(NO_SETTINGS, Span::file(&path), "there is no `lakewarden.yaml` here")
                .hint("run `lakewarden init` to make a project, or go to the folder that has one"),
        );
    }
    for (folder, mut of_folder) in models {
        of_folder.sort_by(|a, b| a.name.cmp(&b.name));
        if let Some(index) = folders.get(folder) {
            project.pipelines[*index].models = of_folder;
        } else {
            if !unread.entries.contains(&(FileKind::Pipeline, folder.to_owned())) {
                let path: Arc<str> = format!("pipelines/{folder}/pipeline.yaml").into();
                found.problems.push(
                    Problem::error(
                        NO_PIPELINE,
                        Span::file(&path),
                        format!("`pipelines/{folder}` has models but no `pipeline.yaml`"),
                    )
                    .hint(format!("write `{path}`, or move the models to another pipeline")),
                );
            }
            unread.models.extend(of_folder.into_iter().map(|m| m.name));
        }
    }
    project.datasets.sort_by(|a, b| a.name.value.cmp(&b.name.value));
    project.tables.sort_by(|a, b| a.name.value.cmp(&b.name.value));
    project.pipelines.sort_by(|a, b| a.name.value.cmp(&b.name.value));

    project.settle_terms();
    let between = checks::run(&Context::new(&project, &unread, &found));
    let mut problems = found.problems;
    problems.extend(between);
    retain_causes(&mut problems);
    let marked: Vec<Dataset> = project.datasets.iter().filter_map(Dataset::anomaly_table).collect();
    project.datasets.extend(marked);
    project.datasets.sort_by(|a, b| a.name.value.cmp(&b.name.value));
    problems.sort_by(|a, b| place(a).cmp(&place(b)));
    Loaded { project, problems }
}

/// What one declarative file declares.
enum Entry {
    Settings(Box<Settings>),
    Purposes(Purposes),
    Dataset(Box<Dataset>),
    Table(Box<Table>),
    Pipeline(Box<Pipeline>),
}

/// Reads one declarative file, without a look at any other. `None` if nothing of it can be used.
fn read_entry(file: &SourceFile, kind: FileKind, name: &str) -> (Findings, Option<Entry>) {
    let mut found = Findings::default();
    let Some(node) = yaml::parse(&file.path, &file.text, &mut found.problems) else { return (found, None) };
    let declared = spec::of(kind);
    report_placeholders(&node, &mut found.problems);
    spec::validate(&node, declared, &mut found);
    let fields = Fields::new(declared, &node);
    let entry = match kind {
        FileKind::Settings => Entry::Settings(Box::new(read::settings(&fields))),
        FileKind::Purposes => Entry::Purposes(read::purposes(&fields)),
        FileKind::Dataset => Entry::Dataset(Box::new(read::dataset(&fields, name))),
        FileKind::Table => Entry::Table(Box::new(read::table(&fields, name))),
        FileKind::Pipeline => Entry::Pipeline(Box::new(read::pipeline(&fields, name))),
    };
    (found, Some(entry))
}

fn place(problem: &Problem) -> (&str, usize, usize, &str, &str) {
    let span = &problem.span;
    (&span.path, span.start, span.end, problem.code, &problem.message)
}
