//! A history that cannot be told.

use super::{Check, Context};
use crate::diagnostic::Problem;
use crate::docs::{DiagnosticDoc, Example};
use crate::model::{HISTORY_COLUMNS, Survivor};

const CODE: &str = "LW1182";

/// The check and its page.
pub(super) const CHECK: Check = Check {
    doc: DiagnosticDoc {
        code: CODE,
        title: "`corrections: keep_history` where the history has no times or no columns",
        what: "A dataset keeps the history of its rows, and `latest` names a column that is neither a date nor a timestamp, or a field is stored under a name that the history needs: `valid_from`, `valid_to`, `is_current`.",
        why: "The history says from when to when a row held. With `latest` that is the column's value; with `survivor: last` it is the instant of the run.",
        mend: "Let `latest` name a date or timestamp, or write `survivor: last`; give the field another `column`.",
        example: Example::Edit {
            path: "schemas/channels/members.yaml",
            good: "key: [member_no]\n",
            bad: "key: [member_no]\nsurvivor: { latest: points }\ncorrections: keep_history\n",
        },
    },
    run: check,
};

fn check(context: &Context<'_>, problems: &mut Vec<Problem>) {
    for dataset in context.project.datasets.iter().filter(|d| d.keeps_history()) {
        for field in dataset.stored().filter(|f| HISTORY_COLUMNS.contains(&f.column.as_str())) {
            let message = format!("the history of `{}` needs `{}` for itself", dataset.name.value, field.column.value);
            problems
                .push(Problem::error(CODE, field.column.span.clone(), message).hint("give the field another `column`"));
        }
        let Survivor::Latest(column) = &dataset.repeats.survivor else { continue };
        let Some(latest) = dataset.latest().filter(|f| !context.is_broken(&f.span, &["treatment", "type"])) else {
            continue;
        };
        if !latest.stored_type().is_temporal() {
            let stored = latest.stored_type();
            let message = format!("a history needs times, and `{}` is stored as `{stored}`", column.value);
            problems.push(
                Problem::error(CODE, column.span.clone(), message)
                    .hint("name a date or timestamp, or write `survivor: last`"),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::after_all;

    #[test]
    fn a_history_has_times_and_its_own_columns() {
        let with = |lines: &str, more: &[(&str, &str)]| {
            let lines = format!("key: [member_no]\n{lines}corrections: keep_history\n");
            let edits: Vec<(&str, &str)> =
                [("key: [member_no]\n", lines.as_str())].into_iter().chain(more.iter().copied()).collect();
            after_all("schemas/channels/members.yaml", &edits)
        };
        assert!(with("survivor: last\n", &[]).is_empty());
        assert!(with("survivor: { latest: registered_at }\n", &[]).is_empty());
        let found = with("survivor: { latest: points }\n", &[]);
        assert!(found.len() == 1 && found[0].contains("LW1182 a history needs times"), "{found:?}");
        let found = with("survivor: last\n", &[("column: birth_decade", "column: valid_from")]);
        assert!(found.iter().any(|p| p.contains("LW1182 the history of `members` needs `valid_from`")), "{found:?}");
    }
}
