//! `lakewarden init`.

use crate::commands::template::{FIRST, paths, unpack};
use crate::failure::Failure;
use crate::output::Output;
use serde_json::json;
use std::path::Path;
use std::process::ExitCode;

/// Writes a project that runs into a folder that holds none.
pub fn init(dir: &Path, output: &Output) -> Result<ExitCode, Failure> {
    if dir.join("lakewarden.yaml").exists() {
        return Err(Failure::Usage {
            message: format!("{} holds a project already", dir.display()),
            hint: "name another folder: lakewarden init DIR".to_owned(),
        });
    }
    // What is there already is not ours to overwrite.
    if let Some(taken) = paths(&FIRST).into_iter().map(|path| dir.join(path)).find(|path| path.exists()) {
        return Err(Failure::Usage {
            message: format!("{} is there already; nothing was written", taken.display()),
            hint: "name an empty folder: lakewarden init DIR".to_owned(),
        });
    }
    unpack(&FIRST, dir, &|_| true)?;
    output.json(&json!({ "project": dir }));
    output.say(format!("wrote a first project to {}", dir.display()));
    output.say(format!("next: cd {} && lakewarden check && lakewarden keys init && lakewarden run", dir.display()));
    Ok(ExitCode::SUCCESS)
}
