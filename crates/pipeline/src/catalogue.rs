//! What tables there are: the dictionary's word on each, beside what the lake has of it.

use crate::error::PipelineError;
use crate::project::OpenProject;
use chrono::{DateTime, Utc};
use lakewarden_dictionary::{Dataset, IdentifierClass, Label, LawfulBasis, Table, Treatment, nearest};
use lakewarden_lake::{Lake, TableSnapshot, Zone};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// One table: a dataset with its conformed rows, or a curated table.
#[derive(Debug, Clone, Serialize)]
pub struct CatalogueTable {
    /// Its name in SQL.
    pub name: String,
    /// `conformed` or `curated`.
    pub zone: Zone,
    /// What people call it.
    pub label: Label,
    /// What one row is.
    pub meaning: String,
    /// Who answers for it.
    pub owner: String,
    /// How often it arrives or is rebuilt.
    pub update_frequency: String,
    /// Columns that name a row.
    pub grain: Vec<String>,
    /// The purposes that it serves, each with its lawful basis; `None` for a basis that its sources decide.
    pub purposes: BTreeMap<String, Option<LawfulBasis>>,
    /// How long rows are kept, as an ISO 8601 period.
    pub retention: Option<String>,
    /// Its columns as they are stored.
    pub columns: Vec<CatalogueColumn>,
    /// What the lake has of it; absent before the first run that wrote it.
    pub stored: Option<StoredTable>,
}

/// A column of a table.
#[derive(Debug, Clone, Serialize)]
pub struct CatalogueColumn {
    /// Its name in SQL.
    pub name: String,
    /// What people call it.
    pub label: Label,
    /// What it means.
    pub meaning: String,
    /// Its type as stored.
    #[serde(rename = "type")]
    pub data_type: String,
    /// Its unit, if it measures something.
    pub unit: Option<String>,
    /// How near it brings a reader to a person.
    pub identifier: IdentifierClass,
    /// Its data category, if it is about people.
    pub category: Option<String>,
    /// What was done to it before it was stored; absent for columns of curated tables.
    pub treatment: Option<Treatment>,
    /// The purposes that it may serve, if not all of its table's.
    pub purposes: Vec<String>,
}

/// What the lake has of a table.
#[derive(Debug, Clone, Serialize)]
pub struct StoredTable {
    /// Rows.
    pub rows: u64,
    /// Delta's version.
    pub version: i64,
    /// The run that wrote it last.
    pub run: Option<String>,
    /// When that was published.
    pub at: Option<DateTime<Utc>>,
}

/// Lists the tables of a project: datasets, then curated tables, each sorted by name.
///
/// # Errors
/// Those of the lake.
pub async fn catalogue(open: &OpenProject, lake: &Lake) -> Result<Vec<CatalogueTable>, PipelineError> {
    let lake = lake.between_publications().await?;
    let mut datasets: Vec<CatalogueTable> = open.project.datasets.iter().map(from_dataset).collect();
    let mut tables: Vec<CatalogueTable> = open.project.tables.iter().map(from_table).collect();
    for listed in [&mut datasets, &mut tables] {
        listed.sort_by(|a, b| a.name.cmp(&b.name));
        for table in listed.iter_mut() {
            table.stored = lake.table(table.zone, &table.name).await?.as_ref().map(stored);
        }
    }
    datasets.append(&mut tables);
    Ok(datasets)
}

/// Describes one table.
///
/// # Errors
/// [`PipelineError::UnknownTable`]; those of the lake.
pub async fn describe(open: &OpenProject, lake: &Lake, name: &str) -> Result<CatalogueTable, PipelineError> {
    let dataset = open.project.dataset(name).map(from_dataset);
    let Some(mut table) = dataset.or_else(|| open.project.table(name).map(from_table)) else {
        let mut known: Vec<String> = open.project.datasets.iter().map(|dataset| dataset.name.value.clone()).collect();
        known.extend(open.project.tables.iter().map(|table| table.name.value.clone()));
        let near = nearest(name, known.iter().map(String::as_str)).map(str::to_owned);
        return Err(PipelineError::UnknownTable { name: name.to_owned(), near, known });
    };
    let lake = lake.between_publications().await?;
    table.stored = lake.table(table.zone, name).await?.as_ref().map(stored);
    Ok(table)
}

fn from_dataset(dataset: &Dataset) -> CatalogueTable {
    let stored = dataset.fields.iter().filter(|field| field.treatment != Treatment::Drop);
    let columns = stored.map(|field| CatalogueColumn {
        name: field.column.value.clone(),
        label: field.label.clone(),
        meaning: field.meaning.clone(),
        data_type: field.stored_type().to_string(),
        unit: field.unit.clone(),
        identifier: field.identifier,
        category: field.category.as_ref().map(|category| category.value.clone()),
        treatment: Some(field.treatment.clone()),
        purposes: field.purposes.iter().map(|purpose| purpose.value.clone()).collect(),
    });
    CatalogueTable {
        name: dataset.name.value.clone(),
        zone: Zone::Conformed,
        label: dataset.label.clone(),
        meaning: dataset.meaning.clone(),
        owner: dataset.owner.clone(),
        update_frequency: dataset.update_frequency.clone(),
        grain: dataset.key.iter().map(|column| column.value.clone()).collect(),
        purposes: dataset.purposes.iter().map(|p| (p.purpose.value.clone(), Some(p.lawful_basis))).collect(),
        retention: dataset.retention.as_ref().map(|period| period.value.to_string()),
        columns: columns.collect(),
        stored: None,
    }
}

fn from_table(table: &Table) -> CatalogueTable {
    let columns = table.columns.iter().map(|column| CatalogueColumn {
        name: column.name.value.clone(),
        label: column.label.clone(),
        meaning: column.meaning.clone(),
        data_type: column.data_type.value.to_string(),
        unit: column.unit.clone(),
        identifier: column.identifier,
        category: column.category.as_ref().map(|category| category.value.clone()),
        treatment: None,
        purposes: Vec::new(),
    });
    CatalogueTable {
        name: table.name.value.clone(),
        zone: Zone::Curated,
        label: table.label.clone(),
        meaning: table.meaning.clone(),
        owner: table.owner.clone(),
        update_frequency: table.update_frequency.clone(),
        grain: table.grain.iter().map(|column| column.value.clone()).collect(),
        purposes: BTreeMap::from([(table.purpose.value.clone(), table.lawful_basis)]),
        retention: table.retention.as_ref().map(|period| period.value.to_string()),
        columns: columns.collect(),
        stored: None,
    }
}

fn stored(table: &TableSnapshot) -> StoredTable {
    let at = table.noted.get("timestamp").and_then(Value::as_i64).and_then(DateTime::from_timestamp_millis);
    let run = table.noted.get("lakewarden.run").and_then(Value::as_str).map(str::to_owned);
    StoredTable { rows: table.rows(), version: table.version, run, at }
}
