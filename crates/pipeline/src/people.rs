//! Collects, while rows pass, who they are about and what those people agreed to.

use crate::error::PipelineError;
use crate::judgement::Judgement;
use crate::placed::Trail;
use crate::statements;
use crate::unmatched::Refusals;
use arrow::array::{AsArray, BooleanArray, RecordBatch, StringArray, TimestampMicrosecondArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, TimeUnit, TimestampMicrosecondType};
use lakewarden_dictionary::{
    Dataset, DatasetRole, IdentityRules, Project, TokenDomain, Treatment, UNIDENTIFIED_COLUMN,
};
use lakewarden_identity::{ColumnDomain, DomainId, Matcher, ShareLimits};
use lakewarden_policy::ConsentBook;
use std::collections::{BTreeMap, HashMap};

/// The people of one pipeline.
pub struct People {
    /// Which pseudonyms belong together.
    pub matcher: Matcher,
    /// What was consented to.
    pub consent: ConsentBook,
    /// The pseudonyms of every row that was shown of some datasets.
    pub trails: BTreeMap<String, Trail>,
    /// When a pseudonym is shared by several people.
    pub limits: ShareLimits,
    /// Whom refusals name, and who stands in rows of data.
    pub(crate) refusals: Refusals,
}

impl People {
    /// Nobody yet.
    pub fn new(project: &Project, rules: &IdentityRules, judgement: &Judgement) -> Self {
        let link_on: Vec<String> = rules.link_on.iter().map(|d| d.value.clone()).collect();
        let jurisdiction = project.settings.jurisdiction.as_ref().map(|j| j.value.as_str());
        Self {
            matcher: Matcher::new(&link_on),
            consent: ConsentBook::new(&project.purposes, jurisdiction, judgement.at.timestamp_micros())
                .knowing(judgement.knowledge)
                .expecting_events_by(judgement.as_of.timestamp_micros()),
            trails: BTreeMap::new(),
            limits: share_limits(rules),
            refusals: Refusals::default(),
        }
    }

    /// Has them remember the pseudonyms of every row of a dataset: four bytes each.
    pub fn follow(&mut self, dataset: &Dataset) {
        self.trails.insert(dataset.name.value.clone(), Trail::default());
    }

    /// The columns of a dataset that [`People::observe`] reads.
    pub fn columns(dataset: &Dataset) -> Vec<&str> {
        let mut columns: Vec<&str> = Vec::new();
        for field in dataset.pseudonyms() {
            columns.push(&field.column.value);
            if let Some(by) = domain_column(dataset, &field.treatment) {
                columns.push(by);
            }
        }
        columns.extend(dataset.event_time.as_ref().map(|c| c.value.as_str()));
        columns.extend(dataset.marks_unidentified().then_some(UNIDENTIFIED_COLUMN));
        columns.extend(statements::columns(dataset));
        columns.sort_unstable();
        columns.dedup();
        columns
    }

    /// Lets the opt-out signals of devices reach what was seen together with them. Call it after all rows.
    pub fn spread_signals(&mut self) {
        for (signal, pseudonym) in self.matcher.seen_with(self.consent.signals()) {
            self.consent.link(signal, pseudonym);
        }
    }

    /// Takes in what rows of another pipeline's dataset say about consent, suppression and age. Their pseudonyms join
    /// no customers.
    ///
    /// # Errors
    /// [`PipelineError::Damaged`] if a column is not what the dictionary says.
    pub fn note_statements(&mut self, dataset: &Dataset, batch: &RecordBatch) -> Result<(), PipelineError> {
        let rows = Rows { dataset, batch };
        self.refusals.note(&rows)?;
        statements::note(&mut self.consent, &rows)
    }

    /// Takes in rows of a dataset's conformed table.
    ///
    /// # Errors
    /// [`PipelineError::Damaged`] if a column is not what the dictionary says; those of matching.
    pub fn observe(&mut self, dataset: &Dataset, batch: &RecordBatch) -> Result<(), PipelineError> {
        if !dataset.has_subjects() || batch.num_rows() == 0 {
            return Ok(());
        }
        let rows = Rows { dataset, batch };
        let times = match &dataset.event_time {
            Some(column) => Some(rows.instants(&column.value)?),
            None => None,
        };
        let mut by_row: Vec<Vec<Option<DomainId>>> = Vec::new();
        let mut columns: Vec<(Option<DomainId>, StringArray)> = Vec::new();
        for field in dataset.pseudonyms() {
            let tokens = rows.text(&field.column.value)?;
            match &field.treatment {
                Treatment::Pseudonymise(TokenDomain::Fixed(domain)) => {
                    columns.push((Some(self.matcher.domain(domain)), tokens));
                    by_row.push(Vec::new());
                }
                other => {
                    let by = domain_column(dataset, other).ok_or_else(|| rows.damaged(&field.column.value))?;
                    let words = rows.text(by)?;
                    let mut known: HashMap<&str, DomainId> = HashMap::new();
                    let domains = words
                        .iter()
                        .map(|word| word.map(|w| *known.entry(w).or_insert_with(|| self.matcher.domain(w))));
                    by_row.push(domains.collect());
                    columns.push((None, tokens));
                }
            }
        }
        let resolved: Vec<(ColumnDomain<'_>, &StringArray)> = columns
            .iter()
            .zip(&by_row)
            .map(|((fixed, tokens), by_row)| match fixed {
                Some(domain) => (ColumnDomain::Fixed(*domain), tokens),
                None => (ColumnDomain::ByRow(by_row), tokens),
            })
            .collect();
        // Statements and lists repeat a person's pseudonym for reasons of their own.
        self.matcher.counting(self.limits.counts_rows() && dataset.role == DatasetRole::Data);
        self.matcher.add(&resolved, times.as_ref())?;
        if let Some(trail) = self.trails.get_mut(&dataset.name.value) {
            trail.extend(self.matcher.added_last(), rows.unidentified()?.as_ref());
        }
        match dataset.role {
            DatasetRole::Data => self.refusals.mark_data(&self.matcher),
            DatasetRole::ConsentLog | DatasetRole::SuppressionList => self.refusals.note(&rows)?,
        }
        statements::note(&mut self.consent, &rows)
    }
}

/// When a pseudonym is shared by several people, as a pipeline declares it.
fn share_limits(rules: &IdentityRules) -> ShareLimits {
    ShareLimits {
        links: rules.max_links,
        rows: rules.max_rows,
        millionths: rules.max_share.map(|share| share.millionths),
    }
}

/// The conformed column that says a row's identifier domain.
pub(crate) fn domain_column<'a>(dataset: &'a Dataset, treatment: &Treatment) -> Option<&'a str> {
    let Treatment::Pseudonymise(TokenDomain::ByField(field)) = treatment else { return None };
    dataset.fields.iter().find(|f| f.name.value == *field || f.column.value == *field).map(|f| f.column.value.as_str())
}

/// Rows of a dataset, by column.
pub(crate) struct Rows<'a> {
    pub dataset: &'a Dataset,
    pub batch: &'a RecordBatch,
}

impl Rows<'_> {
    pub fn damaged(&self, column: &str) -> PipelineError {
        PipelineError::Damaged { table: self.dataset.name.value.clone(), column: column.to_owned() }
    }

    pub fn text(&self, column: &str) -> Result<StringArray, PipelineError> {
        let array = self.batch.column_by_name(column).ok_or_else(|| self.damaged(column))?;
        match array.as_string_opt::<i32>() {
            Some(text) => Ok(text.clone()),
            None => {
                let text = cast(array, &DataType::Utf8).map_err(|_| self.damaged(column))?;
                text.as_string_opt::<i32>().cloned().ok_or_else(|| self.damaged(column))
            }
        }
    }

    /// Which rows had an identifier that was left out when they were loaded; `None` if the table is older than the mark.
    pub fn unidentified(&self) -> Result<Option<BooleanArray>, PipelineError> {
        let Some(marks) = self.batch.column_by_name(UNIDENTIFIED_COLUMN) else { return Ok(None) };
        match marks.as_boolean_opt() {
            Some(marks) => Ok(Some(marks.clone())),
            None => Err(self.damaged(UNIDENTIFIED_COLUMN)),
        }
    }

    pub fn instants(&self, column: &str) -> Result<TimestampMicrosecondArray, PipelineError> {
        let array = self.batch.column_by_name(column).ok_or_else(|| self.damaged(column))?;
        let utc = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
        let instants = cast(array, &utc).map_err(|_| self.damaged(column))?;
        instants.as_primitive_opt::<TimestampMicrosecondType>().cloned().ok_or_else(|| self.damaged(column))
    }
}
