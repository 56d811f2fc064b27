//! From an export that nobody has described yet to a proposed entry of the dictionary.
//!
//! [`sniff`] finds how the file is written, [`names_of`] what its columns are called; each column's values are gathered into a
//! [`profile`]; [`meanings`] guesses from the name what a field is, [`propose`] holds that against the shapes of the values and
//! decides, and [`yaml`] writes the entry down, everything in it marked as proposed.
//!
//! What must be absent here: a value. A proposal holds names of columns, types and shares, and never a cell.

mod meanings;
mod names_of;
mod person_names;
mod profile;
mod propose;
mod sniff;
mod yaml;

pub use propose::{Proposal, ProposedField};

use crate::error::ExtractError;
use crate::read::{FieldNames, RawBatch, RawData, Stop, parse_lines, read_file};
use crate::source::SourceFile;
use crate::values::as_text;
use arrow::array::{ArrayRef, StringArray};
use lakewarden_dictionary::diagnostic::Spanned;
use lakewarden_dictionary::{
    DataType, Dataset, DatasetRole, DatasetSubject, Demands, Drift, Field, Format, IdentifierClass, Label, Normaliser,
    ProjectTerms, Repeats, Span, Treatment, UnreadableSubject, ValueForms,
};
use profile::Profile;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

/// Rows a batch.
const BATCH_ROWS: usize = 8192;

/// Reads up to `rows` records of a file and proposes an entry for a dataset of this name.
///
/// # Errors
/// [`ExtractError`], if the file cannot be read at all.
pub fn infer(file: &SourceFile, dataset: &str, rows: u64) -> Result<Proposal, ExtractError> {
    let format = sniff::format(file)?;
    let names = names_of::columns(file, &format, BATCH_ROWS)?;
    if names.is_empty() {
        return Err(ExtractError::EmptyFile { file: file.name.clone() });
    }
    let described = as_text_fields(dataset, &format, &names);
    let mut profiles = vec![Profile::default(); names.len()];
    let mut read = 0u64;
    let meter = Arc::new(AtomicU64::new(0));
    let result = read_file(&described, file, BATCH_ROWS, &meter, &mut |batch| {
        let len = batch.len as u64;
        for (profile, column) in profiles.iter_mut().zip(texts(&described, &file.name, batch)?) {
            match column {
                Some(values) => profile.observe(&values),
                None => profile.observe(&StringArray::new_null(len as usize)),
            }
        }
        read += len;
        if read >= rows { Err(Stop::Cancelled) } else { Ok(()) }
    });
    match result {
        Ok(_) | Err(Stop::Cancelled) => Ok(propose::propose(dataset, format, read, &names, &profiles)),
        Err(Stop::Failed(error)) => Err(error),
    }
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
        coordinates: Vec::new(),
        demands: Demands::default(),
        span: span.clone(),
    }
}

/// The columns of a batch as text; `None` where the file lacks one.
fn texts(dataset: &Dataset, file: &str, batch: RawBatch) -> Result<Vec<Option<StringArray>>, Stop> {
    let bug = || Stop::Failed(ExtractError::Internal { file: file.to_owned(), doing: "looking at values" });
    let plain = |array: ArrayRef| as_text(&array).ok_or_else(bug);
    match batch.data {
        RawData::Arrow(columns) => columns.into_iter().map(|c| c.map(plain).transpose()).collect(),
        RawData::Text(columns) => {
            columns.into_iter().map(|c| c.map(|c| c.finish().ok_or_else(bug)).transpose()).collect()
        }
        RawData::Json { text, spans } => {
            let names = FieldNames::new(dataset);
            let parsed = parse_lines(&names, dataset.fields.len(), &dataset.format.limits, &text, &spans);
            parsed.columns.into_iter().map(|c| c.finish().map(Some).ok_or_else(bug)).collect()
        }
    }
}
