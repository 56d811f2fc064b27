//! `lakewarden query`.

use crate::args::On;
use crate::commands::{as_of, now, open};
use crate::failure::Failure;
use crate::output::{Output, counted};
use crate::progress::by_reason;
use arrow::array::{ArrayRef, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, FieldRef, Schema};
use arrow::json::writer::{JsonArray, WriterBuilder};
use arrow::util::pretty::pretty_format_batches;
use lakewarden_pipeline::{PipelineError, Question};
use lakewarden_policy::Knowledge;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

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
    let at = as_of(on.as_of.as_deref(), &open)?.unwrap_or_else(now);
    let (pipeline, lake) = (on.pipeline.as_deref(), on.lake.as_deref());
    let question = Question { sql, purpose, pipeline, lake, as_of: at, consent };
    let mut running = lakewarden_pipeline::query(&open, &question).await.map_err(Failure::of(&open))?;
    let failed = |error| Failure::Pipeline(PipelineError::Engine { model: "query".to_owned(), error });
    let mut shown: Vec<RecordBatch> = Vec::new();
    let (mut rows, mut more) = (0, false);
    while let Some(batch) = running.next().await.map_err(failed)? {
        let take = batch.num_rows().min(limit - rows);
        more |= take < batch.num_rows();
        if take > 0 {
            shown.push(batch.slice(0, take));
            rows += take;
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
            "columns": running.schema.fields().iter().map(|f| json!({ "name": f.name(), "type": f.data_type().to_string() })).collect::<Vec<_>>(),
            "rows": json_rows(&shown)?,
            "truncated": more,
            "scans": scans.iter().map(|s| json!({
                "relation": s.relation, "basis": s.basis, "complete": s.complete, "read": s.read, "used": s.used,
                "without_subject": s.without_subject, "withheld": s.withheld,
            })).collect::<Vec<_>>(),
        }));
        return Ok(ExitCode::SUCCESS);
    }
    if shown.is_empty() {
        shown.push(RecordBatch::new_empty(running.schema.clone()));
    }
    let table = pretty_format_batches(&shown).map_err(|_| unprintable())?;
    output.text(table.to_string());
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
