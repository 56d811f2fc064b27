//! The days between which a dataset has events, as far as they may be shown for any purpose.
//!
//! The first and the last event of all are one person's. What is shown of a dataset about people are the day by which
//! enough of them had their first event, and the day since which as many had their last.

use crate::customers::Customers;
use crate::error::PipelineError;
use crate::relations::Relations;
use crate::tables::TableView;
use arrow::array::{Array, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int64Type};
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use lakewarden_dictionary::{DataType as Declared, Dataset, LawfulBasis};
use lakewarden_engine::{Engine, Session, SessionSpec};
use lakewarden_policy::Ruling;

/// What is shown of a dataset's events.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct EventDays {
    /// Days since 1970-01-01 in the project's time zone.
    pub first: Option<i32>,
    /// The same.
    pub last: Option<i32>,
    /// Whether figures about its cells may be shown: it is about no person, or about enough people.
    pub shows_cells: bool,
}

/// How event days are found.
pub struct EventDaysOf<'a> {
    /// The engine.
    pub engine: &'a Engine,
    /// As of when rows are judged.
    pub as_of: DateTime<Utc>,
    /// The zone of days.
    pub zone: Tz,
    /// How many people there have to be.
    pub minimum_subjects: u32,
}

impl EventDaysOf<'_> {
    /// Finds the days of a dataset.
    ///
    /// # Errors
    /// Those of the engine.
    pub async fn find(
        &self,
        dataset: &Dataset,
        table: &TableView,
        relations: &Relations<'_>,
        customers: &mut Option<Customers>,
    ) -> Result<EventDays, PipelineError> {
        if !dataset.is_about_people() {
            return Ok(self.of_files(dataset, table));
        }
        // People who cannot be resolved cannot be counted either.
        if !dataset.has_subjects() {
            return Ok(EventDays::default());
        }
        let name = dataset.name.value.as_str();
        // The rows of a dataset without purposes are read for nothing.
        let Some(purpose) = dataset.purposes.first() else { return Ok(EventDays::default()) };
        if table.rows() == 0 || customers.is_none() {
            return Ok(EventDays::default());
        }
        let mut readable = relations.of([name].into_iter(), &purpose.purpose.value, customers)?;
        // Figures of the engine's own, for the account of what there is: whoever is in it.
        for relation in readable.iter_mut().filter(|r| r.governance.is_some()) {
            let basis = LawfulBasis::LegalObligation;
            relation.ruling = Ruling::Gated { basis, forbidden_columns: Vec::new() };
        }
        let purpose = purpose.purpose.value.clone();
        let spec = SessionSpec { purpose, as_of: self.as_of, zone: self.zone, minimum_subjects: 1 };
        let failed = |error| PipelineError::of_model(name)(error);
        let session = Session::new(self.engine, &spec, readable).map_err(failed)?;
        let mut running = session.run(&self.query(dataset)).await.map_err(failed)?;
        let mut days = EventDays::default();
        while let Some(batch) = running.next().await.map_err(failed)? {
            if batch.num_rows() > 0 {
                let cell = |column| integer(&batch, column);
                let day = |column| cell(column).and_then(|day| i32::try_from(day).ok());
                let people = cell(0).unwrap_or(0);
                days = EventDays { first: day(1), last: day(2), shows_cells: people >= self.minimum_subjects.into() };
            }
        }
        Ok(days)
    }

    /// Days of a dataset that is about nobody.
    fn of_files(&self, dataset: &Dataset, table: &TableView) -> EventDays {
        let day = |instant: DateTime<Utc>| {
            let date = instant.with_timezone(&self.zone).date_naive();
            i32::try_from(date.signed_duration_since(chrono::NaiveDate::default()).num_days()).ok()
        };
        let column = dataset.event_time.as_ref().map(|t| t.value.as_str());
        let ranges = column.into_iter().flat_map(|c| table.files.iter().filter_map(move |f| f.time_range(c)));
        let range = ranges.map(|r| (r.min, r.max)).reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)));
        EventDays { first: range.and_then(|r| day(r.0)), last: range.and_then(|r| day(r.1)), shows_cells: true }
    }

    /// People, the day of the k-th first event and that of the k-th last one.
    fn query(&self, dataset: &Dataset) -> String {
        let quoted = |name: &str| format!("\"{}\"", name.replace('"', "\"\""));
        let day = match &dataset.event_time {
            None => "CAST(NULL AS DATE)".to_owned(),
            Some(column) => match dataset.column(&column.value).map(|f| f.stored_type()) {
                Some(Declared::Timestamp) => format!("local_date({})", quoted(&column.value)),
                _ => format!("CAST({} AS DATE)", quoted(&column.value)),
            },
        };
        let (name, k) = (quoted(&dataset.name.value), self.minimum_subjects);
        format!(
            "WITH people AS (SELECT customer_id, min({day}) AS f, max({day}) AS l FROM {name} \
             WHERE customer_id IS NOT NULL GROUP BY customer_id), \
             firsts AS (SELECT f, row_number() OVER (ORDER BY f) AS n FROM people WHERE f IS NOT NULL), \
             lasts AS (SELECT l, row_number() OVER (ORDER BY l DESC) AS n FROM people WHERE l IS NOT NULL) \
             SELECT (SELECT count(*) FROM people) AS people, \
             (SELECT max(CAST(f AS INT)) FROM firsts WHERE n = {k}) AS first, \
             (SELECT max(CAST(l AS INT)) FROM lasts WHERE n = {k}) AS last"
        )
    }
}

fn integer(batch: &RecordBatch, column: usize) -> Option<i64> {
    let column = cast(batch.columns().get(column)?, &DataType::Int64).ok()?;
    let column = column.as_primitive_opt::<Int64Type>()?;
    column.is_valid(0).then(|| column.value(0))
}
