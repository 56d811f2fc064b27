//! An event time that names no column.

use super::{Check, Context};
use crate::diagnostic::Problem;
use crate::docs::{DiagnosticDoc, Example};
use crate::nearest::hint_for;

const CODE: &str = "LW1111";

/// The check and its page.
pub(super) const CHECK: Check = Check {
    doc: DiagnosticDoc {
        code: CODE,
        title: "`event_time` names no column",
        what: "`event_time` of a dataset names a column that none of its fields has.",
        why: "Retention and periods are counted from it.",
        mend: "Name a column of the dataset (`column`, not the name in the export).",
        example: Example::Edit {
            path: "schemas/channels/members.yaml",
            good: "event_time: registered_at",
            bad: "event_time: registered",
        },
    },
    run: check,
};

fn check(context: &Context<'_>, problems: &mut Vec<Problem>) {
    for dataset in &context.project.datasets {
        let Some(event_time) = dataset.event_time.as_ref().filter(|e| dataset.column(e).is_none()) else {
            continue;
        };
        let times = dataset.stored().filter(|f| f.stored_type().is_temporal()).map(|f| f.column.as_str());
        problems.push(
            Problem::error(
                CODE,
                event_time.span.clone(),
                format!("`event_time` names no column: `{}`", event_time.value),
            )
            .hint(hint_for(event_time, times, "declare a field of type `timestamp` or `date`")),
        );
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::after;

    #[test]
    fn event_times_are_columns() {
        assert_eq!(
            after("schemas/channels/members.yaml", "event_time: registered_at", "event_time: register_at"),
            [
                "schemas/channels/members.yaml:9:13 LW1111 `event_time` names no column: `register_at` (did you mean `registered_at`?)"
            ]
        );
    }
}
