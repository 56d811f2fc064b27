//! Limits that no file could meet, or that the reader could not keep.

use super::{Check, Context};
use crate::diagnostic::Problem;
use crate::docs::{DiagnosticDoc, Example};
use crate::model::Limits;

const CODE: &str = "LW1152";

/// The check and its page.
pub(super) const CHECK: Check = Check {
    doc: DiagnosticDoc {
        code: CODE,
        title: "limits that contradict each other",
        what: "`limits` of a format lets a value be larger than the record it is in, or a record larger than 1 GiB.",
        why: "The larger limit would never be reached, or the reader could not count the text of a batch.",
        mend: "Raise `record` with `field`, and keep both at or below 1 GiB.",
        example: Example::Edit {
            path: "schemas/channels/members.yaml",
            good: "format: { container: csv }",
            bad: "format: { container: csv, limits: { field: 128MiB } }",
        },
    },
    run: check,
};

fn check(context: &Context<'_>, problems: &mut Vec<Problem>) {
    for dataset in &context.project.datasets {
        let (limits, span) = (&dataset.format.limits, &dataset.format.span);
        if context.is_broken(span, &["limits"]) {
            continue;
        }
        if limits.record > Limits::MOST_RECORD {
            let message = "the limit `record` is above 1 GiB";
            problems.push(Problem::error(CODE, span.clone(), message).hint("write `record: 1GiB` or less"));
        } else if limits.field > limits.record {
            let message = "the limit `field` is above the limit `record`";
            let hint = format!("write `record: {}` or more, or a smaller `field`", limits.field);
            problems.push(Problem::error(CODE, span.clone(), message).hint(hint));
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::after;

    const MEMBERS: &str = "schemas/channels/members.yaml";

    #[test]
    fn limits_fit_each_other() {
        let with =
            |limits: &str| after(MEMBERS, "container: csv }", &format!("container: csv, limits: {{ {limits} }} }}"));
        assert_eq!(
            with("field: 1KiB, record: 1000"),
            [
                "schemas/channels/members.yaml:7:9 LW1152 the limit `field` is above the limit `record` (write `record: 1024` or more, or a smaller `field`)"
            ]
        );
        assert_eq!(
            with("record: 2GiB"),
            [
                "schemas/channels/members.yaml:7:9 LW1152 the limit `record` is above 1 GiB (write `record: 1GiB` or less)"
            ]
        );
        assert_eq!(with("field: 1GiB, record: 1GiB"), [""; 0]);
        assert!(with("field: 1 GiB x")[0].contains("LW1008"));
    }
}
