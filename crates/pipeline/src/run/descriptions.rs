//! What the tables that a run publishes say of themselves.

use super::Run;
use crate::error::PipelineError;
use crate::history;
use crate::load::RUN;
use crate::noise::Turn;
use crate::record::RunRecord;
use crate::table_description::{describe_stored, describe_table};
use lakewarden_dictionary::Dataset;
use lakewarden_lake::{
    Basis, Change, HEAD_KEY, LEDGER_KEY, Mode, PROPERTY_PREFIX, StagedTable, TableDescription, TableSnapshot, Zone,
};
use serde_json::json;
use uuid::Uuid;

impl Run<'_> {
    /// Lets every table of the publication say what the dictionary says of it. After a change of the dictionary, tables
    /// whose rows stay as they are get a change of their description alone, where it differs.
    ///
    /// # Errors
    /// Those of the lake.
    pub(super) async fn describe_tables(
        &self,
        changes: &mut Vec<Change>,
        previous: Option<&RunRecord>,
    ) -> Result<(), PipelineError> {
        let project = &self.open.project;
        for staged in changes.iter_mut().map(|change| &mut change.staged).filter(|s| s.description.is_none()) {
            staged.description = describe_stored(project, staged.zone, &staged.name);
        }
        let unchanged =
            |run: &RunRecord| run.dictionary == self.record.dictionary && run.version == self.record.version;
        if previous.is_some_and(unchanged) {
            return Ok(());
        }
        for (zone, name, wanted) in self.described_tables() {
            if changes.iter().any(|change| change.staged.zone == zone && change.staged.name == name) {
                continue;
            }
            let Some(now) = self.lake.description(zone, &name).await? else { continue };
            let Some(table) = self.lake.table(zone, &name).await? else { continue };
            let columns = table.schema.fields().iter().map(|field| field.name().as_str());
            if wanted.for_columns(columns) != now {
                changes.push(change_description(&table, wanted, self.request.run));
            }
        }
        Ok(())
    }

    /// The pipeline's tables that may stay as they are in a run: those of its channels, and those whose noise has been
    /// spent for the interval.
    fn described_tables(&self) -> Vec<(Zone, String, TableDescription)> {
        let project = &self.open.project;
        let mut tables = Vec::new();
        let mut add = |name: String| {
            tables.extend(describe_stored(project, Zone::Conformed, &name).map(|text| (Zone::Conformed, name, text)));
        };
        for dataset in self.pipeline.channels.iter().filter_map(|c| project.dataset(&c.dataset.value)) {
            add(dataset.name.value.clone());
            add(history::table_name(dataset));
            if let Some(marks) = Dataset::anomaly_table(dataset) {
                add(marks.name.value);
            }
        }
        for (model, turn) in self.models.iter().zip(&self.turns) {
            match turn {
                Some(Turn::Keep(..)) => {
                    let text = describe_table(&model.table, &model.labels);
                    tables.push((Zone::Curated, model.model.name.clone(), text));
                }
                Some(Turn::Publish(..)) | None => {}
            }
        }
        tables
    }
}

/// The change of a table's description alone. What its last commit says of its rows is said again, for the next run reads
/// it from the last commit; the files that it loaded are not, for the ledger has them.
fn change_description(table: &TableSnapshot, description: TableDescription, run: Uuid) -> Change {
    let said = table.noted.iter().filter(|(key, _)| key.starts_with(PROPERTY_PREFIX));
    let mut info: serde_json::Map<_, _> = said
        .filter(|(key, _)| key.as_str() != LEDGER_KEY && key.as_str() != HEAD_KEY)
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    info.insert(RUN.to_owned(), json!(run.to_string()));
    let staged = StagedTable {
        zone: table.zone,
        name: table.name.clone(),
        schema: table.schema.clone(),
        files: Vec::new(),
        rows: 0,
        basis: Basis::default(),
        description: Some(description),
    };
    Change { staged: staged.based_on(Some(table)), mode: Mode::Append, transactions: Vec::new(), info }
}
