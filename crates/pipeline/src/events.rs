//! The run in OpenLineage's words: a START and a COMPLETE for each step.

use crate::compile::CompiledModel;
use crate::customers::table_names;
use crate::error::PipelineError;
use crate::history;
use crate::project::OpenProject;
use crate::record::{Counts, DatasetAccount, ModelAccount, RunRecord, Step, StepKind};
use crate::relations::CUSTOMERS;
use crate::row_files::without_source;
use arrow::datatypes::SchemaRef;
use chrono::{DateTime, TimeDelta, Utc};
use lakewarden_dictionary::Dataset;
use lakewarden_extract::conformed_schema;
use lakewarden_lake::{Lake, Zone};
use lakewarden_lineage::openlineage::{
    ColumnLineage, DatasetFacets, DatasetId, EventType, InputDataset, InputStatistics, Job, JobId, JobType,
    OutputDataset, OutputStatistics, ParentRun, ProcessingEngine, ProcessingType, Producer, Quarantined, RowAccount,
    Run, RunEvent, RunId, Schema, SchemaField, Sql, Withheld,
};
use serde_json::Value;
use uuid::Uuid;

pub(crate) const PRODUCER: &str = concat!("https://example.org/lakewarden/", env!("CARGO_PKG_VERSION"));

/// The events of everything that a run has done so far. `at` is when the last of its steps ended.
///
/// # Errors
/// If an event cannot be written as JSON: a run without lineage is not published.
pub fn of_run(
    record: &RunRecord,
    open: &OpenProject,
    models: &[CompiledModel],
    lake: &Lake,
    at: DateTime<Utc>,
) -> Result<Vec<Value>, PipelineError> {
    let story = Story {
        record,
        open,
        models,
        lake: lake.url().as_str().trim_end_matches('/'),
        producer: Producer::new(PRODUCER),
    };
    let mut events = Vec::new();
    let mut begun = record.started;
    for step in &record.steps {
        let ended = (begun + TimeDelta::milliseconds(step.millis as i64)).min(at);
        for event in story.step(step, begun, ended) {
            events.push(serde_json::to_value(event).map_err(|_| PipelineError::Worker)?);
        }
        begun = ended;
    }
    Ok(events)
}

struct Story<'a> {
    record: &'a RunRecord,
    open: &'a OpenProject,
    models: &'a [CompiledModel],
    lake: &'a str,
    producer: Producer,
}

impl Story<'_> {
    fn step(&self, step: &Step, begun: DateTime<Utc>, ended: DateTime<Utc>) -> Vec<RunEvent> {
        let (kind, inputs, outputs, sql) = match step.kind {
            StepKind::Extract => {
                let Some(account) = self.record.datasets.iter().find(|d| d.dataset == step.name) else { return vec![] };
                let (inputs, outputs) = self.extract(account);
                ("EXTRACT", inputs, outputs, None)
            }
            StepKind::Identity => {
                let (inputs, outputs) = self.identity(step);
                ("IDENTITY", inputs, outputs, None)
            }
            StepKind::Model => {
                let compiled = self.models.iter().find(|m| m.model.name == step.name);
                let account = self.record.models.iter().find(|m| m.table == step.name);
                let (Some(compiled), Some(account)) = (compiled, account) else { return vec![] };
                // A table that was kept was not made.
                if account.noise.as_ref().is_some_and(|noise| noise.kept) {
                    return vec![];
                }
                let (inputs, outputs) = self.model(compiled, account);
                ("MODEL", inputs, outputs, Some(compiled.model.sql.to_string()))
            }
            StepKind::Publish => return vec![],
        };
        let mut run = Run::new(Uuid::new_v5(&self.record.run, format!("{kind}/{}", step.name).as_bytes()));
        run.facets.parent = Some(self.producer.facet(ParentRun {
            run: RunId { run_id: self.record.run },
            job: JobId { namespace: self.namespace(), name: self.record.pipeline.clone() },
            root: None,
        }));
        run.facets.processing_engine = Some(self.producer.facet(ProcessingEngine {
            version: self.record.version.clone(),
            name: Some("Lakewarden".to_owned()),
            adapter_version: None,
        }));
        let mut job = Job::new(self.namespace(), format!("{}.{}", self.record.pipeline, step.name));
        job.facets.job_type = Some(self.producer.facet(JobType {
            processing_type: ProcessingType::Batch,
            integration: "LAKEWARDEN".to_owned(),
            job_type: Some(kind.to_owned()),
        }));
        job.facets.sql = sql.map(|query| self.producer.facet(Sql { query, dialect: Some("datafusion".to_owned()) }));
        let start = RunEvent::new(&self.producer, EventType::Start, begun, run.clone(), job.clone());
        let mut complete = RunEvent::new(&self.producer, EventType::Complete, ended, run, job);
        complete.inputs = inputs;
        complete.outputs = outputs;
        vec![start, complete]
    }

    fn namespace(&self) -> String {
        format!("lakewarden/{}", self.record.project)
    }

    fn table(&self, zone: Zone, name: &str) -> DatasetId {
        DatasetId::new(self.lake, format!("{zone}/{name}"))
    }

    fn relation(&self, name: &str) -> DatasetId {
        if name == CUSTOMERS {
            return self.table(Zone::Identity, &table_names(&self.record.pipeline).0);
        }
        if name.contains('.') {
            return DatasetId::new(self.namespace(), name);
        }
        let zone = if self.open.project.table(name).is_some() { Zone::Curated } else { Zone::Conformed };
        self.table(zone, name)
    }

    fn extract(&self, account: &DatasetAccount) -> (Vec<InputDataset>, Vec<OutputDataset>) {
        let inputs = account
            .files
            .iter()
            .map(|file| {
                let mut input = InputDataset::new(DatasetId::new(self.namespace(), file.file.clone()));
                input.input_facets.input_statistics = Some(self.producer.facet(InputStatistics {
                    row_count: Some(file.read),
                    size: Some(file.bytes),
                    file_count: Some(1),
                }));
                input
            })
            .collect();
        let dataset = self.open.project.dataset(&account.dataset);
        let schema = dataset.map(conformed_schema);
        let mut output = self.output(&account.dataset, schema.as_ref(), account.written);
        let quarantined = account.quarantined.iter();
        output.output_facets.row_account = Some(
            self.producer.facet(RowAccount {
                read: account.read,
                written: account.written,
                quarantined: quarantined
                    .map(|q| Quarantined { field: q.field.clone(), rule: q.rule.clone(), rows: q.rows })
                    .collect(),
                duplicates: account.duplicates,
                key_conflicts: account.key_conflicts,
                outside_retention: account.outside_retention,
                withheld: Vec::new(),
            }),
        );
        let mut outputs = vec![output];
        if let Some(dataset) = dataset.filter(|dataset| dataset.keeps_history()) {
            let schema = without_source(&history::stored_schema(dataset, true));
            outputs.push(self.output(&history::table_name(dataset), Some(&schema), account.replaced));
        }
        if let Some(marks) = dataset.and_then(Dataset::anomaly_table) {
            let rows = account.anomalies.iter().map(|anomaly| anomaly.rows).sum();
            outputs.push(self.output(&marks.name.value, Some(&conformed_schema(&marks)), rows));
        }
        (inputs, outputs)
    }

    /// A conformed table that a step has written to.
    fn output(&self, name: &str, schema: Option<&SchemaRef>, rows: u64) -> OutputDataset {
        let mut output = OutputDataset::new(self.table(Zone::Conformed, name));
        output.facets = schema.map(|schema| self.schema(schema)).unwrap_or_default();
        let counted = OutputStatistics { row_count: Some(rows), size: None, file_count: None };
        output.output_facets.output_statistics = Some(self.producer.facet(counted));
        output
    }

    fn identity(&self, step: &Step) -> (Vec<InputDataset>, Vec<OutputDataset>) {
        let personal = self
            .record
            .datasets
            .iter()
            .filter(|d| self.open.project.dataset(&d.dataset).is_some_and(Dataset::has_subjects));
        let inputs = personal.map(|d| InputDataset::new(self.table(Zone::Conformed, &d.dataset))).collect();
        let (customers, members) = table_names(&self.record.pipeline);
        let mut first = OutputDataset::new(self.table(Zone::Identity, &customers));
        first.facets = self.schema(&lakewarden_identity::customers_schema());
        first.output_facets.output_statistics = Some(self.producer.facet(OutputStatistics {
            row_count: Some(step.rows_out),
            size: None,
            file_count: None,
        }));
        let mut second = OutputDataset::new(self.table(Zone::Identity, &members));
        second.facets = self.schema(&lakewarden_identity::membership_schema());
        (inputs, vec![first, second])
    }

    fn model(&self, model: &CompiledModel, account: &ModelAccount) -> (Vec<InputDataset>, Vec<OutputDataset>) {
        let inputs = model
            .reads
            .iter()
            .map(|name| {
                let mut input = InputDataset::new(self.relation(name));
                input.input_facets.row_account = scans_of(account, name).map(|account| self.producer.facet(account));
                input
            })
            .collect();
        let mut output = OutputDataset::new(self.table(Zone::Curated, &account.table));
        output.facets = self.schema(&crate::contract::schema(&model.table));
        output.facets.column_lineage = Some(
            self.producer.facet(ColumnLineage::new(&model.lineage, |relation| self.relation(&relation.to_string()))),
        );
        output.output_facets.output_statistics =
            Some(self.producer.facet(OutputStatistics { row_count: Some(account.rows), size: None, file_count: None }));
        (inputs, vec![output])
    }

    fn schema(&self, schema: &SchemaRef) -> DatasetFacets {
        let fields = schema
            .fields()
            .iter()
            .zip(1u32..)
            .map(|(field, place)| SchemaField {
                name: field.name().clone(),
                data_type: Some(field.data_type().to_string()),
                description: None,
                ordinal_position: Some(place),
                fields: Vec::new(),
            })
            .collect();
        DatasetFacets { schema: Some(self.producer.facet(Schema { fields })), ..DatasetFacets::default() }
    }
}

/// The account of all scans of one relation together; none if it was not governed.
fn scans_of(account: &ModelAccount, relation: &str) -> Option<RowAccount> {
    let mut total = RowAccount::default();
    let mut withheld = Counts::new();
    let mut any = false;
    for scan in account.scans.iter().filter(|s| s.relation == relation) {
        any = true;
        total.read += scan.read;
        total.written += scan.used;
        for (reason, rows) in &scan.withheld {
            *withheld.entry(reason.clone()).or_default() += rows;
        }
    }
    total.withheld = withheld
        .into_iter()
        .map(|(reason, rows)| Withheld { purpose: account.purpose.clone(), reason, rows })
        .collect();
    any.then_some(total)
}
