//! `lakewarden model`.

use crate::commands::{entry, open};
use crate::failure::Failure;
use crate::output::Output;
use serde_json::json;
use std::path::Path;
use std::process::ExitCode;

/// Drafts the entry of a model's table from its plan, and prints or writes it.
pub async fn contract(root: &Path, name: &str, write: bool, output: &Output) -> Result<ExitCode, Failure> {
    let open = open(root)?;
    let path = format!("schemas/curated/{name}.yaml");
    if write {
        entry::refuse_existing(root, &path)?;
    }
    let draft = lakewarden_pipeline::draft_contract(&open, name).await.map_err(Failure::of(&open))?;
    let yaml = draft.to_yaml();
    if write {
        entry::write_new(root, &path, &yaml)?;
    }
    output.json(&json!({
        "table": draft.table, "pipeline": draft.pipeline, "subject": draft.subject, "grain": draft.grain,
        "purposes": draft.purposes, "columns": draft.columns, "entry": yaml,
        "written": if write { vec![path.as_str()] } else { Vec::new() },
    }));
    output.text(if write { format!("wrote {path}") } else { yaml.trim_end().to_owned() });
    output.say(if write {
        format!("next: fill in {path}, then: lakewarden check")
    } else {
        format!("next: put it into {path}, or --write; fill it in, then: lakewarden check")
    });
    Ok(ExitCode::SUCCESS)
}
