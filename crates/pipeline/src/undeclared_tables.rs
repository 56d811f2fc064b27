//! Tables that the lake has and the project no longer declares: no run changes or removes them.

use crate::error::{PipelineError, counted};
use crate::history;
use crate::project::OpenProject;
use crate::unread;
use lakewarden_lake::{Lake, Zone};
use serde::Serialize;
use std::collections::BTreeSet;

/// A stored table that nothing in the project declares.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UndeclaredTable {
    /// Stable code.
    pub code: &'static str,
    /// Its zone and name, such as `curated/sales`.
    pub table: String,
    /// Its folder: a path, or an address in a bucket.
    pub folder: String,
    /// What was found, in one sentence.
    pub message: String,
    /// What to do.
    pub remedy: String,
}

/// Finds them. Nothing of a project that does not compile: what a broken entry declares is not known.
///
/// # Errors
/// Those of a store that does not answer.
pub(crate) async fn find_undeclared_tables(
    open: &OpenProject,
    lake: &Lake,
) -> Result<Vec<UndeclaredTable>, PipelineError> {
    if open.problems.iter().any(|problem| problem.severity == lakewarden_dictionary::Severity::Error) {
        return Ok(Vec::new());
    }
    let project = &open.project;
    let curated: BTreeSet<String> = project.tables.iter().map(|table| table.name.value.clone()).collect();
    let of_dataset = |dataset| [history::table_name(dataset), unread::table_name(dataset), dataset.name.value.clone()];
    let conformed: BTreeSet<String> = project.datasets.iter().flat_map(of_dataset).collect();
    let mut found = Vec::new();
    for (zone, declared, folder) in [(Zone::Conformed, conformed, "channels"), (Zone::Curated, curated, "curated")] {
        for name in lake.tables(zone).await?.into_iter().filter(|name| !declared.contains(name)) {
            // One that cannot be read is a finding of the lake's own.
            let rows = match lake.table(zone, &name).await {
                Err(error) if error.is_retryable() => return Err(error.into()),
                table => table.ok().flatten().map(|table| table.rows()),
            };
            found.push(describe(lake, zone, &name, rows, folder));
        }
    }
    Ok(found)
}

fn describe(lake: &Lake, zone: Zone, name: &str, rows: Option<u64>, schemas: &str) -> UndeclaredTable {
    let table = format!("{zone}/{name}");
    let folder = match lake.url().to_file_path() {
        Ok(path) => path.join(zone.to_string()).join(name).display().to_string(),
        Err(()) => format!("{}/{table}", lake.url().as_str().trim_end_matches('/')),
    };
    let rows = rows.map_or_else(|| "rows".to_owned(), |rows| counted(rows, "row"));
    // A table beside a dataset is declared by the dataset.
    let entry = name.split('.').next().unwrap_or(name);
    UndeclaredTable {
        code: "LW5083",
        message: format!(
            "the lake still has {table} with {rows}, which the project no longer declares: no run changes it, and no policy applies to it"
        ),
        remedy: format!(
            "if nobody needs it any more, remove the folder {folder}; or declare it again: schemas/{schemas}/{entry}.yaml"
        ),
        table,
        folder,
    }
}
