//! From an export that nobody has described yet to a proposed entry of the dictionary.
//!
//! 1. [`sniff`] finds how the file is written, [`names_of`] what its columns are called.
//! 2. The *survey* reads all records: a [`census`] of each column counts what is cheap to count of every value, a [`profile`]
//!    looks at some of them closely, and [`keys`] counts which columns together name a record.
//! 3. [`meanings`] guesses from the name what a field is, [`types`] and [`propose`] hold that against the values and decide,
//!    and [`yaml`] writes the entry down. What the data do not say is a placeholder ([`answer`]).
//! 4. [`verify`] lets the reader that will load the file read it by the proposed entry, stores nothing, and changes what
//!    would lose records.
//!
//! What must be absent here: a value. A proposal has names of columns, types, shares, and words that stand for a missing
//! value in any export; never a cell.

mod answer;
mod census;
mod consent;
mod csv_layout;
mod keys;
mod meanings;
mod names_of;
mod number_forms;
mod person_names;
mod profile;
mod propose;
mod reasons;
mod sketch;
mod sniff;
mod survey;
mod time_forms;
mod types;
mod verify;
mod words;
mod yaml;

pub use answer::Answer;
pub use propose::{Proposal, ProposedField};

use crate::error::ExtractError;
use crate::source::SourceFile;
use chrono::{DateTime, Utc};
use lakewarden_dictionary::diagnostic::Spanned;
use lakewarden_dictionary::{
    DataType, Dataset, DatasetRole, DatasetSubject, Demands, Drift, Field, Format, IdentifierClass, Label, Normaliser,
    ProjectTerms, Repeats, Span, Treatment, UnreadableSubject, ValueForms,
};
use std::sync::Arc;
use survey::survey;

/// Records a batch.
const BATCH_ROWS: usize = 8192;

/// What a proposal depends on besides its file.
#[derive(Debug, Clone, Copy)]
pub struct InferOptions {
    /// Records looked at; all if absent, and only then the proposal is tried on the data.
    pub rows: Option<u64>,
    /// The clock: judges counts of time that may be in several units.
    pub now: DateTime<Utc>,
    /// Random bytes: what is put into a temporary file while keys of rows are compared is hidden by them.
    pub key: [u8; 32],
}

/// Reads a file and proposes an entry for a dataset of this name. Memory is bounded.
///
/// # Errors
/// [`ExtractError`], if the file cannot be read.
pub fn infer(file: &SourceFile, dataset: &str, options: &InferOptions) -> Result<Proposal, ExtractError> {
    let mut layout = sniff::layout(file)?;
    let names = names_of::columns(file, &mut layout, BATCH_ROWS)?;
    if names.is_empty() {
        return Err(ExtractError::EmptyFile { file: file.name.clone() });
    }
    let described = as_text_fields(dataset, &layout.format, &names);
    let found = survey(&described, file, options.rows)?;
    let mut proposal = found.propose(dataset, layout, &names);
    if found.whole {
        verify::verify(&mut proposal, file, options)?;
    }
    Ok(proposal)
}

/// A dataset in which every column of the file is text, and nothing is demanded.
fn as_text_fields(dataset: &str, format: &Format, names: &[String]) -> Dataset {
    let span = Span::file(&Arc::from("(proposed)"));
    let here = |value: &str| Spanned { value: value.to_owned(), span: span.clone() };
    let field = |name: &String| Field {
        name: here(name),
        column: here(name),
        label: Label::default(),
        meaning: String::new(),
        data_type: Spanned { value: DataType::String, span: span.clone() },
        unit: None,
        identifier: IdentifierClass::None,
        category: None,
        treatment: Treatment::Keep,
        normalise: Normaliser::Trim,
        purposes: Vec::new(),
        time_formats: Vec::new(),
        map: Vec::new(),
        null_values: Vec::new(),
        optional: true,
        multiline: true,
        json: true,
        trim_chars: String::new(),
        since: None,
        rules: Vec::new(),
        statistical_period: None,
        values: ValueForms::default(),
        span: span.clone(),
    };
    Dataset {
        name: here(dataset),
        label: Label::default(),
        meaning: String::new(),
        source: String::new(),
        owner: String::new(),
        update_frequency: String::new(),
        format: format.clone(),
        time_zone: None,
        key: Vec::new(),
        repeats: Repeats::default(),
        snapshot: None,
        event_time: None,
        retention: None,
        quarantine_retention: None,
        purposes: Vec::new(),
        fields: names.iter().map(field).collect(),
        role: DatasetRole::Data,
        subject: DatasetSubject::Pseudonym,
        subject_reason: None,
        unreadable_subject: UnreadableSubject::default(),
        drift: Drift::default(),
        terms: ProjectTerms::default(),
        renamed_from: None,
        coordinates: Vec::new(),
        demands: Demands::default(),
        span: span.clone(),
    }
}
