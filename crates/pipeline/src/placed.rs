//! Whose the rows of datasets are, found out once for all scans.
//!
//! A run shows every row to the matcher; what it saw there need not be looked up again when models read the same rows.

use crate::customers::Customers;
use crate::error::PipelineError;
use crate::relations::{CUSTOMERS, Relations, subject_columns};
use crate::tables::TableView;
use arrow::array::{ArrayRef, AsArray};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use futures::TryStreamExt;
use lakewarden_dictionary::{Dataset, Pipeline};
use lakewarden_engine::{RowSubjects, RowSubjectsBuilder, SubjectIndex};
use lakewarden_identity::{Identities, NONE};
use lakewarden_lake::{Lake, Zone};
use lakewarden_privacy::token_bits;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Which pseudonyms the rows of a dataset have, in the order they were shown; a column for each column of pseudonyms, in
/// the dictionary's order.
#[derive(Debug, Default)]
pub struct Trail {
    columns: Vec<Vec<u32>>,
}

impl Trail {
    /// Adds the rows of a batch.
    pub fn extend(&mut self, columns: &[Vec<u32>]) {
        self.columns.resize_with(columns.len(), Vec::new);
        for (all, new) in self.columns.iter_mut().zip(columns) {
            all.extend_from_slice(new);
        }
    }
}

/// What the matcher saw, by dataset, and whose the rows of the table of customers are. A dataset without rows has no
/// entry.
///
/// # Errors
/// [`PipelineError::Damaged`] if the files hold other rows than those that were shown.
pub fn as_seen(
    trails: BTreeMap<String, Trail>,
    found: &Identities,
    table: &TableView,
    pipeline: &Pipeline,
    relations: &Relations<'_>,
) -> Result<BTreeMap<String, Arc<RowSubjects>>, PipelineError> {
    let mut all = BTreeMap::new();
    all.insert(CUSTOMERS.to_owned(), Arc::new(of_customers(found.customers.len(), table)?));
    for (name, trail) in trails {
        let (Some(dataset), Some(view)) = (relations.dataset(&name), relations.view(&name)) else { continue };
        if trail.columns.is_empty() {
            continue;
        }
        let damaged = || PipelineError::Damaged { table: name.clone(), column: "all columns of pseudonyms".to_owned() };
        let names: Vec<&str> = dataset.pseudonyms().map(|f| f.column.value.as_str()).collect();
        let strongest_first: Vec<&Vec<u32>> = subject_columns(dataset, pipeline)
            .iter()
            .map(|column| trail.columns.get(names.iter().position(|n| n == column)?))
            .collect::<Option<_>>()
            .ok_or_else(damaged)?;
        let mut rows = RowSubjectsBuilder::new(found.customers.len()).ok_or_else(damaged)?;
        for row in 0..trail.columns[0].len() {
            let pseudonyms = strongest_first.iter().map(|column| column[row]).filter(|p| *p != NONE);
            let customers = pseudonyms.map(|p| found.customer_of.get(p as usize).copied());
            if !rows.row(customers) {
                return Err(damaged());
            }
        }
        let files = view.files.iter().map(|f| (f.path.as_str(), f.rows));
        all.insert(name.clone(), Arc::new(rows.finish(files).ok_or_else(damaged)?));
    }
    Ok(all)
}

/// The table of customers has a row for each, in the order of their numbers.
fn of_customers(customers: usize, table: &TableView) -> Result<RowSubjects, PipelineError> {
    let damaged = || PipelineError::Damaged { table: CUSTOMERS.to_owned(), column: "customer_id".to_owned() };
    let mut rows = RowSubjectsBuilder::new(customers).ok_or_else(damaged)?;
    let all = (0..customers).all(|customer| rows.row(std::iter::once(u32::try_from(customer).ok())));
    let files = table.files.iter().map(|f| (f.path.as_str(), f.rows));
    rows.finish(files).filter(|_| all).ok_or_else(damaged)
}

/// Whom a column names in a row, if anybody, and whose number that is, if it is known.
type Named = Option<Option<u32>>;

/// A column of pseudonyms; `None` if it holds anything else.
fn look_up(column: &ArrayRef, subjects: &SubjectIndex) -> Option<Vec<Named>> {
    let column = cast(column, &DataType::Utf8).ok()?;
    let named = |text| token_bits(text).map(|bits| subjects.of_token(bits));
    column.as_string_opt::<i32>()?.iter().map(|text| text.map_or(Some(None), |text| named(text).map(Some))).collect()
}

/// What the published files of a dataset say, looked up in the customers that are published. `None` if it has none.
///
/// # Errors
/// Those of the lake; [`PipelineError::Damaged`].
pub async fn as_published(
    lake: &Lake,
    dataset: &Dataset,
    pipeline: &Pipeline,
    customers: &Customers,
) -> Result<Option<RowSubjects>, PipelineError> {
    let Some(table) = lake.table(Zone::Conformed, &dataset.name.value).await? else { return Ok(None) };
    let columns = subject_columns(dataset, pipeline);
    let names: Vec<&str> = columns.iter().map(String::as_str).collect();
    let damaged = || PipelineError::Damaged { table: dataset.name.value.clone(), column: columns.join(", ") };
    let mut rows = RowSubjectsBuilder::new(customers.subjects.len()).ok_or_else(damaged)?;
    let mut batches = lake.read_table_batches(&table, Some(&names))?;
    while let Some(batch) = batches.try_next().await? {
        let found = batch.columns().iter().map(|column| look_up(column, &customers.subjects));
        let found: Vec<Vec<Named>> = found.collect::<Option<_>>().ok_or_else(damaged)?;
        for row in 0..batch.num_rows() {
            if !rows.row(found.iter().filter_map(|column| column[row])) {
                return Err(damaged());
            }
        }
    }
    Ok(rows.finish(table.files.iter().map(|f| (f.path.as_str(), f.rows))))
}
