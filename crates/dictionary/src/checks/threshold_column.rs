//! A limit on nulls of a column that is not stored.

use super::{Check, Context};
use crate::diagnostic::Problem;
use crate::docs::{DiagnosticDoc, Example};
use crate::nearest::hint_for;

const CODE: &str = "LW1173";

/// The check and its page.
pub(super) const CHECK: Check = Check {
    doc: DiagnosticDoc {
        code: CODE,
        title: "a threshold is on no stored column",
        what: "`null_at_most` names a column that none of the dataset's fields has, or one that is dropped.",
        why: "Nulls are counted in what is written. A limit on anything else could never be crossed.",
        mend: "Name a stored column (`column`, not the name in the export).",
        example: Example::Edit {
            path: "schemas/channels/members.yaml",
            good: "retention: P5Y\n",
            bad: "retention: P5Y\nthresholds: { null_at_most: { phon: 5% } }\n",
        },
    },
    run: check,
};

fn check(context: &Context<'_>, problems: &mut Vec<Problem>) {
    for dataset in &context.project.datasets {
        let limits = dataset.demands.thresholds.iter().flat_map(|t| &t.null_at_most);
        for (column, _) in limits {
            if dataset.stored().any(|f| f.column.value == column.value) {
                continue;
            }
            if dataset.column(column).is_some_and(|f| context.is_broken(&f.span, &["treatment"])) {
                continue;
            }
            let hint = hint_for(column, dataset.stored().map(|f| f.column.as_str()), "name a stored column");
            let message = format!("`null_at_most` names no stored column: `{}`", column.value);
            problems.push(Problem::error(CODE, column.span.clone(), message).hint(hint));
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::after;

    #[test]
    fn limits_are_on_stored_columns() {
        let with = |column: &str| {
            let limits = format!("thresholds: {{ null_at_most: {{ {column}: 5% }} }}\nfields:\n");
            after("schemas/channels/members.yaml", "fields:\n", &limits)
        };
        assert_eq!(with("phone").len(), 0);
        assert_eq!(
            with("phon"),
            [
                "schemas/channels/members.yaml:13:31 LW1173 `null_at_most` names no stored column: `phon` (did you mean `phone`?)"
            ]
        );
        assert_eq!(with("name").len(), 1, "it is dropped");
    }
}
