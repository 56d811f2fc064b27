//! The declarations that a table's rows were stored under, in the information of its commits.

use super::declaration::{StoredColumn, StoredDeclaration};
use crate::error::PipelineError;
use crate::load::{KEY, information};
use crate::row_files::SOURCE_COLUMN;
use arrow::datatypes::{DataType as Arrow, Schema};
use lakewarden_dictionary::{DataType, Period, UNIDENTIFIED_COLUMN};
use lakewarden_lake::TableSnapshot;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Key of [`StoredDeclarations`] in a commit's information.
pub(crate) const DECLARATIONS: &str = "lakewarden.declarations";

/// Key of the treatments alone, which versions before [`DECLARATIONS`] noted of their last load.
pub(crate) const TREATMENTS: &str = "lakewarden.treatments";

/// The declarations that the rows of a table were stored under, by id.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct StoredDeclarations(BTreeMap<String, StoredDeclaration>);

impl StoredDeclarations {
    /// Those of a published table; none, where it has no rows.
    ///
    /// # Errors
    /// [`PipelineError::Damaged`] if they cannot be read.
    pub fn of_published(published: Option<&TableSnapshot>) -> Result<Self, PipelineError> {
        let Some(published) = published.filter(|published| published.rows() > 0) else { return Ok(Self::default()) };
        if let Some(noted) = information(published, DECLARATIONS)? {
            return Ok(Self(noted));
        }
        let earlier = of_treatments(published)?;
        Ok(Self([(earlier.id(), earlier)].into_iter().collect()))
    }

    /// The same, and that of rows which are stored under it now.
    #[must_use]
    pub fn with(mut self, today: StoredDeclaration) -> Self {
        let id = today.id();
        let removed_under = self.0.get(&id).and_then(|known| known.removed_under.clone());
        self.0.insert(id, StoredDeclaration { removed_under, ..today });
        self
    }

    /// The same, without columns that left the table's files.
    #[must_use]
    pub fn without_columns(mut self, columns: &[String]) -> Self {
        self.0.values_mut().for_each(|declaration| declaration.columns.retain(|name, _| !columns.contains(name)));
        self
    }

    /// The same, after a run removed rows of any of them under a retention.
    #[must_use]
    pub fn after_removal(mut self, retention: Period) -> Self {
        self.0.values_mut().for_each(|declaration| declaration.note_removal(retention));
        self
    }

    /// Those that the rows of some files were stored under: what is left of them when all other files are loaded again.
    /// Files of versions that noted no declaration have none.
    #[must_use]
    pub fn of_files<'f>(mut self, files: impl IntoIterator<Item = Option<&'f str>>) -> Self {
        let unnamed = self.unnamed().map(str::to_owned);
        let left: BTreeSet<&str> = files.into_iter().filter_map(|id| id.or(unnamed.as_deref())).collect();
        self.0.retain(|id, _| left.contains(id.as_str()));
        self
    }

    /// What a commit says of them.
    pub fn to_info(&self) -> (String, Value) {
        (DECLARATIONS.to_owned(), json!(self.0))
    }

    /// Each with its id.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &StoredDeclaration)> {
        self.0.iter().map(|(id, declaration)| (id.as_str(), declaration))
    }

    /// The id of the declaration of files whose entry in the ledger names none.
    pub fn unnamed(&self) -> Option<&str> {
        self.iter().find(|(_, declaration)| declaration.terms.is_none()).map(|(id, _)| id)
    }
}

/// Takes columns that left a table's files out of what a commit says of its declarations. Their ids stay, which the ledger
/// names.
pub(crate) fn forget_columns(info: &mut Map<String, Value>, columns: &[String]) {
    let forget = |of: &mut Value| {
        if let Value::Object(of) = of {
            of.retain(|column, _| !columns.contains(column));
        }
    };
    if let Some(Value::Object(declarations)) = info.get_mut(DECLARATIONS) {
        declarations.values_mut().filter_map(|declaration| declaration.get_mut("columns")).for_each(forget);
    }
    if let Some(treatments) = info.get_mut(TREATMENTS) {
        forget(treatments);
    }
}

/// What is known of rows that were stored before declarations were noted.
fn of_treatments(published: &TableSnapshot) -> Result<StoredDeclaration, PipelineError> {
    let treatments: Map<String, Value> = information(published, TREATMENTS)?.unwrap_or_default();
    let schema: &Schema = &published.schema;
    // A column that some file lacks was declared after that file was loaded.
    let in_all_files = |column: &str| {
        published
            .files
            .iter()
            .filter(|file| file.rows > 0)
            .all(|file| file.null_counts.is_empty() || file.null_counts.contains_key(column))
    };
    let own = [UNIDENTIFIED_COLUMN, SOURCE_COLUMN];
    let declared = |name: &str| !own.contains(&name) && in_all_files(name);
    let fields = schema.fields().iter().filter(|field| declared(field.name()));
    let columns = fields.map(|field| {
        let treatment = treatments.get(field.name()).cloned();
        let stored_type = type_words(field.data_type());
        (field.name().clone(), StoredColumn { stored_type, treatment, reading: None })
    });
    Ok(StoredDeclaration {
        columns: columns.collect(),
        terms: None,
        pseudonym_key: information(published, KEY)?,
        removed_under: None,
    })
}

/// An Arrow type as the dictionary calls it.
fn type_words(of: &Arrow) -> String {
    let known = match of {
        Arrow::Utf8 | Arrow::LargeUtf8 | Arrow::Utf8View => DataType::String,
        Arrow::Int64 => DataType::Integer,
        Arrow::Float64 => DataType::Double,
        Arrow::Decimal128(precision, scale) => DataType::Decimal { precision: *precision, scale: *scale },
        Arrow::Boolean => DataType::Boolean,
        Arrow::Date32 => DataType::Date,
        Arrow::Timestamp(..) => DataType::Timestamp,
        other => return other.to_string(),
    };
    known.to_string()
}
