//! `pipelines/<pipeline>/pipeline.yaml`.

use super::database::Database;
use super::demands::Percent;
use super::terms::*;
use crate::diagnostic::{Span, Spanned};
use std::sync::Arc;

/// A pipeline: which exports arrive where, how people are recognised, which models are built.
#[derive(Debug, Clone)]
pub struct Pipeline {
    /// Its name; the folder's.
    pub name: Spanned<String>,
    /// What people call it.
    pub label: Label,
    /// Cron expression in the project's time zone, if it is scheduled.
    pub schedule: Option<Spanned<String>>,
    /// The datasets it loads.
    pub channels: Vec<Channel>,
    /// How it is known of a dataset's files that they are whole.
    pub complete_when: Vec<CompleteWhen>,
    /// What becomes of a dataset's files once they are loaded.
    pub after_load: Vec<AfterLoad>,
    /// How records are joined into customers; absent: no customers are built.
    pub identity: Option<IdentityRules>,
    /// Its models, by name.
    pub models: Vec<Model>,
    /// Where it is declared.
    pub span: Span,
}

/// One dataset and where its rows come from.
#[derive(Debug, Clone)]
pub struct Channel {
    /// The dataset.
    pub dataset: Spanned<String>,
    /// Glob of its files: a URL, or a path relative to the project's root (`exports/pos_sales/*`). Empty where the
    /// rows come from a database.
    pub files: Spanned<String>,
    /// The database that its rows come from, if they do.
    pub database: Option<Box<Database>>,
}

/// When the files of a dataset may be read.
#[derive(Debug, Clone)]
pub struct CompleteWhen {
    /// The dataset.
    pub dataset: Spanned<String>,
    /// Name of a file beside it; `{file}` stands for its own name.
    pub marker: Option<Spanned<String>>,
    /// Minutes since it was last written.
    pub min_age_minutes: Option<u32>,
}

/// What becomes of the files of a dataset once they are loaded.
#[derive(Debug, Clone)]
pub struct AfterLoad {
    /// The dataset.
    pub dataset: Spanned<String>,
    /// What is done.
    pub action: AfterLoadAction,
    /// Where that is declared.
    pub span: Span,
}

/// What is done with files that are loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AfterLoadAction {
    /// They stay where they are.
    Keep,
    /// They are deleted.
    Delete,
    /// They are moved below this folder.
    Archive(String),
}

/// What is done with files that are loaded, where a word says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlainAfterLoad {
    /// They stay where they are.
    Keep,
    /// They are deleted.
    Delete,
}

impl Pipeline {
    /// What becomes of a dataset's files once they are loaded; `None` if they stay.
    pub fn after_load(&self, dataset: &str) -> Option<&AfterLoadAction> {
        let declared = self.after_load.iter().find(|after| after.dataset.value == dataset)?;
        (declared.action != AfterLoadAction::Keep).then_some(&declared.action)
    }

    /// When the files of this dataset may be read, if that is declared.
    pub fn complete_when(&self, dataset: &str) -> Option<&CompleteWhen> {
        self.complete_when.iter().find(|c| c.dataset.value == dataset)
    }
}

/// How records become customers.
#[derive(Debug, Clone)]
pub struct IdentityRules {
    /// Identifier domains that link records, strongest first.
    pub link_on: Names,
    /// A token seen with more than this many tokens of one other domain is shared by several people
    /// (a shop's own phone) and links nothing.
    pub max_links: u32,
    /// A token in more rows than this is shared as well.
    pub max_rows: Option<u32>,
    /// A token in more than this share of the rows with a token of its domain is shared as well.
    pub max_share: Option<Percent>,
    /// Where it is declared.
    pub span: Span,
}

/// One model: `models/<table>.sql`.
#[derive(Debug, Clone)]
pub struct Model {
    /// The file's stem: the table it builds.
    pub name: String,
    /// Path relative to the project's root.
    pub path: Arc<str>,
    /// Its SQL.
    pub sql: Arc<str>,
}
