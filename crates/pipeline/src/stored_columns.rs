//! What a table's files hold against what the dictionary declares today.
//!
//! SQL sees the columns that are declared today and no others, whatever the lake stores. A stored column that
//! is now declared otherwise is refused: cast or read under the new declaration, its old values would pass for what they
//! are not.

use crate::contract;
use crate::declared::Survey;
use crate::error::PipelineError;
use crate::tables::TableView;
use arrow::datatypes::SchemaRef;
use lakewarden_dictionary::{Dataset, Table};
use lakewarden_extract::conformed_schema;
use lakewarden_lake::TableSnapshot;

/// The published rows of a dataset with the columns that it declares today, if they can be read so: see
/// [`Survey::refuse_changed`].
///
/// # Errors
/// As [`Survey::refuse_changed`].
pub(crate) async fn of_dataset(
    survey: &Survey<'_>,
    dataset: &Dataset,
    published: TableSnapshot,
) -> Result<TableView, PipelineError> {
    survey.refuse_changed(dataset, Some(&published)).await?;
    Ok(TableView::from(published).with_schema(conformed_schema(dataset)))
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
