//! Rejected records that are kept longer than rows.

use super::{Check, Context};
use crate::diagnostic::Problem;
use crate::docs::{DiagnosticDoc, Example};

const CODE: &str = "LW1183";

/// The check and its page.
pub(super) const CHECK: Check = Check {
    doc: DiagnosticDoc {
        code: CODE,
        title: "rejected records are kept longer than rows",
        what: "The `quarantine_retention` of a dataset, its own or the project's, is longer than its `retention`. A warning.",
        why: "A rejected record holds what its row would have held, and more of it in clear once it is opened. What must be gone after `retention` would still be there, sealed.",
        mend: "Declare a shorter `quarantine_retention` in the dataset's entry.",
        example: Example::Edit {
            path: "schemas/channels/members.yaml",
            good: "retention: P5Y\n",
            bad: "retention: P5Y\nquarantine_retention: P6Y\n",
        },
    },
    run: check,
};

fn check(context: &Context<'_>, problems: &mut Vec<Problem>) {
    let settings = &context.project.settings;
    for dataset in &context.project.datasets {
        let (Some(rows), Some(rejected)) = (&dataset.retention, settings.declared_quarantine_retention(dataset)) else {
            continue;
        };
        if rejected.value.is_longer_than(&rows.value) {
            let message = format!("rejected records of `{}` are kept longer than its rows may be", dataset.name.value);
            problems.push(
                Problem::warning(CODE, rejected.span.clone(), message)
                    .related(rows.span.clone(), "rows are kept for this long")
                    .hint(format!(
                        "add a shorter `quarantine_retention` to schemas/channels/{}.yaml",
                        dataset.name.value
                    )),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::after;

    #[test]
    fn rejected_records_go_no_later_than_rows() {
        let members = "schemas/channels/members.yaml";
        assert_eq!(after(members, "retention: P5Y\n", "retention: P5Y\nquarantine_retention: P60M\n"), [""; 0]);
        let found = after(members, "retention: P5Y\n", "retention: P5Y\nquarantine_retention: P61M\n");
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].contains("LW1183") && found[0].contains("`members`"), "{found:?}");
        let found = after(
            "lakewarden.yaml",
            "time_zone: Asia/Shanghai\n",
            "time_zone: Asia/Shanghai\nquarantine_retention: P9Y\n",
        );
        assert!(found.iter().any(|f| f.starts_with("lakewarden.yaml") && f.contains("LW1183")), "{found:?}");
    }
}
