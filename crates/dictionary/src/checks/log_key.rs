//! A key by which a statement of a log can be lost.

use super::{Check, Context};
use crate::diagnostic::Problem;
use crate::docs::{DiagnosticDoc, Example};
use crate::model::{Dataset, DatasetRole};

const CODE: &str = "LW1206";

/// The check and its page.
pub(super) const CHECK: Check = Check {
    doc: DiagnosticDoc {
        code: CODE,
        title: "the key of a consent log or suppression list lacks a column",
        what: "A consent log declares a `key` without one of `id_token`, `purpose`, `action` and `at`; or a suppression list declares one without all of its pseudonyms and its `event_time`.",
        why: "Of several rows with one key the first is kept. With `key: [id_token]` a withdrawal is a second row of the person who once agreed, and would be dropped.",
        mend: "Complete the key: `key: [id_type, id_token, purpose, action, at]`. Or remove it: statements may repeat, and one that is repeated says nothing new.",
        example: Example::Edit {
            path: "schemas/channels/consents.yaml",
            good: "role: consent_log\n",
            bad: "role: consent_log\nkey: [id_token, at]\n",
        },
    },
    run: check,
};

fn check(context: &Context<'_>, problems: &mut Vec<Problem>) {
    for dataset in context.project.datasets.iter().filter(|dataset| !dataset.key.is_empty()) {
        let (what, required) = match dataset.role {
            DatasetRole::Data => continue,
            DatasetRole::ConsentLog => ("consent log", vec!["id_token", "purpose", "action", "at"]),
            DatasetRole::SuppressionList => ("suppression list", list_columns(dataset)),
        };
        // Where the role is not understood, it is a guess.
        let is_broken = context.is_broken(&dataset.span, &["role", "key", "event_time"])
            || dataset.fields.iter().any(|field| context.is_broken(&field.span, &["treatment"]));
        let missing: Vec<&str> =
            required.into_iter().filter(|column| dataset.key.iter().all(|key| key.value != *column)).collect();
        if is_broken || missing.is_empty() {
            continue;
        }
        let message = format!(
            "the key of the {what} `{}` lacks {}: another statement with the same key would be dropped",
            dataset.name.value,
            quoted(&missing),
        );
        let problem = Problem::error(CODE, dataset.key[0].span.clone(), message);
        problems.push(problem.hint(format!("add {} to `key`, or remove `key`", quoted(&missing))));
    }
}

/// The columns by which rows of a suppression list differ: whom they name, and from when on.
fn list_columns(dataset: &Dataset) -> Vec<&str> {
    let pseudonyms = dataset.pseudonyms().map(|field| field.column.value.as_str());
    pseudonyms.chain(dataset.event_time.iter().map(|column| column.value.as_str())).collect()
}

fn quoted(columns: &[&str]) -> String {
    let columns: Vec<String> = columns.iter().map(|column| format!("`{column}`")).collect();
    columns.join(", ")
}

#[cfg(test)]
mod tests {
    use crate::testing::{after, after_all};

    const CONSENTS: &str = "schemas/channels/consents.yaml";

    fn with_key(key: &str) -> Vec<String> {
        after(CONSENTS, "role: consent_log\n", &format!("role: consent_log\nkey: {key}\n"))
    }

    #[test]
    fn the_key_of_a_consent_log_tells_statements_apart() {
        assert_eq!(
            with_key("[id_token]"),
            [
                "schemas/channels/consents.yaml:9:7 LW1206 the key of the consent log `consents` lacks `purpose`, `action`, `at`: another statement with the same key would be dropped (add `purpose`, `action`, `at` to `key`, or remove `key`)"
            ]
        );
        for key in ["[id_type, id_token, purpose]", "[id_token, purpose, at]", "[id_type, purpose, action, at]"] {
            let found = with_key(key);
            assert!(found.len() == 1 && found[0].contains("LW1206"), "{key}: {found:?}");
        }
        for key in ["[id_token, purpose, action, at]", "[id_type, id_token, purpose, action, at]"] {
            assert!(with_key(key).is_empty(), "{key}");
        }
    }

    #[test]
    fn the_key_of_a_suppression_list_has_everybody_whom_it_names() {
        let members = |key: &str| {
            let edits = [("key: [member_no]\n", &format!("role: suppression_list\nkey: {key}\n")[..])];
            after_all("schemas/channels/members.yaml", &edits)
        };
        let found = members("[member_no]");
        assert!(found.len() == 1 && found[0].contains("LW1206") && found[0].contains("`phone`, `registered_at`"));
        assert!(members("[member_no, phone, registered_at]").is_empty());
    }
}
