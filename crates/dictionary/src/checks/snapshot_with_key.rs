//! A decision about files that has no effect.

use super::{Check, Context};
use crate::diagnostic::Problem;
use crate::docs::{DiagnosticDoc, Example};
use crate::model::DatasetRole;

const CODE: &str = "LW1290";

/// The check and its page.
pub(super) const CHECK: Check = Check {
    doc: DiagnosticDoc {
        code: CODE,
        title: "`snapshot` has no effect",
        what: "A dataset says what a run does about a file that has records of an earlier one, and declares a `key`, or is a consent log or suppression list.",
        why: "With a key, each record of such a file is recognised by itself: it is a duplicate, a correction or a key conflict. Statements of a log count once however often they arrive, and a refused file could hold a withdrawal.",
        mend: "Remove `snapshot`.",
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
        let why = match (dataset.key.is_empty(), dataset.role) {
            (false, _) => "has a key by which its records are recognised",
            (true, DatasetRole::ConsentLog) => "is a consent log",
            (true, DatasetRole::SuppressionList) => "is a suppression list",
            (true, DatasetRole::Data) => continue,
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
    }
}
