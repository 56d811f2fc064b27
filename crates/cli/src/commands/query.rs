//! `lakewarden query`.

use crate::args::On;
use crate::commands::{as_of, now, open};
use crate::failure::Failure;
use crate::output::{Output, bytes as bytes_of, counted};
use crate::progress::by_reason;
use crate::who::who;
use arrow::array::{Array, ArrayRef, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, FieldRef, Schema};
use arrow::json::writer::{JsonArray, WriterBuilder};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use arrow::util::pretty::pretty_format_batches;
use lakewarden_pipeline::{PipelineError, Question};
use lakewarden_policy::Knowledge;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

/// Bytes of a query's text.
const MOST_SQL: u64 = 1 << 20;
/// Bytes of an answer that are held in memory at most, whatever the budget is.
const MOST_BYTES: u64 = 256 << 20;

/// Asks what is published, under the policy.
pub async fn query(
    root: &Path,
    sql: &str,
    purpose: &str,
    limit: usize,
    consent: Knowledge,
    on: &On,
    output: &Output,
) -> Result<ExitCode, Failure> {
    let open = open(root)?;
    let clock = now();
    let at = as_of(on.as_of.as_deref(), &open)?.unwrap_or(clock);
    let (pipeline, lake) = (on.pipeline.as_deref(), on.lake.as_deref());
    let who = who();
    let question = Question { sql, purpose, pipeline, lake, as_of: at, now: clock, consent, who: &who };
    let mut running = lakewarden_pipeline::query(&open, &question).await.map_err(Failure::of(&open))?;
    let failed = |error| Failure::Pipeline(PipelineError::Engine { model: "query".to_owned(), error });
    let schema = Arc::new(with_unique_names(&running.schema));
    let mut csv = output.is_csv().then(|| CsvWriter::new(output, &schema));
    let most_bytes = open.project.settings.memory_budget.map_or(MOST_BYTES, |budget| (budget / 4).min(MOST_BYTES));
    let mut shown: Vec<RecordBatch> = Vec::new();
    let (mut rows, mut bytes, mut more) = (0, 0_u64, false);
    while let Some(batch) = running.next().await.map_err(failed)? {
        let take = batch.num_rows().min(limit - rows);
        more |= take < batch.num_rows();
        if take == 0 {
            continue;
        }
        rows += take;
        let batch = batch.slice(0, take);
        let batch = RecordBatch::try_new(Arc::clone(&schema), batch.columns().to_vec()).map_err(|_| unprintable())?;
        match &mut csv {
            Some(csv) => csv.write(&batch)?,
            None => {
                bytes = bytes.saturating_add(batch.get_array_memory_size() as u64);
                if bytes > most_bytes {
                    return Err(too_large(most_bytes));
                }
                shown.push(batch);
            }
        }
    }
    let scans = running.accounts().map_err(failed)?;
    let mut withheld: BTreeMap<String, u64> = BTreeMap::new();
    for (reason, rows) in scans.iter().flat_map(|s| &s.withheld) {
        *withheld.entry(reason.to_string()).or_default() += rows;
    }
    if output.is_json() {
        output.json(&json!({
            "purpose": purpose,
            "columns": schema.fields().iter().map(|f| json!({ "name": f.name(), "type": f.data_type().to_string() })).collect::<Vec<_>>(),
            "rows": json_rows(&shown)?,
            "truncated": more,
            "scans": scans.iter().map(|s| json!({
                "relation": s.relation, "basis": s.basis, "complete": s.complete, "read": s.read, "used": s.used,
                "without_subject": s.without_subject, "withheld": s.withheld,
            })).collect::<Vec<_>>(),
        }));
        return Ok(ExitCode::SUCCESS);
    }
    if !output.is_csv() {
        if shown.is_empty() {
            shown.push(RecordBatch::new_empty(schema));
        }
        let table = pretty_format_batches(&shown).map_err(|_| unprintable())?;
        output.text(table.to_string());
    }
    if more {
        output.say(format!("only the first {} shown; --limit N shows more", counted(rows as u64, "row")));
    }
    if scans.iter().any(|s| !s.complete) {
        output.say(format!(
            "how many rows are withheld from purpose {purpose} is told of whole tables only: of a part it would tell what they hold"
        ));
    }
    if !withheld.is_empty() {
        output.say(format!("rows withheld from purpose {purpose}: {}", by_reason(&withheld)));
    }
    Ok(ExitCode::SUCCESS)
}

/// The query: an argument, a file, or what stdin has.
pub fn read_sql(sql: Option<&str>, file: Option<&Path>) -> Result<String, Failure> {
    let mut text = Vec::new();
    let name = match (sql, file) {
        (Some("-"), _) => {
            let stdin = Path::new("stdin");
            std::io::stdin().lock().take(MOST_SQL + 1).read_to_end(&mut text).map_err(Failure::file("read", stdin))?;
            stdin
        }
        (Some(sql), _) => return Ok(sql.to_owned()),
        (None, Some(file)) => {
            let opened = std::fs::File::open(file).map_err(Failure::file("read", file))?;
            opened.take(MOST_SQL + 1).read_to_end(&mut text).map_err(Failure::file("read", file))?;
            file
        }
        // The command line has one of the two.
        (None, None) => Path::new("stdin"),
    };
    let refused = |what: &str| Failure::Usage {
        message: format!("{} {what}", name.display()),
        hint: "give one SELECT as UTF-8 text: lakewarden query - < query.sql".to_owned(),
    };
    if text.len() as u64 > MOST_SQL {
        return Err(refused("is larger than 1 MiB"));
    }
    let text = String::from_utf8(text).map_err(|_| refused("is not UTF-8 text"))?;
    if text.trim().is_empty() { Err(refused("is empty")) } else { Ok(text) }
}

/// The columns with names that differ, so that none is lost in JSON: the second `order_no` is `order_no_2`.
fn with_unique_names(schema: &Schema) -> Schema {
    let given: BTreeSet<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
    let mut used: BTreeSet<String> = BTreeSet::new();
    let fields: Vec<FieldRef> = schema
        .fields()
        .iter()
        .map(|field| {
            let mut name = field.name().clone();
            for number in 2.. {
                if used.insert(name.clone()) {
                    break;
                }
                name = format!("{}_{number}", field.name());
                if given.contains(name.as_str()) {
                    name = field.name().clone();
                }
            }
            Arc::new(field.as_ref().clone().with_name(name))
        })
        .collect();
    Schema::new(fields)
}

/// Writes rows as CSV while they come.
struct CsvWriter<'a> {
    output: &'a Output,
}

impl<'a> CsvWriter<'a> {
    /// Writes the header.
    fn new(output: &'a Output, schema: &Schema) -> Self {
        let names = schema.fields().iter().map(|field| csv_cell(field.name()));
        output.csv(&line_of(names));
        Self { output }
    }

    fn write(&mut self, batch: &RecordBatch) -> Result<(), Failure> {
        let options = FormatOptions::default();
        let columns = batch.columns().iter().map(|column| ArrayFormatter::try_new(column, &options));
        let columns = columns.collect::<Result<Vec<_>, _>>().map_err(|_| unprintable())?;
        for row in 0..batch.num_rows() {
            let mut cells = Vec::with_capacity(columns.len());
            for (column, values) in columns.iter().zip(batch.columns()) {
                // Nothing is null, and two quotation marks are the empty text.
                cells.push(match values.is_null(row) {
                    true => String::new(),
                    false => csv_cell(&column.value(row).try_to_string().map_err(|_| unprintable())?),
                });
            }
            self.output.csv(&line_of(cells.into_iter()));
        }
        Ok(())
    }
}

fn line_of(cells: impl Iterator<Item = String>) -> String {
    let mut line = cells.collect::<Vec<_>>().join(",");
    line.push('\n');
    line
}

/// A cell as RFC 4180 writes it.
fn csv_cell(text: &str) -> String {
    let plain = !text.is_empty() && !text.contains(['"', ',', '\n', '\r']) && text.trim().len() == text.len();
    if plain { text.to_owned() } else { format!("\"{}\"", text.replace('"', "\"\"")) }
}

fn too_large(most: u64) -> Failure {
    Failure::Usage {
        message: format!("the answer is larger than {}, the most that is held in memory for one", bytes_of(most)),
        hint: "select less, or --format csv, which is written row by row".to_owned(),
    }
}

fn json_rows(batches: &[RecordBatch]) -> Result<Value, Failure> {
    let mut bytes = Vec::new();
    let mut writer = WriterBuilder::new().with_explicit_nulls(true).build::<_, JsonArray>(&mut bytes);
    for batch in batches {
        writer.write(&exact(batch)?).map_err(|_| unprintable())?;
    }
    writer.finish().map_err(|_| unprintable())?;
    if bytes.is_empty() {
        return Ok(json!([]));
    }
    serde_json::from_slice(&bytes).map_err(|_| unprintable())
}

/// Decimals as text: a JSON number would be read as a float, and money would lose its last digits.
fn exact(batch: &RecordBatch) -> Result<RecordBatch, Failure> {
    let mut fields: Vec<FieldRef> = Vec::new();
    let mut columns: Vec<ArrayRef> = Vec::new();
    for (field, column) in batch.schema().fields().iter().zip(batch.columns()) {
        if field.data_type().is_decimal() {
            fields.push(Arc::new(field.as_ref().clone().with_data_type(DataType::Utf8)));
            columns.push(cast(column, &DataType::Utf8).map_err(|_| unprintable())?);
        } else {
            fields.push(Arc::clone(field));
            columns.push(Arc::clone(column));
        }
    }
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).map_err(|_| unprintable())
}

fn unprintable() -> Failure {
    Failure::Usage {
        message: "the result has a column that cannot be printed".to_owned(),
        hint: "CAST it to a plain type".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::datatypes::Field;

    #[test]
    fn every_column_has_a_name_of_its_own() {
        let names = |given: &[&str]| {
            let fields: Vec<Field> = given.iter().map(|name| Field::new(*name, DataType::Int64, true)).collect();
            let named = with_unique_names(&Schema::new(fields));
            named.fields().iter().map(|field| field.name().clone()).collect::<Vec<_>>()
        };
        assert_eq!(names(&["a", "b"]), ["a", "b"]);
        assert_eq!(names(&["a", "a", "a"]), ["a", "a_2", "a_3"]);
        assert_eq!(names(&["a", "a_2", "a"]), ["a", "a_2", "a_3"]);
        assert_eq!(names(&["a", "a", "a_2"]), ["a", "a_3", "a_2"]);
    }

    #[test]
    fn cells_are_quoted_where_they_must_be() {
        assert_eq!(csv_cell("plain"), "plain");
        assert_eq!(csv_cell(""), "\"\"");
        assert_eq!(csv_cell("a,\"b\"\nc"), "\"a,\"\"b\"\"\nc\"");
    }
}
