//! Files made from the dictionary's one declaration of its keys.

use crate::error::ChoreError;
use lakewarden_dictionary::{FileKind, diagnostic_pages, json_schema, reference_markdown};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Writes the generated files, or with `check` compares them.
pub fn generate(check: bool) -> Result<(), ChoreError> {
    let root = root();
    let mut files: Vec<(PathBuf, String)> = Vec::new();
    for kind in FileKind::ALL {
        let schema =
            serde_json::to_string_pretty(&sorted(json_schema(kind))).map_err(|_| ChoreError::Result("json_schema"))?;
        files.push((root.join(format!("docs/reference/{}.schema.json", kind.name())), schema + "\n"));
    }
    files.push((root.join("docs/reference/dictionary.md"), reference_markdown()));
    let pages = diagnostic_pages();
    let names: BTreeSet<String> = pages.iter().map(|(name, _)| name.clone()).collect();
    files.extend(pages.into_iter().map(|(name, page)| (root.join("docs/diagnostics").join(name), page)));
    let mut stale = Vec::new();
    for (path, text) in &files {
        if fs::read_to_string(path).is_ok_and(|old| old == *text) {
            continue;
        }
        stale.push(path.strip_prefix(&root).unwrap_or(path).display().to_string());
        if !check {
            let folder = path.parent().unwrap_or(&root);
            fs::create_dir_all(folder).map_err(ChoreError::file(folder))?;
            fs::write(path, text).map_err(ChoreError::file(path))?;
        }
    }
    stale.extend(left_over(&root.join("docs/diagnostics"), &names)?);
    if check && !stale.is_empty() {
        return Err(ChoreError::Stale(stale));
    }
    println!("{} generated files, {} changed", files.len(), stale.len());
    Ok(())
}

/// The line of pages that are generated.
const MARK: &str = "<!-- Generated from crates/dictionary; do not edit. -->";

/// Generated pages whose code the dictionary does not have any more. Pages of other crates' codes are written by hand.
fn left_over(folder: &Path, names: &BTreeSet<String>) -> Result<Vec<String>, ChoreError> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(ChoreError::file(folder))? {
        let entry = entry.map_err(ChoreError::file(folder))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if names.contains(&name) {
            continue;
        }
        let page = fs::read_to_string(entry.path()).map_err(ChoreError::file(&entry.path()))?;
        if page.lines().any(|line| line == MARK) {
            found.push(format!("docs/diagnostics/{name} (no such code)"));
        }
    }
    Ok(found)
}

/// Keys in order, whatever features another crate turns on.
fn sorted(value: serde_json::Value) -> serde_json::Value {
    match value {
        serde_json::Value::Object(map) => {
            let ordered: std::collections::BTreeMap<_, _> = map.into_iter().map(|(k, v)| (k, sorted(v))).collect();
            serde_json::Value::Object(ordered.into_iter().collect())
        }
        serde_json::Value::Array(items) => items.into_iter().map(sorted).collect(),
        other => other,
    }
}

/// The repository.
pub fn root() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.parent().unwrap_or(own).to_path_buf()
}
