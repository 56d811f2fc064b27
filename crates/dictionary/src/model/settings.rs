//! `lakewarden.yaml`.

use super::terms::{Grace, Names, Period};
use crate::diagnostic::{Span, Spanned};

/// What holds for the whole project.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// The project's name.
    pub project: String,
    /// Where the lake is: a URL (`file://`, `s3://`) or a path relative to the project's root.
    pub lake: Option<Spanned<String>>,
    /// Where the master key comes from.
    pub key: Option<KeySource>,
    /// Jurisdiction of subjects whose consent log says none.
    pub jurisdiction: Option<Spanned<String>>,
    /// Wall-clock zone of times without an offset (IANA), e.g. `Asia/Shanghai`.
    pub time_zone: Option<Spanned<String>>,
    /// Memory the run may use, bytes; the engine's default if absent.
    pub memory_budget: Option<u64>,
    /// How long rejected records are kept; see [`Settings::quarantine_retention_of`].
    pub quarantine_retention: Option<Spanned<Period>>,
    /// How long versions of tables that are no longer current are kept; see [`Settings::kept_versions`].
    pub history: Option<Spanned<Grace>>,
    /// Purposes that runs and queries may be replayed for with the consent known at an earlier instant; none if empty.
    pub replay_purposes: Names,
    /// Where the project declares that it has no consent log, if it does (`consent_log: none`).
    pub no_consent_log: Option<Span>,
    /// Why it has none.
    pub consent_log_reason: Option<Spanned<String>>,
    /// Groups of identifier domains whose pseudonyms no table may bring together.
    pub keep_apart: Vec<Names>,
    /// How many data subjects have to stand behind each row of a table without a subject column; at least 1.
    pub minimum_subjects: u32,
    /// The same as the project declares it, if it does.
    pub declared_minimum_subjects: Option<Spanned<u32>>,
}

impl Settings {
    /// How long versions of tables that are no longer current are kept: a week, if the project does not say.
    pub fn kept_versions(&self) -> Grace {
        self.history.as_ref().map_or(Grace { days: 7 }, |history| history.value)
    }
}

/// What a project declares of its consent log where it has none (`consent_log:`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeclaredConsentLog {
    /// There is none.
    None,
}

/// Where the master key comes from. Never from the project's own files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeySource {
    /// By which way.
    pub provider: KeyProvider,
    /// Version of the key that new pseudonyms are made with, from 1.
    pub version: u32,
    /// Where it is declared.
    pub span: Span,
}

/// Ways to get at the master key (32 bytes, base64).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyProvider {
    /// An environment variable of this name.
    Environment(String),
    /// A file of mode 0600 outside the project; `~` is the home folder.
    File(String),
    /// What this command prints (argv, no shell).
    Command(Vec<String>),
}

/// Fewest data subjects behind a row that no longer counts as data of one of them, whatever a project says: of two
/// people each knows the other's part, and of one there is nothing to subtract.
pub const LEAST_SUBJECTS: u32 = 3;
