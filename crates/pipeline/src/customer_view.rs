//! What the relation of customers shows for a purpose.
//!
//! The table of customers is made of every dataset that names people. For a purpose that all of them serve it is shown as
//! it is. Else it shows the ids of customers named in a dataset that serves the purpose, and nothing more: a count of
//! identifiers, or an instant, would tell of the datasets that do not.

use crate::customers::Customers;
use crate::error::PipelineError;
use crate::relations::CUSTOMERS;
use arrow::array::{Array, ArrayRef, RecordBatch, StringArray, new_null_array};
use lakewarden_dictionary::{Dataset, DatasetRole, LawfulBasis, Pipeline, Project};
use lakewarden_engine::Content;
use lakewarden_identity::customers_schema;
use lakewarden_policy::gate::SUBJECT_COLUMN;
use lakewarden_policy::ruling::{self, strictest};
use lakewarden_policy::{Refusal, Ruling};
use std::sync::Arc;

/// Columns that are made of when a pseudonym was seen.
const TIMES: [&str; 2] = ["first_seen", "last_seen"];
/// Columns that are made of which pseudonyms there are.
const COUNTS: [&str; 2] = ["identifiers", "domains"];

/// The datasets that the customers of a pipeline are made of, as one purpose has them.
pub(crate) struct CustomerView<'a> {
    /// Those that serve the purpose.
    serving: Vec<&'a Dataset>,
    /// Those with data that do not.
    refusing: Vec<&'a Dataset>,
    basis: Option<LawfulBasis>,
    /// Whether every instant comes from a field that serves the purpose.
    shows_times: bool,
    /// Whether every pseudonym does.
    shows_counts: bool,
}

impl<'a> CustomerView<'a> {
    /// Rules on every dataset of the pipeline that names people.
    pub fn for_purpose(project: &'a Project, pipeline: &Pipeline, purpose: &str) -> Self {
        let datasets = pipeline.channels.iter().filter_map(|c| project.dataset(&c.dataset.value));
        let mut view =
            Self { serving: Vec::new(), refusing: Vec::new(), basis: None, shows_times: true, shows_counts: true };
        for dataset in datasets.filter(|d| d.has_subjects()) {
            match dataset.role {
                DatasetRole::Data => view.add(dataset, ruling::of_dataset(&project.purposes, dataset, purpose)),
                // People of a log who may be used for the purpose are customers; when they said so is the log's.
                DatasetRole::ConsentLog | DatasetRole::SuppressionList => view.shows_times = false,
            }
        }
        view.shows_times &= view.refusing.is_empty();
        view.shows_counts &= view.refusing.is_empty();
        view
    }

    fn add(&mut self, dataset: &'a Dataset, ruling: Ruling) {
        match ruling {
            Ruling::Gated { basis, forbidden_columns } => {
                let forbidden = |column: &str| forbidden_columns.iter().any(|f| f == column);
                self.serving.push(dataset);
                self.basis = strictest(self.basis.into_iter().chain([basis]));
                self.shows_times &= !dataset.event_time.as_ref().is_some_and(|t| forbidden(&t.value));
                self.shows_counts &= !dataset.pseudonyms().any(|f| forbidden(&f.column.value));
            }
            // Of a dataset with data subjects only the last is possible.
            Ruling::Open | Ruling::WithoutSubject { .. } | Ruling::Limited { .. } | Ruling::Refused(_) => {
                self.refusing.push(dataset);
            }
        }
    }

    /// The ruling on the relation.
    pub fn ruling(&self) -> Ruling {
        let Some(basis) = self.basis else {
            let of_each = |d: &&Dataset| d.purposes.iter().map(|p| p.purpose.value.clone()).collect::<Vec<_>>();
            let mut allowed: Vec<String> = self.refusing.iter().flat_map(of_each).collect();
            allowed.sort_unstable();
            allowed.dedup();
            return Ruling::Refused(Refusal::Purpose { allowed });
        };
        let times = TIMES.iter().filter(|_| !self.shows_times);
        let counts = COUNTS.iter().filter(|_| !self.shows_counts);
        Ruling::Gated { basis, forbidden_columns: times.chain(counts).map(|c| (*c).to_owned()).collect() }
    }

    /// The datasets in whose rows customers have to be looked up; none if all customers are shown.
    pub fn looked_up(&self) -> &[&'a Dataset] {
        if self.refusing.is_empty() { &[] } else { &self.serving }
    }

    /// The ids of customers named in a dataset that serves the purpose. A dataset whose rows were not looked up names
    /// nobody. `None` if all customers are shown.
    ///
    /// # Errors
    /// [`PipelineError::Damaged`] if the rows do not fit the relation's columns.
    pub fn visible(&self, customers: &Customers) -> Result<Option<Content>, PipelineError> {
        if self.refusing.is_empty() {
            return Ok(None);
        }
        let mut named = vec![false; customers.subjects.len()];
        for rows in self.serving.iter().filter_map(|d| customers.rows.get(&d.name.value)) {
            rows.mark_named(&mut named);
        }
        let numbers = named.iter().enumerate().filter(|(_, named)| **named).map(|(customer, _)| customer);
        let ids: StringArray = numbers.map(|customer| customers.subjects.id(customer)).collect();
        let schema = customers_schema();
        let of = |field: &Arc<arrow::datatypes::Field>| -> ArrayRef {
            if field.name() == SUBJECT_COLUMN {
                Arc::new(ids.clone())
            } else {
                new_null_array(field.data_type(), ids.len())
            }
        };
        let columns = schema.fields().iter().map(of).collect();
        let batch = RecordBatch::try_new(schema.clone(), columns)
            .map_err(|_| PipelineError::Damaged { table: CUSTOMERS.to_owned(), column: SUBJECT_COLUMN.to_owned() })?;
        Ok(Some(Content::Memory { schema, batches: vec![batch] }))
    }
}
