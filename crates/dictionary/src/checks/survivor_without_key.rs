//! A survivor among rows that nothing tells to be the same.

use super::{Check, Context};
use crate::diagnostic::Problem;
use crate::docs::{DiagnosticDoc, Example};

const CODE: &str = "LW1178";

/// The check and its page.
pub(super) const CHECK: Check = Check {
    doc: DiagnosticDoc {
        code: CODE,
        title: "`survivor` or `corrections` without a key",
        what: "A dataset says which of several rows with one key is kept, or what a later row does to an earlier one, and declares no `key`.",
        why: "Without a key no two rows are the same: all would be kept, and nothing would be corrected.",
        mend: "Declare the columns that together name a row as `key`, or remove the two keys.",
        example: Example::Edit {
            path: "schemas/channels/stores.yaml",
            good: "key: store_code\n",
            bad: "survivor: last\n",
        },
    },
    run: check,
};

fn check(context: &Context<'_>, problems: &mut Vec<Problem>) {
    for dataset in context.project.datasets.iter().filter(|d| d.key.is_empty()) {
        let corrections = dataset.repeats.corrections.as_ref().map(|c| &c.span);
        let Some(said) = dataset.repeats.survivor_span.as_ref().or(corrections) else { continue };
        if context.is_broken(&dataset.span, &["key"]) {
            continue;
        }
        let columns: Vec<&str> = dataset.stored().map(|f| f.column.as_str()).collect();
        let message = format!("`{}` has no key by which rows could be the same", dataset.name.value);
        problems.push(
            Problem::error(CODE, said.clone(), message)
                .hint(format!("add `key: […]` with some of: {}", crate::nearest::quoted(columns.into_iter()))),
        );
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::after;

    #[test]
    fn who_survives_is_said_of_keys() {
        for line in ["survivor: last", "corrections: ignore"] {
            let found = after("schemas/channels/stores.yaml", "key: store_code\n", &format!("{line}\n"));
            assert!(found.iter().any(|p| p.contains("LW1178 `stores` has no key")), "{found:?}");
            let kept = format!("key: store_code\n{line}\n");
            assert!(after("schemas/channels/stores.yaml", "key: store_code\n", &kept).is_empty());
        }
    }
}
