//! What the lake has stored, for commands that look at it only if they can.

use lakewarden_lake::Lake;
use lakewarden_pipeline::{Decision, DeclarationChange, OpenProject, PipelineError, declaration_changes, key_at_hand};
use serde::Serialize;
use std::time::Duration;

/// How long a store may take to say what is there.
const PATIENCE: Duration = Duration::from_secs(20);

/// What the dictionary says, against what is stored.
#[derive(Debug, Serialize)]
pub struct StoredComparison {
    /// The lake.
    pub lake: String,
    /// Whether it could be read.
    pub compared: bool,
    /// Why it could not be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// What changed since rows were stored.
    pub changes: Vec<DeclarationChange>,
}

/// Compares the project with its lake; `None` if there is no lake yet. What a broken entry says is not known, so a
/// project that does not compile is not compared.
pub async fn compare(open: &OpenProject) -> Option<StoredComparison> {
    let broken = open.problems.iter().any(|p| p.severity == lakewarden_dictionary::Severity::Error);
    let url = open.lake_url(None).ok().filter(|_| !broken)?;
    let is_folder = url.scheme() == "file";
    // Opening a lake in a folder makes the folder.
    if is_folder && !url.to_file_path().is_ok_and(|path| path.is_dir()) {
        return None;
    }
    let keys = key_at_hand(&open.project.settings);
    let compared = async {
        let lake = Lake::open(&url)?;
        lake.check_access().await?;
        declaration_changes(open, &lake, keys.as_ref()).await
    };
    let compared: Result<Vec<DeclarationChange>, String> = match tokio::time::timeout(PATIENCE, compared).await {
        Ok(found) => found.map_err(|error: PipelineError| error.to_string()),
        Err(_) => Err(format!("no answer in {} s", PATIENCE.as_secs())),
    };
    let lake = url.to_string();
    Some(match compared {
        Ok(changes) => StoredComparison { lake, compared: true, why: None, changes },
        Err(why) => StoredComparison { lake, compared: false, why: Some(why), changes: Vec::new() },
    })
}

/// A change in a line of its own, with what resolves it; none for one that needs nothing.
pub fn line(change: &DeclarationChange) -> String {
    let DeclarationChange { code, message, remedy, .. } = change;
    match change.decision {
        Decision::Note => format!("note[{code}]: {message}"),
        Decision::Warning => format!("warning[{code}]: {message}; help: {remedy}"),
        Decision::Refused => format!("error[{code}]: {message}; help: {remedy}"),
    }
}
