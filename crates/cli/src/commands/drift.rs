//! `lakewarden drift`.

use crate::commands::{now, open};
use crate::failure::Failure;
use crate::output::{Output, counted, grouped, name_visible};
use lakewarden_pipeline::key_ring;
use serde_json::json;
use std::path::Path;
use std::process::ExitCode;

/// Names the undeclared fields of a dataset's files.
pub async fn show(root: &Path, dataset: &str, output: &Output) -> Result<ExitCode, Failure> {
    let open = open(root)?;
    let keys = key_ring(&open.project.settings).map_err(Failure::of(&open))?;
    let files = lakewarden_pipeline::undeclared(&open, &keys, dataset, now()).await.map_err(Failure::of(&open))?;
    let field = |field: &lakewarden_pipeline::UndeclaredField| json!({ "label": field.label, "name": field.name, "records": field.records });
    let listed = files
        .iter()
        .map(|(file, fields)| json!({ "file": file, "fields": fields.iter().map(field).collect::<Vec<_>>() }));
    output.json(&json!({ "dataset": dataset, "files": listed.collect::<Vec<_>>() }));
    let mut any = false;
    for (file, fields) in files.iter().filter(|(_, fields)| !fields.is_empty()) {
        any = true;
        output.text(format!("{file}: {}", counted(fields.len() as u64, "undeclared field")));
        for field in fields {
            let records = grouped(field.records);
            output.text(format!("  {}  {records:>12}  {}", field.label, name_visible(&field.name)));
        }
    }
    if !any {
        output.text(format!("no undeclared field holds a value in {}", counted(files.len() as u64, "file")));
    }
    Ok(ExitCode::SUCCESS)
}
