//! A field that is newer than the rows it is in.

use super::{Check, Context};
use crate::diagnostic::Problem;
use crate::docs::{DiagnosticDoc, Example};

const CODE: &str = "LW1240";

/// The check and its page.
pub(super) const CHECK: Check = Check {
    doc: DiagnosticDoc {
        code: CODE,
        title: "`since` cannot be declared of this field",
        what: "`since` is declared of a field that is dropped, that is part of the dataset's `key`, or that is its `event_time`.",
        why: "Rows from before `since` may be without the field. Without a part of its key a row cannot be told from others, without an event time nothing says whether it is from before, and of a dropped field nothing is stored.",
        mend: "Remove `since`. If the export got the field later, load the older files again with it, or leave it out of `key`.",
        example: Example::Edit {
            path: "schemas/channels/stores.yaml",
            good: "    label: { zh: 门店编码, en: Store code }\n",
            bad: "    label: { zh: 门店编码, en: Store code }\n    since: 2026-03-01\n",
        },
    },
    run: check,
};

fn check(context: &Context<'_>, problems: &mut Vec<Problem>) {
    for dataset in &context.project.datasets {
        let names_it = |name: &str, column: &str| name == column;
        for field in dataset.fields.iter().filter(|f| !context.is_broken(&f.span, &["treatment", "since"])) {
            let Some(since) = &field.since else { continue };
            let column = &field.column.value;
            let why = if !field.is_stored() {
                "is dropped"
            } else if dataset.key.iter().any(|part| names_it(&part.value, column)) {
                "is part of the key"
            } else if dataset.event_time.as_ref().is_some_and(|event| names_it(&event.value, column)) {
                "is the event time"
            } else {
                continue;
            };
            let message = format!("`since` is declared of `{column}`, which {why}");
            problems.push(Problem::error(CODE, since.span.clone(), message).hint("remove `since`"));
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{after, after_all};

    const MEMBERS: &str = "schemas/channels/members.yaml";

    fn found(good: &str) -> Vec<String> {
        let found = after(MEMBERS, good, &format!("{good}    since: 2026-03-01\n"));
        found.into_iter().filter(|p| p.contains("LW1240")).collect()
    }

    #[test]
    fn rows_keep_their_key_and_their_time() {
        assert!(
            found("    column: member_no\n")[0]
                .contains("LW1240 `since` is declared of `member_no`, which is part of the key")
        );
        assert!(found("    column: registered_at\n")[0].contains("`registered_at`, which is the event time"));
        assert!(found("    column: name\n")[0].contains("`name`, which is dropped"));
        assert_eq!(found("    column: points\n"), [""; 0]);
    }

    #[test]
    fn a_day_is_a_day() {
        for text in ["2026-02-30", "2026-3-1", "yesterday", "P1M"] {
            let all =
                after_all(MEMBERS, &[("    column: points\n", &format!("    column: points\n    since: {text}\n"))]);
            assert!(all.iter().any(|p| p.contains("not a day")), "{text}: {all:?}");
        }
    }
}
