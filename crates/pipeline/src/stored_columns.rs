//! What a table's files hold against what the dictionary declares today.
//!
//! SQL sees the columns that are declared today and no others, whatever the lake stores. A stored column that
//! is now declared otherwise is refused: cast or read under the new declaration, its old values would pass for what they
//! are not.

use crate::contract;
use crate::error::PipelineError;
use crate::tables::TableView;
use arrow::datatypes::SchemaRef;
use lakewarden_dictionary::{Dataset, Table, Treatment};
use lakewarden_extract::conformed_schema;
use lakewarden_lake::{DataFile, TableSnapshot};
use serde_json::{Map, Value, json};

/// Key of the treatments that a table's rows were stored under, in a commit's information.
pub(crate) const TREATMENTS: &str = "lakewarden.treatments";

/// The treatment of every stored column of a dataset, by column.
pub(crate) fn treatments(dataset: &Dataset) -> Value {
    let of = |treatment: &Treatment| json!(treatment);
    Value::Object(dataset.stored().map(|f| (f.column.value.clone(), of(&f.treatment))).collect::<Map<_, _>>())
}

/// The published rows of a dataset with the columns that it declares today.
///
/// # Errors
/// [`PipelineError::StoredOtherwise`] if a column was stored with another type or treatment;
/// [`PipelineError::SubjectNotStored`] if rows were stored before the dataset named its data subjects.
pub(crate) fn of_dataset(dataset: &Dataset, published: TableSnapshot) -> Result<TableView, PipelineError> {
    check(dataset, &published)?;
    Ok(TableView::from(published).with_schema(conformed_schema(dataset)))
}

/// Refuses published rows that cannot be read as the dataset declares them today.
///
/// # Errors
/// As [`of_dataset`].
pub(crate) fn check(dataset: &Dataset, published: &TableSnapshot) -> Result<(), PipelineError> {
    let name = &dataset.name.value;
    if published.files.is_empty() {
        return Ok(());
    }
    same_types(name, &published.schema, &conformed_schema(dataset))?;
    let before = published.noted.get(TREATMENTS).and_then(Value::as_object);
    for field in dataset.stored() {
        let column = &field.column.value;
        let stored = before.and_then(|before| before.get(column));
        if let Some(stored) = stored.filter(|stored| **stored != json!(field.treatment)) {
            return Err(PipelineError::StoredOtherwise {
                table: name.clone(),
                column: column.clone(),
                stored: format!("with treatment {}", treatment_words(stored)),
                declared: treatment_words(&json!(field.treatment)),
            });
        }
    }
    let lacks_all = |file: &&DataFile| {
        let has = |column: &str| file.null_counts.is_empty() || file.null_counts.contains_key(column);
        file.rows > 0 && dataset.has_subjects() && !dataset.pseudonyms().any(|f| has(&f.column.value))
    };
    match published.files.iter().find(lacks_all) {
        Some(_) => Err(PipelineError::SubjectNotStored { table: name.clone() }),
        None => Ok(()),
    }
}

/// The published rows of a curated table with the columns that its entry declares today.
///
/// # Errors
/// [`PipelineError::StoredOtherwise`] if a column has another type, or was not published yet.
pub(crate) fn of_table(table: &Table, published: TableView) -> Result<TableView, PipelineError> {
    let (name, declared) = (&table.name.value, contract::schema(table));
    same_types(name, &published.schema, &declared)?;
    for field in declared.fields() {
        if published.schema.field_with_name(field.name()).is_err() {
            return Err(PipelineError::NotPublishedYet { table: name.clone(), column: field.name().clone() });
        }
    }
    Ok(published.with_schema(declared))
}

fn same_types(table: &str, stored: &SchemaRef, declared: &SchemaRef) -> Result<(), PipelineError> {
    for field in declared.fields() {
        let Ok(found) = stored.field_with_name(field.name()) else { continue };
        if found.data_type() != field.data_type() {
            return Err(PipelineError::StoredOtherwise {
                table: table.to_owned(),
                column: field.name().clone(),
                stored: format!("as {}", found.data_type()),
                declared: field.data_type().to_string(),
            });
        }
    }
    Ok(())
}

/// A treatment as the dictionary writes it.
fn treatment_words(treatment: &Value) -> String {
    let text = match treatment {
        Value::String(word) => word.clone(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            treatment.to_string().replace('"', "").replace(':', ": ").replace(',', ", ")
        }
    };
    format!("`{text}`")
}
