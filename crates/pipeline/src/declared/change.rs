//! A change of a declaration since rows were stored: what it does to them, and what resolves it.

use serde::{Deserialize, Serialize};

/// Kinds of changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// Pseudonyms were made with another version of the key.
    SecretKeyRotated,
    /// Rows were stored without any pseudonym that is declared today.
    SubjectNotStored,
    /// The dataset is used for something else by the engine.
    RoleChanged,
    /// `subject` is declared otherwise.
    SubjectChanged,
    /// Rows were stored without a field.
    FieldAdded,
    /// The same, and it says since when exports have it.
    FieldAddedSince,
    /// A column probably has another name.
    FieldRenamed,
    /// A column is stored as another type.
    TypeChanged,
    /// Another treatment was applied.
    TreatmentChanged,
    /// One text would become another pseudonym.
    PseudonymChanged,
    /// Texts were read otherwise.
    ReadingChanged,
    /// The same, and the field says since when it is read as it is now.
    ReadingChangedSince,
    /// Spellings were added that rows may hold as they came.
    SpellingAdded,
    /// More texts are read than before; those that were read are read alike.
    ReadingExtended,
    /// The column comes from another field of the export.
    SourceChanged,
    /// A required column is null in stored rows.
    RequiredNull,
    /// Rows were told apart by another key.
    RowKeyChanged,
    /// The same, and rows that it told apart differ under the new key too.
    RowKeyFiner,
    /// Another row of a key was kept.
    SurvivorChanged,
    /// Rows are kept for longer.
    RetentionLonger,
    /// Rows were removed under a shorter retention.
    RetentionRemoved,
    /// Rows are kept for less long.
    RetentionShorter,
    /// Another column says when a row is from.
    EventTimeChanged,
    /// A column is stored and not declared.
    FieldDropped,
}

/// What a change means for commands that read stored rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// Stored rows mean what they should.
    Note,
    /// Stored rows may be incomplete.
    Warning,
    /// Nothing that is made of stored rows is published or shown.
    Refused,
}

/// A change of a dataset's declaration since rows of it were stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeclarationChange {
    /// Stable code.
    pub code: String,
    /// What it means.
    pub decision: Decision,
    /// The dataset.
    pub dataset: String,
    /// The column, if it is of one.
    pub column: Option<String>,
    /// Its kind.
    pub change: ChangeKind,
    /// What was declared when the rows were stored, if it can be said in a few words.
    pub before: Option<String>,
    /// What is declared today, if it can be said in a few words.
    pub now: Option<String>,
    /// Loaded files that it concerns, as far as the ledger tells.
    pub files: u64,
    /// Stored rows that it concerns, or rows that are missing.
    pub rows: u64,
    /// What happened, in one sentence.
    pub message: String,
    /// What resolves it: a command, or what to declare.
    pub remedy: String,
}

impl ChangeKind {
    /// Stable code.
    pub fn code(self) -> &'static str {
        match self {
            Self::TypeChanged | Self::TreatmentChanged => "LW2022",
            Self::SubjectNotStored => "LW2023",
            Self::FieldAdded | Self::FieldAddedSince => "LW2030",
            Self::RequiredNull => "LW2031",
            Self::PseudonymChanged
            | Self::ReadingChanged
            | Self::ReadingChangedSince
            | Self::SpellingAdded
            | Self::ReadingExtended => "LW2032",
            Self::FieldRenamed => "LW2033",
            Self::RowKeyChanged | Self::RowKeyFiner | Self::SurvivorChanged => "LW2034",
            Self::SecretKeyRotated => "LW6070",
            Self::RetentionLonger | Self::RetentionRemoved => "LW2036",
            Self::FieldDropped | Self::RetentionShorter => "LW2037",
            Self::RoleChanged | Self::SubjectChanged => "LW2038",
            Self::SourceChanged | Self::EventTimeChanged => "LW2039",
        }
    }
}

impl ChangeKind {
    /// Whether it is of rows that were left out, rather than of those that were stored.
    pub(super) fn is_of_missing_rows(self) -> bool {
        match self {
            Self::RowKeyChanged
            | Self::RowKeyFiner
            | Self::SurvivorChanged
            | Self::RetentionLonger
            | Self::RetentionRemoved => true,
            Self::SecretKeyRotated
            | Self::SubjectNotStored
            | Self::RoleChanged
            | Self::SubjectChanged
            | Self::FieldAdded
            | Self::FieldAddedSince
            | Self::FieldRenamed
            | Self::TypeChanged
            | Self::TreatmentChanged
            | Self::PseudonymChanged
            | Self::ReadingChanged
            | Self::ReadingChangedSince
            | Self::SpellingAdded
            | Self::ReadingExtended
            | Self::SourceChanged
            | Self::RequiredNull
            | Self::RetentionShorter
            | Self::EventTimeChanged
            | Self::FieldDropped => false,
        }
    }
}

impl Decision {
    /// How it is called before a code.
    pub fn word(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Refused => "error",
        }
    }
}
