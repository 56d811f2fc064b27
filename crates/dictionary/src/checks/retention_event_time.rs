//! Retention without a time to count from.

use super::{Check, Context};
use crate::diagnostic::Problem;
use crate::docs::{DiagnosticDoc, Example};
use crate::nearest::quoted;

const CODE: &str = "LW1135";

/// The check and its page.
pub(super) const CHECK: Check = Check {
    doc: DiagnosticDoc {
        code: CODE,
        title: "retention without an event time",
        what: "A dataset declares `retention` but no `event_time`.",
        why: "How long a row has been kept is counted from its event. Without one, the promise to delete could not be kept.",
        mend: "Add `event_time`, naming the column with the row's time.",
        example: Example::Edit {
            path: "schemas/channels/members.yaml",
            good: "event_time: registered_at\nretention: P5Y\n",
            bad: "retention: P5Y\n",
        },
    },
    run: check,
};

fn check(context: &Context<'_>, problems: &mut Vec<Problem>) {
    for dataset in context
        .project
        .datasets
        .iter()
        .filter(|d| d.event_time.is_none() && !context.is_broken(&d.span, &["event_time"]))
    {
        let Some(retention) = &dataset.retention else {
            continue;
        };
        let times: Vec<&str> =
            dataset.stored().filter(|f| f.stored_type().is_temporal()).map(|f| f.column.as_str()).collect();
        let hint = match times.as_slice() {
            [] => "add `event_time`, and a field of type `timestamp` or `date` for it to name".to_owned(),
            times => format!("add `event_time` with one of {}", quoted(times.iter().copied())),
        };
        let message = format!("`{}` has a retention but no `event_time` to count it from", dataset.name.value);
        problems.push(Problem::error(CODE, retention.span.clone(), message).hint(hint));
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::after;

    #[test]
    fn retention_is_counted_from_an_event() {
        assert_eq!(
            after("schemas/channels/members.yaml", "event_time: registered_at\n", ""),
            [
                "schemas/channels/members.yaml:9:12 LW1135 `members` has a retention but no `event_time` to count it from (add `event_time` with one of `registered_at`)"
            ]
        );
    }
}
