//! The relations that the engine itself provides to models: what it knows of datasets.

use crate::compile::CompiledModel;
use crate::error::PipelineError;
use crate::event_days::EventDays;
use crate::load::Totals;
use crate::tables::TableView;
use arrow::array::{ArrayRef, Date32Array, Float64Array, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use lakewarden_dictionary::{DataType as Declared, Dataset, IdentifierClass};
use lakewarden_engine::{Content, Relation};
use lakewarden_policy::Ruling;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// How the names of these relations begin.
pub const PREFIX: &str = "lakewarden.";

/// A dataset and its state.
pub struct KnownDataset<'a> {
    /// Its declaration.
    pub dataset: &'a Dataset,
    /// Its rows.
    pub table: &'a TableView,
    /// What became of all it brought.
    pub totals: Totals,
    /// The days of its events.
    pub days: EventDays,
}

fn schema(fields: &[(&str, DataType)]) -> SchemaRef {
    Arc::new(Schema::new(fields.iter().map(|(n, t)| Field::new(*n, t.clone(), true)).collect::<Vec<_>>()))
}

fn datasets_schema() -> SchemaRef {
    use DataType::*;
    schema(&[
        ("dataset", Utf8),
        ("label_zh", Utf8),
        ("label_en", Utf8),
        ("source", Utf8),
        ("owner", Utf8),
        ("update_frequency", Utf8),
        ("update_interval_days", Float64),
        ("rows", Int64),
        ("bytes", Int64),
        ("columns", Int64),
        ("read_rows", Int64),
        ("quarantined_rows", Int64),
        ("duplicate_rows", Int64),
        ("key_conflict_rows", Int64),
        ("outside_retention_rows", Int64),
        ("over_collected_fields", Int64),
        ("first_event", Date32),
        ("last_event", Date32),
    ])
}

fn columns_schema() -> SchemaRef {
    use DataType::*;
    schema(&[
        ("dataset", Utf8),
        ("column_name", Utf8),
        ("data_type", Utf8),
        ("identifier", Utf8),
        ("category", Utf8),
        ("rows", Int64),
        ("nulls", Int64),
    ])
}

fn usage_schema() -> SchemaRef {
    use DataType::*;
    schema(&[("dataset", Utf8), ("column_name", Utf8), ("table_name", Utf8), ("table_column", Utf8), ("kind", Utf8)])
}

/// The relations without rows, for compiling.
pub fn declared() -> Vec<Relation> {
    [
        ("lakewarden.datasets", datasets_schema()),
        ("lakewarden.columns", columns_schema()),
        ("lakewarden.column_usage", usage_schema()),
    ]
    .into_iter()
    .map(|(name, schema)| relation(name, Content::Declared(schema)))
    .collect()
}

/// The relations with what is known now.
///
/// # Errors
/// [`PipelineError::Damaged`] if a figure does not fit its column.
pub fn filled(datasets: &[KnownDataset<'_>], models: &[CompiledModel]) -> Result<Vec<Relation>, PipelineError> {
    Ok(vec![
        memory("lakewarden.datasets", datasets_schema(), datasets_columns(datasets))?,
        memory("lakewarden.columns", columns_schema(), columns_columns(datasets))?,
        memory("lakewarden.column_usage", usage_schema(), usage_columns(datasets, models))?,
    ])
}

fn relation(name: &str, content: Content) -> Relation {
    Relation { name: name.to_owned(), content, ruling: Ruling::Open, governance: None }
}

fn memory(name: &str, schema: SchemaRef, columns: Vec<ArrayRef>) -> Result<Relation, PipelineError> {
    let batch = RecordBatch::try_new(schema.clone(), columns)
        .map_err(|_| PipelineError::Damaged { table: name.to_owned(), column: "*".to_owned() })?;
    Ok(relation(name, Content::Memory { schema, batches: vec![batch] }))
}

fn text<'a>(values: impl Iterator<Item = Option<&'a str>>) -> ArrayRef {
    Arc::new(values.collect::<StringArray>())
}

fn number(values: impl Iterator<Item = u64>) -> ArrayRef {
    Arc::new(values.map(|v| i64::try_from(v).ok()).collect::<Int64Array>())
}

fn datasets_columns(datasets: &[KnownDataset<'_>]) -> Vec<ArrayRef> {
    let each = || datasets.iter();
    let days = |pick: fn(&EventDays) -> Option<i32>| -> ArrayRef {
        Arc::new(each().map(|d| pick(&d.days)).collect::<Date32Array>())
    };
    vec![
        text(each().map(|d| Some(d.dataset.name.value.as_str()))),
        text(each().map(|d| Some(d.dataset.label.zh.as_str()))),
        text(each().map(|d| Some(d.dataset.label.en.as_str()))),
        text(each().map(|d| Some(d.dataset.source.as_str()))),
        text(each().map(|d| Some(d.dataset.owner.as_str()))),
        text(each().map(|d| Some(d.dataset.update_frequency.as_str()))),
        Arc::new(each().map(|d| interval_days(&d.dataset.update_frequency)).collect::<Float64Array>()),
        number(each().map(|d| d.table.rows())),
        number(each().map(|d| d.table.bytes())),
        number(each().map(|d| d.dataset.stored().count() as u64)),
        number(each().map(|d| d.totals.read)),
        number(each().map(|d| d.totals.quarantined)),
        number(each().map(|d| d.totals.duplicates)),
        number(each().map(|d| d.totals.key_conflicts)),
        number(each().map(|d| d.totals.outside_retention)),
        number(each().map(|d| d.totals.over_collected_fields)),
        days(|d| d.first),
        days(|d| d.last),
    ]
}

/// Days between two deliveries, for the frequencies that have a length.
fn interval_days(frequency: &str) -> Option<f64> {
    match frequency.to_ascii_lowercase().as_str() {
        "hourly" => Some(1.0 / 24.0),
        "daily" | "nightly" => Some(1.0),
        "weekly" => Some(7.0),
        "monthly" => Some(31.0),
        "quarterly" => Some(92.0),
        "yearly" | "annually" => Some(366.0),
        _ => None,
    }
}

fn columns_columns(datasets: &[KnownDataset<'_>]) -> Vec<ArrayRef> {
    let cells = || datasets.iter().flat_map(|d| d.dataset.stored().map(move |f| (d, f)));
    let types: Vec<String> = cells().map(|(_, f)| type_name(f.stored_type())).collect();
    vec![
        text(cells().map(|(d, _)| Some(d.dataset.name.value.as_str()))),
        text(cells().map(|(_, f)| Some(f.column.value.as_str()))),
        text(types.iter().map(|t| Some(t.as_str()))),
        text(cells().map(|(_, f)| {
            Some(match f.identifier {
                IdentifierClass::None => "none",
                IdentifierClass::Quasi => "quasi",
                IdentifierClass::Direct => "direct",
            })
        })),
        text(cells().map(|(_, f)| f.category.as_ref().map(|c| c.value.as_str()))),
        number(cells().map(|(d, _)| d.table.rows())),
        Arc::new(
            cells()
                .map(|(d, f)| {
                    let nulls = |file: &lakewarden_lake::DataFile| {
                        file.null_counts.get(&f.column.value).copied().unwrap_or(file.rows)
                    };
                    let all: u64 = d.table.files.iter().map(nulls).sum();
                    i64::try_from(all).ok().filter(|_| d.days.shows_cells)
                })
                .collect::<Int64Array>(),
        ),
    ]
}

fn type_name(data_type: Declared) -> String {
    match data_type {
        Declared::String => "string".to_owned(),
        Declared::Integer => "integer".to_owned(),
        Declared::Double => "double".to_owned(),
        Declared::Decimal { precision, scale } => format!("decimal({precision}, {scale})"),
        Declared::Boolean => "boolean".to_owned(),
        Declared::Date => "date".to_owned(),
        Declared::Timestamp => "timestamp".to_owned(),
    }
}

/// Dataset columns → curated columns, through models that read models.
fn usage_columns(datasets: &[KnownDataset<'_>], models: &[CompiledModel]) -> Vec<ArrayRef> {
    let names: BTreeSet<&str> = datasets.iter().map(|d| d.dataset.name.value.as_str()).collect();
    let uses = resolved(models);
    let rows: Vec<_> = uses.iter().filter(|u| names.contains(u.0.as_str())).collect();
    vec![
        text(rows.iter().map(|u| Some(u.0.as_str()))),
        text(rows.iter().map(|u| Some(u.1.as_str()))),
        text(rows.iter().map(|u| Some(u.2.as_str()))),
        text(rows.iter().map(|u| Some(u.3.as_str()))),
        text(rows.iter().map(|u| Some(if u.4 { "direct" } else { "indirect" }))),
    ]
}

/// (dataset, column, table, table column, direct), every use once; a column that is used both ways is direct.
fn resolved(models: &[CompiledModel]) -> BTreeSet<(String, String, String, String, bool)> {
    type Sources = BTreeMap<(String, String), bool>;
    let mut of_column: BTreeMap<(String, String), Sources> = BTreeMap::new();
    for model in models {
        for column in &model.table.columns {
            let mut sources = Sources::new();
            let own = model.uses.iter().filter(|u| u.output.as_deref().is_none_or(|o| o == column.name.value));
            for usage in own {
                let key = (usage.relation.clone(), usage.column.clone());
                match of_column.get(&key) {
                    Some(deeper) => {
                        for (source, direct) in deeper {
                            *sources.entry(source.clone()).or_default() |= *direct && usage.direct;
                        }
                    }
                    None => *sources.entry(key).or_default() |= usage.direct,
                }
            }
            of_column.insert((model.model.name.clone(), column.name.value.clone()), sources);
        }
    }
    of_column
        .into_iter()
        .flat_map(|((table, column), sources)| {
            sources
                .into_iter()
                .map(move |((dataset, from), direct)| (dataset, from, table.clone(), column.clone(), direct))
        })
        .collect()
}
