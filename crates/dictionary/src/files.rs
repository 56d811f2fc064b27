//! Which file of a project is what, by its path.

use crate::nearest::nearest;
use crate::structure::STRAY_FILE;
use crate::{Problem, Span};
use std::sync::Arc;

/// The kinds of declarative files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FileKind {
    /// `lakewarden.yaml`.
    Settings,
    /// `schemas/purposes.yaml`.
    Purposes,
    /// `schemas/channels/<dataset>.yaml`.
    Dataset,
    /// `schemas/curated/<table>.yaml`.
    Table,
    /// `pipelines/<pipeline>/pipeline.yaml`.
    Pipeline,
}

impl FileKind {
    /// All kinds, in the order a newcomer meets them.
    pub const ALL: [Self; 5] = [Self::Settings, Self::Purposes, Self::Dataset, Self::Table, Self::Pipeline];

    /// The kind's name, for file names: `settings`, `purposes`, `dataset`, `table`, `pipeline`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Settings => "settings",
            Self::Purposes => "purposes",
            Self::Dataset => "dataset",
            Self::Table => "table",
            Self::Pipeline => "pipeline",
        }
    }

    /// Where its files lie, with placeholders in angle brackets.
    pub fn pattern(self) -> &'static str {
        match self {
            Self::Settings => "lakewarden.yaml",
            Self::Purposes => "schemas/purposes.yaml",
            Self::Dataset => "schemas/channels/<dataset>.yaml",
            Self::Table => "schemas/curated/<table>.yaml",
            Self::Pipeline => "pipelines/<pipeline>/pipeline.yaml",
        }
    }

    /// What a file is, by its path relative to the project's root; `None` if it is none of these (a model, say).
    pub fn of(path: &str) -> Option<Self> {
        match Place::of(path) {
            Place::Entry(kind, _) => Some(kind),
            Place::Model { .. } | Place::Elsewhere => None,
        }
    }
}

/// What a path means.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Place<'a> {
    /// A declarative file and the name that its path gives it.
    Entry(FileKind, &'a str),
    /// A model: its pipeline and its own name.
    Model {
        /// The pipeline's folder.
        pipeline: &'a str,
        /// The file's stem.
        name: &'a str,
    },
    /// None of ours.
    Elsewhere,
}

impl<'a> Place<'a> {
    /// What `path` means.
    pub fn of(path: &'a str) -> Self {
        let parts: Vec<&str> = path.split('/').collect();
        match parts.as_slice() {
            ["lakewarden.yaml"] => Self::Entry(FileKind::Settings, "lakewarden"),
            ["schemas", "purposes.yaml"] => Self::Entry(FileKind::Purposes, "purposes"),
            ["schemas", "channels", file] => {
                stem(file, ".yaml").map_or(Self::Elsewhere, |s| Self::Entry(FileKind::Dataset, s))
            }
            ["schemas", "curated", file] => {
                stem(file, ".yaml").map_or(Self::Elsewhere, |s| Self::Entry(FileKind::Table, s))
            }
            ["pipelines", folder, "pipeline.yaml"] => Self::Entry(FileKind::Pipeline, folder),
            ["pipelines", pipeline, "models", file] => {
                stem(file, ".sql").map_or(Self::Elsewhere, |name| Self::Model { pipeline, name })
            }
            _ => Self::Elsewhere,
        }
    }
}

fn stem<'a>(file: &'a str, ending: &str) -> Option<&'a str> {
    file.strip_suffix(ending).filter(|s| !s.is_empty())
}

/// A warning for a file that looks like one of ours but lies or is named so that nothing reads it.
pub(crate) fn stray(path: &Arc<str>) -> Option<Problem> {
    let ending = path.rsplit_once('.').map_or("", |(_, ending)| ending);
    let top = path.split('/').next().unwrap_or_default();
    let ours = matches!(ending, "yaml" | "yml" | "sql") && (matches!(top, "schemas" | "pipelines") || top == &**path);
    if !ours || top == &**path && nearest(path, ["lakewarden.yaml", "lakewarden.yml"].into_iter()).is_none() {
        return None;
    }
    let places = "schemas/purposes.yaml, schemas/channels/*.yaml, schemas/curated/*.yaml, pipelines/*/pipeline.yaml, pipelines/*/models/*.sql";
    let yaml = path.strip_suffix(".yml").map(|stem| format!("{stem}.yaml"));
    let hint = match yaml {
        Some(yaml) if Place::of(&yaml) != Place::Elsewhere => format!("rename it to `{yaml}`"),
        _ if top == &**path => "rename it to `lakewarden.yaml`".to_owned(),
        _ => format!("what is read: {places}"),
    };
    Some(Problem::warning(STRAY_FILE, Span::file(path), "nothing reads this file").hint(hint))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn paths_say_what_files_are() {
        assert_eq!(Place::of("lakewarden.yaml"), Place::Entry(FileKind::Settings, "lakewarden"));
        assert_eq!(Place::of("schemas/channels/pos_sales.yaml"), Place::Entry(FileKind::Dataset, "pos_sales"));
        assert_eq!(Place::of("schemas/curated/sales.yaml"), Place::Entry(FileKind::Table, "sales"));
        assert_eq!(Place::of("pipelines/retail/pipeline.yaml"), Place::Entry(FileKind::Pipeline, "retail"));
        assert_eq!(Place::of("pipelines/retail/models/sales.sql"), Place::Model { pipeline: "retail", name: "sales" });
        for path in
            ["", "schemas/channels/.yaml", "schemas/channels/a/b.yaml", "pipelines/a/models/x.txt", "a/lakewarden.yaml"]
        {
            assert_eq!(Place::of(path), Place::Elsewhere, "{path}");
        }
    }

    #[test]
    fn strays_are_told_where_they_belong() {
        let hint = |path: &str| stray(&path.into()).map(|p| p.hint.unwrap());
        assert_eq!(hint("schemas/channels/a.yml").as_deref(), Some("rename it to `schemas/channels/a.yaml`"));
        assert_eq!(hint("lakewarden.yml").as_deref(), Some("rename it to `lakewarden.yaml`"));
        assert!(hint("schemas/chanels/a.yaml").unwrap().starts_with("what is read: "));
        assert_eq!(hint("README.md"), None);
        assert_eq!(hint("compose.yaml"), None);
        assert_eq!(hint("pipelines/retail/notes.md"), None);
    }
}
