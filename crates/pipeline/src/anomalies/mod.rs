//! Marks rows that are no ordinary business, in a table of their own.

mod sql;

use crate::error::PipelineError;
use crate::load::Loading;
use crate::record::AnomalyAccount;
use crate::tables::TableView;
use arrow::array::RecordBatch;
use arrow::compute::cast;
use lakewarden_dictionary::{Dataset, Pipeline, Project};
use lakewarden_engine::{Engine, Relation, Session, SessionSpec};
use lakewarden_extract::conformed_schema;
use lakewarden_lake::{StagedTable, WriterOptions, Zone};
use lakewarden_policy::Ruling;
use tokio::runtime::Handle;
use tokio::task::block_in_place;

/// The purpose that rows are looked at for when they are marked. No dataset can serve it: what is read so is read by
/// the loading of data, and what comes out is governed as the rows are.
const PURPOSE: &str = "(marking rows)";

/// The table of a dataset's marked rows, before it is published.
pub struct Marked {
    /// Its files.
    pub staged: StagedTable,
    /// How many rows each rule marked.
    pub accounts: Vec<AnomalyAccount>,
}

/// The tables of marked rows of a pipeline's channels, each with the dataset whose rows they mark.
pub(crate) fn tables<'p>(
    project: &'p Project,
    pipeline: &'p Pipeline,
) -> impl Iterator<Item = (&'p Dataset, &'p Dataset)> + use<'p> {
    let channels = pipeline.channels.iter();
    project.datasets.iter().filter_map(move |table| {
        let source = table.demands.marks_rows_of.as_deref()?;
        channels.clone().any(|c| c.dataset.value == source).then_some(())?;
        Some((project.dataset(source)?, table))
    })
}

impl Loading<'_> {
    /// Holds all rows of a dataset, the lake's and this run's, against its anomaly rules, and writes down the keys of
    /// those marked. Nothing is taken from the dataset itself.
    ///
    /// # Errors
    /// Those of the engine and the lake.
    pub async fn mark(
        &self,
        engine: &Engine,
        dataset: &Dataset,
        table: &Dataset,
        rows: &TableView,
    ) -> Result<Marked, PipelineError> {
        let name = &table.name.value;
        let spec = SessionSpec { purpose: PURPOSE.to_owned(), as_of: self.as_of, zone: self.zone, minimum_subjects: 1 };
        let relation = Relation {
            name: dataset.name.value.clone(),
            content: rows.content(),
            ruling: Ruling::Open,
            governance: None,
        };
        let session = Session::new(engine, &spec, vec![relation]).map_err(PipelineError::of_model(name))?;
        let schema = conformed_schema(table);
        let options = WriterOptions::new(self.run, Handle::current()).within(self.writing);
        let mut writer = self.lake.writer(Zone::Conformed, name, schema.clone(), options)?;
        let mut accounts = Vec::with_capacity(dataset.demands.anomalies.len());
        for anomaly in &dataset.demands.anomalies {
            let before = writer.rows();
            let mut running =
                session.run(&sql::query(dataset, anomaly)).await.map_err(PipelineError::of_model(name))?;
            while let Some(batch) = running.next().await.map_err(PipelineError::of_model(name))? {
                let columns = batch.columns().iter().zip(schema.fields());
                let columns: Result<Vec<_>, _> = columns.map(|(c, field)| cast(c, field.data_type())).collect();
                let batch = columns.and_then(|columns| RecordBatch::try_new(schema.clone(), columns));
                let damaged = |_| PipelineError::Damaged { table: name.clone(), column: "*".to_owned() };
                let batch = batch.map_err(damaged)?;
                block_in_place(|| writer.write(batch))?;
            }
            accounts.push(AnomalyAccount {
                rule: anomaly.name.value.clone(),
                kind: anomaly.kind.word().to_owned(),
                rows: writer.rows() - before,
                of: rows.rows(),
            });
        }
        Ok(Marked { staged: block_in_place(|| writer.finish())?, accounts })
    }
}
