//! `lakewarden tables` and `lakewarden describe`.

use crate::commands::open;
use crate::failure::Failure;
use crate::output::{Output, counted, grouped, local};
use chrono_tz::Tz;
use lakewarden_lake::Lake;
use lakewarden_pipeline::{CatalogueColumn, CatalogueTable, OpenProject, PipelineError, StoredTable};
use serde::Serialize;
use serde_json::{Value, json};
use std::path::Path;
use std::process::ExitCode;

/// Lists the tables of a project.
pub async fn tables(root: &Path, lake: Option<&str>, output: &Output) -> Result<ExitCode, Failure> {
    let (open, lake) = open_both(root, lake).await?;
    let tables = lakewarden_pipeline::catalogue(&open, &lake).await.map_err(Failure::of(&open))?;
    output.json(&json!({ "lake": lake.url(), "tables": tables.iter().map(summary).collect::<Vec<_>>() }));
    let width = tables.iter().map(|table| table.name.chars().count()).max().unwrap_or(0);
    for table in &tables {
        let rows = table.stored.as_ref().map_or_else(|| "-".to_owned(), |stored| grouped(stored.rows));
        output.text(format!("{:<width$}  {:<9}  {rows:>12}  {}", table.name, table.zone.to_string(), table.label.en));
    }
    if tables.is_empty() {
        output.text("no tables: the project declares neither datasets nor curated tables");
    }
    Ok(ExitCode::SUCCESS)
}

/// Describes one table.
pub async fn describe(root: &Path, name: &str, lake: Option<&str>, output: &Output) -> Result<ExitCode, Failure> {
    let (open, lake) = open_both(root, lake).await?;
    let table = lakewarden_pipeline::describe(&open, &lake, name).await.map_err(Failure::of(&open))?;
    output.json(&table);
    output.text(text(&table, open.zone()));
    Ok(ExitCode::SUCCESS)
}

async fn open_both(root: &Path, lake: Option<&str>) -> Result<(OpenProject, Lake), Failure> {
    let open = open(root)?;
    if open.problems.iter().any(|p| p.severity == lakewarden_dictionary::Severity::Error) {
        return Err(Failure::Problems { problems: open.problems.clone(), files: open.files.clone() });
    }
    let url = open.lake_url(lake).map_err(Failure::of(&open))?;
    let failed = |e: lakewarden_lake::LakeError| Failure::Pipeline(PipelineError::from(e));
    let lake = Lake::open(&url).map_err(failed)?;
    lake.check_access().await.map_err(failed)?;
    Ok((open, lake))
}

fn summary(table: &CatalogueTable) -> Value {
    let CatalogueTable { name, zone, label, meaning, grain, purposes, stored, .. } = table;
    json!({
        "name": name, "zone": zone, "label": label, "meaning": meaning, "grain": grain, "purposes": purposes,
        "stored": stored,
    })
}

fn text(table: &CatalogueTable, zone: Tz) -> String {
    let mut lines = vec![format!("{} ({}): {} / {}", table.name, table.zone, table.label.en, table.label.zh)];
    let mut fact = |name: &str, value: String| lines.push(format!("  {name:<10} {value}"));
    fact("row", table.meaning.clone());
    if !table.grain.is_empty() {
        fact("grain", table.grain.join(", "));
    }
    if !table.purposes.is_empty() {
        let purposes = table.purposes.iter().map(|(purpose, basis)| match basis {
            Some(basis) => format!("{purpose} ({})", word(basis)),
            None => purpose.clone(),
        });
        fact("purposes", purposes.collect::<Vec<_>>().join(", "));
    }
    if let Some(retention) = &table.retention {
        fact("retention", retention.clone());
    }
    fact("owner", format!("{}, {}", table.owner, table.update_frequency));
    fact("stored", table.stored.as_ref().map_or_else(|| "nothing yet: lakewarden run".to_owned(), |s| of(s, zone)));
    lines.push("  columns".to_owned());
    lines.extend(table.columns.iter().map(column));
    lines.join("\n")
}

fn of(stored: &StoredTable, zone: Tz) -> String {
    let mut text = format!("{}, version {}", counted(stored.rows, "row"), stored.version);
    if let Some(run) = &stored.run {
        text.push_str(&format!(", run {run}"));
    }
    if let Some(at) = stored.at {
        text.push_str(&format!(", {}", local(at, zone)));
    }
    text
}

fn column(column: &CatalogueColumn) -> String {
    let mut kind = column.data_type.clone();
    if let Some(unit) = &column.unit {
        kind.push_str(&format!(" in {unit}"));
    }
    let mut facts = vec![format!("identifier {}", word(&column.identifier))];
    facts.extend(column.treatment.as_ref().map(|treatment| format!("treatment {}", word(treatment))));
    facts.extend(column.category.clone());
    if !column.purposes.is_empty() {
        facts.push(format!("only for {}", column.purposes.join(", ")));
    }
    format!(
        "    {:<22} {kind:<18} {} / {}: {} [{}]",
        column.name,
        column.label.en,
        column.label.zh,
        column.meaning,
        facts.join("; ")
    )
}

/// A word of the dictionary as it is written there: `keep`, `pseudonymise email`.
fn word(value: &impl Serialize) -> String {
    fn flat(value: &Value) -> String {
        match value {
            Value::String(text) => text.clone(),
            Value::Object(fields) => {
                fields.iter().map(|(key, value)| format!("{key} {}", flat(value))).collect::<Vec<_>>().join(" ")
            }
            Value::Array(items) => items.iter().map(flat).collect::<Vec<_>>().join(" "),
            other @ (Value::Null | Value::Bool(_) | Value::Number(_)) => other.to_string(),
        }
    }
    serde_json::to_value(value).map_or_else(|_| String::new(), |value| flat(&value))
}
