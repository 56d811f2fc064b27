//! A consent log without the columns that the engine reads.

use super::{Check, Context};
use crate::diagnostic::Problem;
use crate::docs::{DiagnosticDoc, Example};
use crate::model::{DataType, Dataset, DatasetRole, Treatment};

const CODE: &str = "LW1133";

/// The check and its page.
pub(super) const CHECK: Check = Check {
    doc: DiagnosticDoc {
        code: CODE,
        title: "a consent log lacks its columns",
        what: "A dataset with `role: consent_log` does not store one of `id_type`, `id_token` (a pseudonym), `purpose`, `action` (text) and `at` (a timestamp), or stores it as something else; or stores `expires_at` or `recorded_at` as something else than a timestamp, `given_by`, `jurisdiction` or `notice_version` as something else than text, or drops one of these.",
        why: "The engine reads consent from these columns. Without one of them nobody's consent could be told, and nothing be read; an end of consent that is not stored would never come.",
        mend: "Declare the field, with `column` as named, of the right type and a treatment that stores it.",
        example: Example::Edit {
            path: "schemas/channels/consents.yaml",
            good: "    column: action\n",
            bad: "    column: what\n",
        },
    },
    run: check,
};

/// The columns and what each must be.
const COLUMNS: [(&str, Shape); 5] = [
    ("id_type", Shape::Text),
    ("id_token", Shape::Pseudonym),
    ("purpose", Shape::Text),
    ("action", Shape::Text),
    ("at", Shape::Instant),
];

/// Columns that it may have.
const OPTIONAL: [(&str, Shape); 5] = [
    ("jurisdiction", Shape::Text),
    ("notice_version", Shape::Text),
    ("given_by", Shape::Text),
    ("expires_at", Shape::Instant),
    ("recorded_at", Shape::Instant),
];

#[derive(Clone, Copy)]
enum Shape {
    Text,
    Pseudonym,
    Instant,
}

fn check(context: &Context<'_>, problems: &mut Vec<Problem>) {
    for dataset in context.project.datasets.iter().filter(|d| d.role == DatasetRole::ConsentLog) {
        for (column, shape) in COLUMNS {
            problems.extend(wrong(context, dataset, column, shape));
        }
        for (column, shape) in OPTIONAL.into_iter().filter(|(column, _)| dataset.column(column).is_some()) {
            problems.extend(wrong(context, dataset, column, shape));
        }
    }
}

fn wrong(context: &Context<'_>, dataset: &Dataset, column: &str, shape: Shape) -> Option<Problem> {
    let Some(field) = dataset.column(column) else {
        let message = format!("the consent log `{}` has no column `{column}`", dataset.name.value);
        let problem = Problem::error(CODE, dataset.name.span.clone(), message);
        return Some(problem.hint(format!("declare the field with `column: {column}`, or remove `role: consent_log`")));
    };
    let (fits, hint) = match shape {
        Shape::Text => {
            let kept = field.treatment == Treatment::Keep && field.data_type.value == DataType::String;
            (kept, "write `type: string` and `treatment: keep`")
        }
        Shape::Pseudonym => {
            let pseudonym = matches!(field.treatment, Treatment::Pseudonymise(_));
            (pseudonym, "write `treatment: { pseudonymise: { by_field: id_type } }`")
        }
        Shape::Instant => {
            let kept = field.treatment == Treatment::Keep && field.data_type.value == DataType::Timestamp;
            (kept, "write `type: timestamp` and `treatment: keep`")
        }
    };
    (!fits && !context.is_broken(&field.span, &["treatment", "type"])).then(|| {
        let message = format!("the column `{column}` of a consent log must be {}", described(shape));
        Problem::error(CODE, field.column.span.clone(), message).hint(hint)
    })
}

fn described(shape: Shape) -> &'static str {
    match shape {
        Shape::Text => "text, and kept",
        Shape::Pseudonym => "a pseudonym",
        Shape::Instant => "a timestamp, and kept",
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::after;

    const CONSENTS: &str = "schemas/channels/consents.yaml";

    #[test]
    fn consent_logs_have_their_columns() {
        assert_eq!(
            after(CONSENTS, "    column: action\n", "    column: what\n"),
            [
                "schemas/channels/consents.yaml:1:10 LW1133 the consent log `consents` has no column `action` (declare the field with `column: action`, or remove `role: consent_log`)"
            ]
        );
        assert_eq!(
            after(CONSENTS, "    type: timestamp\n", "    type: date\n"),
            [
                "schemas/channels/consents.yaml:44:11 LW1133 the column `at` of a consent log must be a timestamp, and kept (write `type: timestamp` and `treatment: keep`)"
            ]
        );
        assert_eq!(
            after(CONSENTS, "{ pseudonymise: { by_field: id_type } }", "drop"),
            [
                "schemas/channels/consents.yaml:20:13 LW1133 the column `id_token` of a consent log must be a pseudonym (write `treatment: { pseudonymise: { by_field: id_type } }`)"
            ]
        );
        assert_eq!(after(CONSENTS, "role: consent_log\n", "role: data\n").len(), 0);
    }

    #[test]
    fn columns_that_may_be_there_must_be_right() {
        let with = |column: &str, data_type: &str, treatment: &str| {
            let field = format!(
                "fields:\n  - {{ name: {column}, label: {{ zh: 列, en: Column }}, meaning: More., type: {data_type}, identifier: none, treatment: {treatment} }}\n"
            );
            after(CONSENTS, "fields:\n", &field)
        };
        for (column, data_type) in [("expires_at", "timestamp"), ("recorded_at", "timestamp"), ("given_by", "string")] {
            assert_eq!(with(column, data_type, "keep").len(), 0, "{column}");
            for (data_type, treatment) in [(data_type, "drop"), ("date", "keep")] {
                let problems = with(column, data_type, treatment);
                assert!(problems.len() == 1 && problems[0].contains("LW1133"), "{column} {data_type}: {problems:?}");
            }
        }
    }
}
