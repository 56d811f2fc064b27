//! An event time that is not a stored time.

use super::{Check, Context};
use crate::diagnostic::Problem;
use crate::docs::{DiagnosticDoc, Example};
use crate::model::Treatment;
use crate::nearest::quoted;

const CODE: &str = "LW1134";

/// The check and its page.
pub(super) const CHECK: Check = Check {
    doc: DiagnosticDoc {
        code: CODE,
        title: "`event_time` is not a stored time",
        what: "`event_time` names a column that is dropped, or that is stored as something other than a date or timestamp.",
        why: "Retention is applied to what is stored, run after run; it needs a time to count from.",
        mend: "Name a column of type `timestamp` or `date` that is kept.",
        example: Example::Edit {
            path: "schemas/channels/members.yaml",
            good: "event_time: registered_at",
            bad: "event_time: birth_decade",
        },
    },
    run: check,
};

fn check(context: &Context<'_>, problems: &mut Vec<Problem>) {
    for dataset in &context.project.datasets {
        let Some(event_time) = &dataset.event_time else {
            continue;
        };
        let Some(field) = dataset.column(event_time).filter(|f| !context.is_broken(&f.span, &["treatment", "type"]))
        else {
            continue;
        };
        let stored_type = field.stored_type();
        let message = if field.treatment == Treatment::Drop {
            format!("`event_time` names `{}`, which is dropped", event_time.value)
        } else if !stored_type.is_temporal() {
            format!("`event_time` names `{}`, which is stored as `{stored_type}`", event_time.value)
        } else {
            continue;
        };
        let times: Vec<&str> =
            dataset.stored().filter(|f| f.stored_type().is_temporal()).map(|f| f.column.as_str()).collect();
        let hint = match times.as_slice() {
            [] => "store a field of type `timestamp` or `date`".to_owned(),
            times => format!("stored times: {}", quoted(times.iter().copied())),
        };
        problems.push(
            Problem::error(CODE, event_time.span.clone(), message)
                .related(field.column.span.clone(), "declared here")
                .hint(hint),
        );
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::after;

    const MEMBERS: &str = "schemas/channels/members.yaml";

    #[test]
    fn event_times_are_stored_times() {
        assert_eq!(
            after(MEMBERS, "event_time: registered_at", "event_time: birth_decade"),
            [
                "schemas/channels/members.yaml:9:13 LW1134 `event_time` names `birth_decade`, which is stored as `integer` (stored times: `registered_at`) [schemas/channels/members.yaml:33:13 declared here]"
            ]
        );
        assert_eq!(
            after(MEMBERS, "event_time: registered_at", "event_time: name"),
            [
                "schemas/channels/members.yaml:9:13 LW1134 `event_time` names `name`, which is dropped (stored times: `registered_at`) [schemas/channels/members.yaml:25:13 declared here]"
            ]
        );
        assert_eq!(after(MEMBERS, "event_time: registered_at", "event_time: points").len(), 1);
    }
}
