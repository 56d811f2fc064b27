//! A value that may not become null.

use super::{Check, Context};
use crate::diagnostic::{Problem, Span};
use crate::docs::{DiagnosticDoc, Example};
use crate::model::{Dataset, DatasetRole, Field, OnFailure, OnInvalid, Rule, Survivor};

const CODE: &str = "LW1255";

/// The check and its page.
pub(super) const CHECK: Check = Check {
    doc: DiagnosticDoc {
        code: CODE,
        title: "`set_null` leaves out a value that a row needs",
        what: "`on_failure: set_null` or `on_invalid: set_null` is declared for a field of the `key`, for the `event_time`, for the column by which `survivor` chooses, for a field that is `required`, for a rule `required`, `unique` or a rule on rows, or for a field of a consent log or suppression list that the engine reads.",
        why: "A row without its key cannot be told from another, one without its time has no age, and one that is compared by a value needs it. A statement without its data subject, purpose or date would be kept and say nothing. A rule on rows has no single value that could be left out.",
        mend: "Leave `set_null` out, so that the row goes to quarantine; or take the field out of the `key`, or `required` out of its rules.",
        example: Example::Edit {
            path: "schemas/channels/members.yaml",
            good: "    rules: [required, not_in_future]\n",
            bad: "    rules: [required, { rule: not_in_future, on_failure: set_null }]\n",
        },
    },
    run: check,
};

/// The columns of a consent log that the engine reads.
const OF_STATEMENTS: [&str; 10] = [
    "id_type",
    "id_token",
    "purpose",
    "action",
    "at",
    "jurisdiction",
    "notice_version",
    "expires_at",
    "recorded_at",
    "given_by",
];

fn check(context: &Context<'_>, problems: &mut Vec<Problem>) {
    for dataset in &context.project.datasets {
        for field in &dataset.fields {
            if context.is_broken(&field.span, &["rules", "on_invalid"]) {
                continue;
            }
            field_problems(dataset, field, problems);
        }
        for rule in dataset.demands.rows.iter().filter(|rule| rule.on_failure == OnFailure::SetNull) {
            let message = format!("the rule on rows `{}` has no value to set to null", rule.name.value);
            let problem = Problem::error(CODE, rule.name.span.clone(), message);
            problems.push(problem.hint("write `on_failure: quarantine`, `warn`, `stop_file` or `stop_run`"));
        }
    }
}

fn field_problems(dataset: &Dataset, field: &Field, problems: &mut Vec<Problem>) {
    let declared = field.values.absence.on_invalid.as_ref().filter(|said| said.value == OnInvalid::SetNull);
    let by_rule = field.rules.iter().filter(|rule| rule.on_failure == OnFailure::SetNull);
    let spans = declared.map(|said| &said.span).into_iter().chain(by_rule.clone().map(|rule| &rule.rule.span));
    if let Some(needed) = needed(dataset, field) {
        spans.for_each(|span| problems.push(refused(field, span, needed)));
        return;
    }
    for rule in by_rule {
        if matches!(rule.rule.value, Rule::Required | Rule::Unique) {
            let message = format!("`{}` of `{}` cannot set a value to null", rule.name(), field.column.value);
            let hint = "write `on_failure: quarantine`, `warn`, `stop_file` or `stop_run`";
            problems.push(Problem::error(CODE, rule.rule.span.clone(), message).hint(hint));
        }
    }
}

/// What a field is needed for, if its value may not become null.
fn needed(dataset: &Dataset, field: &Field) -> Option<&'static str> {
    let column = field.column.value.as_str();
    let pseudonym = || dataset.pseudonyms().any(|f| f.column.value == column);
    if dataset.key.iter().any(|part| part.value == column) {
        return Some("it is part of the `key`");
    }
    if dataset.event_time.as_ref().is_some_and(|time| time.value == column) {
        return Some("it is the `event_time`");
    }
    if matches!(&dataset.repeats.survivor, Survivor::Latest(by) if by.value == column) {
        return Some("`survivor` chooses by it");
    }
    match dataset.role {
        DatasetRole::Data => {}
        DatasetRole::ConsentLog if OF_STATEMENTS.contains(&column) || pseudonym() => {
            return Some("a statement without it says nothing");
        }
        DatasetRole::SuppressionList if pseudonym() => return Some("a line without it lists no one"),
        DatasetRole::ConsentLog | DatasetRole::SuppressionList => {}
    }
    field.is_required().then_some("it is `required`")
}

fn refused(field: &Field, span: &Span, needed: &str) -> Problem {
    let message = format!("`{}` cannot be set to null: {needed}", field.column.value);
    Problem::error(CODE, span.clone(), message).hint("leave `set_null` out: the row then goes to quarantine")
}

#[cfg(test)]
mod tests {
    use crate::testing::after;

    const MEMBERS: &str = "schemas/channels/members.yaml";
    const CONSENTS: &str = "schemas/channels/consents.yaml";

    #[test]
    fn values_that_a_row_needs_stay() {
        let key = after(MEMBERS, "    rules: [required]\n", "    on_invalid: set_null\n");
        assert_eq!(
            key,
            [
                "schemas/channels/members.yaml:23:17 LW1255 `member_no` cannot be set to null: it is part of the `key` (leave `set_null` out: the row then goes to quarantine)"
            ]
        );
        let time = "    rules: [required, { rule: not_in_future, on_failure: set_null }]\n";
        assert_eq!(after(MEMBERS, "    rules: [required, not_in_future]\n", time).len(), 1);
        let phone = |more: &str| after(MEMBERS, "    normalise: phone\n", &format!("    normalise: phone\n{more}"));
        assert_eq!(phone("    on_invalid: set_null\n").len(), 0);
        assert_eq!(phone("    rules: [{ matches: '.*', on_failure: set_null }]\n").len(), 0);
        assert_eq!(phone("    on_invalid: set_null\n    rules: [required]\n").len(), 1);
        assert_eq!(phone("    rules: [{ rule: unique, on_failure: set_null }]\n").len(), 1);
        let rows = "rules: [{ name: a, sql: points > 0, on_failure: set_null }]\nfields:\n";
        assert_eq!(after(MEMBERS, "fields:\n", rows).len(), 1);
    }

    #[test]
    fn statements_keep_what_the_engine_reads() {
        let action = "rules: [required, { in: [grant, withdraw], on_failure: set_null }]";
        assert!(!after(CONSENTS, "rules: [required, { in: [grant, withdraw] }]", action).is_empty());
        let subject = "by_field: id_type } }\n    on_invalid: set_null\n";
        assert!(!after(CONSENTS, "by_field: id_type } }\n", subject).is_empty());
    }
}
