//! Whose the rows of datasets are, found out once for all scans.
//!
//! A run shows every row to the matcher; what it saw there need not be looked up again when models read the same rows.

use crate::customers::Customers;
use crate::error::PipelineError;
use crate::relations::{CUSTOMERS, Relations, subject_columns};
use crate::tables::TableView;
use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use futures::TryStreamExt;
use lakewarden_dictionary::{Pipeline, Project, UNIDENTIFIED_COLUMN};
use lakewarden_engine::{RowName, RowSubjects, RowSubjectsBuilder, SubjectColumns, SubjectIndex};
use lakewarden_identity::{Identities, NONE};
use lakewarden_lake::{DataFile, Lake, Zone};
use lakewarden_policy::gate::SUBJECT_COLUMN;
use lakewarden_privacy::token_bits;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Which pseudonyms the rows of a dataset have, in the order they were shown; a column for each column of pseudonyms, in
/// the dictionary's order.
#[derive(Debug, Default)]
pub struct Trail {
    columns: Vec<Vec<u32>>,
    /// The rows of which an identifier was left out, by their places, ascending.
    unidentified: Vec<usize>,
}

impl Trail {
    /// Adds the rows of a batch.
    pub fn extend(&mut self, columns: &[Vec<u32>], unidentified: Option<&BooleanArray>) {
        let from = self.columns.first().map_or(0, Vec::len);
        let marked = unidentified.into_iter().flatten().enumerate().filter(|(_, mark)| *mark == Some(true));
        self.unidentified.extend(marked.map(|(row, _)| from + row));
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
    subjects: &SubjectIndex,
    table: &TableView,
    pipeline: &Pipeline,
    relations: &Relations<'_>,
) -> Result<BTreeMap<String, Arc<RowSubjects>>, PipelineError> {
    let own: BTreeMap<u32, Option<u32>> =
        found.apart.iter().map(|(pseudonym, bits)| (*pseudonym, subjects.of_apart(*bits))).collect();
    let name_of = |pseudonym: u32| match found.customer_of.get(pseudonym as usize).copied() {
        None => RowName::Unknown,
        Some(NONE) => RowName::Apart(own.get(&pseudonym).copied().flatten()),
        Some(customer) => RowName::Customer(customer),
    };
    let mut all = BTreeMap::new();
    all.insert(CUSTOMERS.to_owned(), Arc::new(of_customers(found.customers.len(), table)?));
    for (name, trail) in trails {
        let (Some(dataset), Some(view)) = (relations.dataset(&name), relations.view(&name)) else { continue };
        if trail.columns.is_empty() {
            continue;
        }
        let damaged = || PipelineError::Damaged { table: name.clone(), column: "all columns of pseudonyms".to_owned() };
        let names: Vec<&str> = dataset.pseudonyms().map(|f| f.column.value.as_str()).collect();
        let (linking, other) = token_columns(subject_columns(dataset, pipeline));
        let strongest_first: Vec<&Vec<u32>> = (linking.iter().chain(&other))
            .map(|column| trail.columns.get(names.iter().position(|n| n == column)?))
            .collect::<Option<_>>()
            .ok_or_else(damaged)?;
        let mut rows = RowSubjectsBuilder::new(found.customers.len(), subjects.apart()).ok_or_else(damaged)?;
        let mut unidentified = trail.unidentified.iter().copied().peekable();
        for row in 0..trail.columns[0].len() {
            let pseudonyms = strongest_first.iter().map(|column| column[row]).filter(|p| *p != NONE);
            let someone = unidentified.next_if_eq(&row).map(|_| RowName::Apart(None));
            if !rows.row(pseudonyms.map(name_of).chain(someone)) {
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
    let damaged = || damaged_ids(CUSTOMERS);
    let mut rows = RowSubjectsBuilder::new(customers, 0).ok_or_else(damaged)?;
    let name = |customer: usize| u32::try_from(customer).map_or(RowName::Unknown, RowName::Customer);
    let all = (0..customers).all(|customer| rows.row(std::iter::once(name(customer))));
    let files = table.files.iter().map(|f| (f.path.as_str(), f.rows));
    rows.finish(files).filter(|_| all).ok_or_else(damaged)
}

/// What a column names in a row, if anything.
type Named = Option<RowName>;

/// The columns of pseudonyms that make customers, and the others.
fn token_columns(subject: SubjectColumns) -> (Vec<String>, Vec<String>) {
    match subject {
        SubjectColumns::Tokens { linking, other } => (linking, other),
        SubjectColumns::CustomerId => (vec![SUBJECT_COLUMN.to_owned()], Vec::new()),
        SubjectColumns::Unresolvable => (Vec::new(), Vec::new()),
    }
}

/// A column of pseudonyms or ids; `None` if it holds anything else.
fn look_up(column: &ArrayRef, name: impl Fn(u128) -> RowName) -> Option<Vec<Named>> {
    let column = cast(column, &DataType::Utf8).ok()?;
    let named = |text| token_bits(text).map(&name);
    column.as_string_opt::<i32>()?.iter().map(|text| text.map_or(Some(None), |text| named(text).map(Some))).collect()
}

/// Whose the rows of a model's table are, while it is written.
pub struct Written {
    table: String,
    subjects: Arc<SubjectIndex>,
    rows: RowSubjectsBuilder,
}

impl Written {
    /// No rows yet.
    ///
    /// # Errors
    /// [`PipelineError::Damaged`] if there are too many customers to number.
    pub fn new(table: &str, subjects: &Arc<SubjectIndex>) -> Result<Self, PipelineError> {
        let rows = RowSubjectsBuilder::new(subjects.len(), 0).ok_or_else(|| damaged_ids(table))?;
        Ok(Self { table: table.to_owned(), subjects: subjects.clone(), rows })
    }

    /// Takes in the rows of a batch.
    ///
    /// # Errors
    /// [`PipelineError::Damaged`] if they hold no customers' ids.
    pub fn take(&mut self, batch: &RecordBatch) -> Result<(), PipelineError> {
        let damaged = || damaged_ids(&self.table);
        let ids = batch.column_by_name(SUBJECT_COLUMN).ok_or_else(damaged)?;
        let named = look_up(ids, |bits| self.subjects.of_id(bits).map_or(RowName::Unknown, RowName::Customer));
        let named = named.ok_or_else(damaged)?;
        let all = named.into_iter().all(|name| self.rows.row(name.into_iter()));
        if all { Ok(()) } else { Err(damaged_ids(&self.table)) }
    }

    /// All of them.
    ///
    /// # Errors
    /// [`PipelineError::Damaged`] if the files hold another number of rows.
    pub fn finish(self, files: &[DataFile]) -> Result<RowSubjects, PipelineError> {
        let files = files.iter().map(|f| (f.path.as_str(), f.rows));
        self.rows.finish(files).ok_or_else(|| damaged_ids(&self.table))
    }
}

fn damaged_ids(table: &str) -> PipelineError {
    PipelineError::Damaged { table: table.to_owned(), column: SUBJECT_COLUMN.to_owned() }
}

/// What the published files of a dataset or of a model's table say, looked up in the customers that are published.
/// `None` if there are none, or none that are about people.
///
/// # Errors
/// Those of the lake; [`PipelineError::Damaged`].
pub async fn as_published(
    lake: &Lake,
    project: &Project,
    pipeline: &Pipeline,
    name: &str,
    customers: &Customers,
) -> Result<Option<RowSubjects>, PipelineError> {
    let dataset = project.dataset(name).filter(|d| d.has_subjects());
    let (zone, subject) = match (dataset, project.table(name)) {
        (Some(dataset), _) => (Zone::Conformed, subject_columns(dataset, pipeline)),
        (None, Some(table)) if table.subject.is_some() => (Zone::Curated, SubjectColumns::CustomerId),
        _ => return Ok(None),
    };
    let Some(table) = lake.table(zone, name).await? else { return Ok(None) };
    let (linking, other) = token_columns(subject);
    let mut names: Vec<&str> = linking.iter().chain(&other).map(String::as_str).collect();
    let tokens = names.len();
    let marked = dataset.is_some() && table.schema.field_with_name(UNIDENTIFIED_COLUMN).is_ok();
    names.extend(marked.then_some(UNIDENTIFIED_COLUMN));
    let damaged = || PipelineError::Damaged { table: name.to_owned(), column: names.join(", ") };
    let subjects = &customers.subjects;
    let mut rows = RowSubjectsBuilder::new(subjects.len(), subjects.apart()).ok_or_else(damaged)?;
    let mut batches = lake.read_table_batches(&table, Some(&names))?;
    let name_of = |bits, links: bool| {
        let customer = if dataset.is_some() { subjects.of_token(bits) } else { subjects.of_id(bits) };
        match (customer, subjects.of_apart(bits)) {
            (Some(customer), _) => RowName::Customer(customer),
            (None, Some(number)) => RowName::Apart(Some(number)),
            (None, None) if links => RowName::Unknown,
            (None, None) => RowName::Apart(None),
        }
    };
    while let Some(batch) = batches.try_next().await? {
        let found = (batch.columns().iter().take(tokens).enumerate())
            .map(|(place, column)| look_up(column, |bits| name_of(bits, place < linking.len())));
        let found: Vec<Vec<Named>> = found.collect::<Option<_>>().ok_or_else(damaged)?;
        let marks = match marked {
            true => Some(batch.column(tokens).as_boolean_opt().ok_or_else(damaged)?),
            false => None,
        };
        for row in 0..batch.num_rows() {
            let someone = marks.filter(|marks| marks.is_valid(row) && marks.value(row)).map(|_| RowName::Apart(None));
            if !rows.row(found.iter().filter_map(|column| column[row]).chain(someone)) {
                return Err(damaged());
            }
        }
    }
    Ok(rows.finish(table.files.iter().map(|f| (f.path.as_str(), f.rows))))
}
