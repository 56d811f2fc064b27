//! A decision about files that has no effect.

use super::{Check, Context};
use crate::diagnostic::Problem;
use crate::docs::{DiagnosticDoc, Example};
use crate::model::{DatasetRole, Snapshot};

const CODE: &str = "LW1290";

/// The check and its page.
pub(super) const CHECK: Check = Check {
    doc: DiagnosticDoc {
        code: CODE,
        title: "`snapshot` has no effect",
        what: "A dataset says what a run does about a file that has records of an earlier one, and declares a `key`, or is a consent log or suppression list. Or `snapshot: replace` is declared of a log or list, of a dataset that a database fills, or of one that keeps the history of its rows.",
        why: "With a key, each record of such a file is recognised by itself: it is a duplicate, a correction or a key conflict. Statements of a log count once however often they arrive, and a refused or replaced file could hold a withdrawal. A database has no files, and rows that are replaced as a whole have no history.",
        mend: "Remove `snapshot`. With a key, `snapshot: replace` may stay: each file is then a full export, and rows that it lacks go.",
        example: Example::Edit {
            path: "schemas/channels/stores.yaml",
            good: "key: store_code\n",
            bad: "key: store_code\nsnapshot: append\n",
        },
    },
    run: check,
};

fn check(context: &Context<'_>, problems: &mut Vec<Problem>) {
    for dataset in &context.project.datasets {
        let Some(said) = &dataset.snapshot else { continue };
        let channels = || context.project.pipelines.iter().flat_map(|pipeline| &pipeline.channels);
        let name = &dataset.name.value;
        let is_read_from_database = || channels().any(|c| c.dataset.value == *name && c.database.is_some());
        let why = match (said.value, dataset.role) {
            (_, DatasetRole::ConsentLog) => "is a consent log",
            (_, DatasetRole::SuppressionList) => "is a suppression list",
            (Snapshot::Refuse | Snapshot::Append, DatasetRole::Data) if !dataset.key.is_empty() => {
                "has a key by which its records are recognised"
            }
            (Snapshot::Replace, DatasetRole::Data) if dataset.keeps_history() => "keeps the history of its rows",
            (Snapshot::Replace, DatasetRole::Data) if is_read_from_database() => "is read from a database",
            (Snapshot::Refuse | Snapshot::Append | Snapshot::Replace, DatasetRole::Data) => continue,
        };
        let message = format!("`snapshot` has no effect: `{}` {why}", dataset.name.value);
        problems.push(Problem::error(CODE, said.span.clone(), message).hint("remove `snapshot`"));
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::after;

    #[test]
    fn it_is_declared_of_datasets_without_a_key() {
        let stores = |lines: &str| after("schemas/channels/stores.yaml", "key: store_code\n", lines);
        for word in ["refuse", "append"] {
            let found = stores(&format!("key: store_code\nsnapshot: {word}\n"));
            assert!(
                found.iter().any(|p| p.contains("LW1290 `snapshot` has no effect: `stores` has a key")),
                "{found:?}"
            );
            let found = stores(&format!("snapshot: {word}\n"));
            assert!(!found.iter().any(|p| p.contains("LW1290")), "{found:?}");
        }
        for key in ["key: store_code\n", ""] {
            let found = stores(&format!("{key}snapshot: replace\n"));
            assert!(!found.iter().any(|p| p.contains("LW1290")), "{found:?}");
        }
        let history = "key: store_code\nsurvivor: last\ncorrections: keep_history\nsnapshot: replace\n";
        let found = stores(history);
        assert!(
            found.iter().any(|p| p.contains("LW1290 `snapshot` has no effect: `stores` keeps the history")),
            "{found:?}"
        );
    }
}
