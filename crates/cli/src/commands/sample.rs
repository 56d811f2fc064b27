//! `lakewarden sample`.

use crate::failure::Failure;
use crate::output::{Output, bytes, counted, grouped};
use lakewarden_sample::{Options, Summary};
use serde_json::json;
use std::path::Path;
use std::process::ExitCode;

/// Writes sample exports and their truth.
pub fn sample(out: &Path, options: &Options, output: &Output) -> Result<ExitCode, Failure> {
    let summary = write(out, options)?;
    let rows: u64 = summary.datasets.iter().map(|d| d.rows).sum();
    let size: u64 = summary.datasets.iter().map(|d| d.bytes).sum();
    output.json(&json!({
        "exports": out.join("exports"),
        "truth": out.join("truth"),
        "datasets": summary.datasets.iter().map(|d| json!({
            "dataset": d.name, "files": d.files, "rows": d.rows, "bytes": d.bytes,
        })).collect::<Vec<_>>(),
    }));
    for set in &summary.datasets {
        output.text(format!(
            "  {:<22} {:>9} {:>12} rows {:>12}",
            set.name,
            counted(set.files, "file"),
            grouped(set.rows),
            bytes(set.bytes)
        ));
    }
    output.text(format!("{} rows, {} in {}", grouped(rows), bytes(size), out.join("exports").display()));
    Ok(ExitCode::SUCCESS)
}

/// Writes `OUT/exports` and `OUT/truth`.
pub fn write(out: &Path, options: &Options) -> Result<Summary, Failure> {
    Ok(lakewarden_sample::write(&out.join("exports"), &out.join("truth"), options, &|_, _| {})?)
}
