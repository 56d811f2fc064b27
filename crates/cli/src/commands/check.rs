//! `lakewarden check`.

use crate::commands::open;
use crate::failure::Failure;
use crate::output::{Output, counted};
use crate::problems;
use crate::stored;
use lakewarden_dictionary::Severity;
use lakewarden_pipeline::{CheckCache, change_problems, check_again};
use serde_json::json;
use std::path::Path;
use std::process::ExitCode;

/// Compiles everything, save what an earlier check found sound, and shows every problem.
pub async fn check(root: &Path, cached: bool, output: &Output) -> Result<ExitCode, Failure> {
    let build = if cached { build() } else { None };
    let open = open(root)?;
    let mut cache = build.map_or_else(CheckCache::default, |build| CheckCache::open(root, &build));
    let found = check_again(&open, &mut cache).await.map_err(Failure::Pipeline)?;
    // Where nothing can be kept, as in a folder that may only be read, the next check takes longer, and that is all.
    let _ = cache.save();
    let stored = stored::compare(&open).await;
    let mut found = found;
    if let Some(stored) = &stored {
        found.extend(change_problems(&open.project, &stored.changes));
    }
    let failed = found.iter().any(|p| p.severity == Severity::Error);
    let project = &open.project;
    let models: usize = project.pipelines.iter().map(|p| p.models.len()).sum();
    let mut result = json!({
        "ok": !failed,
        "datasets": project.datasets.len(),
        "tables": project.tables.len(),
        "pipelines": project.pipelines.len(),
        "models": models,
        "problems": found,
    });
    if let (Some(stored), Some(result)) = (&stored, result.as_object_mut()) {
        result.insert("stored".to_owned(), json!(stored));
    }
    output.json(&result);
    if let Some(why) = stored.as_ref().and_then(|stored| stored.why.as_ref()) {
        output.say(format!("note: the lake could not be read, so stored rows were not compared: {why}"));
    }
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

/// What tells this program from every other that might judge otherwise: its version does not, between two builds of
/// one version, and hashing it would take as long as it spares. Whatever writes a file gives it a new time of change,
/// which nobody can choose. `None` where the system does not know such a time: then nothing is kept.
#[cfg(unix)]
fn build() -> Option<String> {
    use std::os::unix::fs::MetadataExt;
    let file = std::env::current_exe().and_then(std::fs::metadata).ok()?;
    let times = [file.mtime(), file.mtime_nsec(), file.ctime(), file.ctime_nsec()];
    Some(format!("{} {} {} {} {times:?}", env!("CARGO_PKG_VERSION"), file.dev(), file.ino(), file.len()))
}

#[cfg(not(unix))]
fn build() -> Option<String> {
    None
}
