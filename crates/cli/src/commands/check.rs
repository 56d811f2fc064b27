//! `lakewarden check`.

use crate::commands::open;
use crate::failure::Failure;
use crate::output::{Output, counted};
use crate::problems;
use lakewarden_dictionary::Severity;
use serde_json::json;
use std::path::Path;
use std::process::ExitCode;

/// Compiles everything and shows every problem.
pub async fn check(root: &Path, output: &Output) -> Result<ExitCode, Failure> {
    let open = open(root)?;
    let found = lakewarden_pipeline::check(&open).await.map_err(Failure::Pipeline)?;
    let failed = found.iter().any(|p| p.severity == Severity::Error);
    let project = &open.project;
    let models: usize = project.pipelines.iter().map(|p| p.models.len()).sum();
    output.json(&json!({
        "ok": !failed,
        "datasets": project.datasets.len(),
        "tables": project.tables.len(),
        "pipelines": project.pipelines.len(),
        "models": models,
        "problems": found,
    }));
    if !found.is_empty() {
        problems::show(output, &found, &open.files);
    }
    if failed {
        return Ok(ExitCode::from(1));
    }
    output.text(format!(
        "{}: no errors in {}, {}, {} with {}",
        project.settings.project,
        counted(project.datasets.len() as u64, "dataset"),
        counted(project.tables.len() as u64, "curated table"),
        counted(project.pipelines.len() as u64, "pipeline"),
        counted(models as u64, "model"),
    ));
    Ok(ExitCode::SUCCESS)
}
