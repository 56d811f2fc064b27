//! A dataset about people that names none of them.

use super::{Check, Context};
use crate::diagnostic::Problem;
use crate::docs::{DiagnosticDoc, Example};
use crate::model::{Dataset, DatasetRole, Field, Subjects};

const CODE: &str = "LW1200";

/// The check and its page.
pub(super) const CHECK: Check = Check {
    doc: DiagnosticDoc {
        code: CODE,
        title: "a dataset about people has no data subject",
        what: "A field of a dataset is an identifier (`direct` or `quasi`) or has a category below `user`, and no field is pseudonymised. A dropped field counts: it leaves no value behind, but the rest of the row is still about the person.",
        why: "Consent, restrictions and suppression lists apply to the data subject of a row. Rows about people that name none of them would pass every gate. Where every purpose is a legal obligation, which no statement of a person affects, this is a warning: the dataset is read for those purposes, within its retention, and by no model.",
        mend: "Pseudonymise the field that names the person, so that the gate can resolve it. If the export has none, declare `subject: none` with a `subject_reason`: purposes and retention then apply without it, and reports list the dataset. If the field describes something else than the row is about, such as the manager of a store, name it under `ignored_fields` instead of declaring it.",
        example: Example::Edit {
            path: "schemas/channels/stores.yaml",
            good: "    identifier: none\n    treatment: keep\n",
            bad: "    identifier: none\n    category: user.health_and_medical\n    treatment: keep\n",
        },
    },
    run: check,
};

fn check(context: &Context<'_>, problems: &mut Vec<Problem>) {
    for dataset in &context.project.datasets {
        let Some(field) = undeclared(dataset) else { continue };
        let unclear = ["identifier", "category", "treatment"];
        if context.is_broken(&dataset.span, &["subject", "role"])
            || dataset.fields.iter().any(|f| context.is_broken(&f.span, &unclear))
        {
            continue;
        }
        let message = format!(
            "rows of `{}` are about people (`{}`), but no field is a pseudonym that names the person",
            dataset.name.value, field.column.value
        );
        let problem = match dataset.subjects() {
            Subjects::Unresolvable => Problem::warning(CODE, dataset.name.span.clone(), message),
            Subjects::Undeclared | Subjects::NotPersonal | Subjects::Pseudonymous => {
                Problem::error(CODE, dataset.name.span.clone(), message)
            }
        };
        problems.push(
            problem.related(field.column.span.clone(), "about people").hint(
                "pseudonymise the field that names the person, or declare `subject: none` with a `subject_reason`",
            ),
        );
    }
}

/// The first field that says that rows are about people, in a dataset that declares nothing of their subject. Consent
/// logs and suppression lists have checks of their own.
fn undeclared(dataset: &Dataset) -> Option<&Field> {
    match dataset.role {
        DatasetRole::Data => {}
        DatasetRole::ConsentLog | DatasetRole::SuppressionList => return None,
    }
    dataset.fields.iter().find(|f| f.is_about_people()).filter(|_| dataset.leaves_subject_undeclared())
}

#[cfg(test)]
mod tests {
    use crate::testing::{after, after_all};

    const STORES: &str = "schemas/channels/stores.yaml";
    const FIELD: &str = "    identifier: none\n    treatment: keep\n";

    fn with_field(keys: &str) -> Vec<String> {
        after_all(
            STORES,
            &[("key: store_code\n", "key: store_code\npurposes: { analytics: contract }\n"), (FIELD, keys)],
        )
    }

    #[test]
    fn rows_about_people_name_them() {
        for keys in [
            "    identifier: direct\n    category: user.name\n    treatment: { mask: { keep_first: 1 } }\n",
            "    identifier: direct\n    category: user.name\n    treatment: drop\n",
            "    identifier: direct\n    category: user.content\n    treatment: redact\n",
            "    identifier: quasi\n    category: user.location\n    treatment: keep\n",
            "    identifier: quasi\n    category: user.location\n    treatment: { generalise: city }\n",
            "    identifier: none\n    category: user.health_and_medical\n    treatment: keep\n",
            "    identifier: none\n    category: user\n    treatment: drop\n",
        ] {
            let found: Vec<String> = with_field(keys).into_iter().filter(|p| p.contains("LW1200")).collect();
            assert_eq!(
                found,
                [
                    "schemas/channels/stores.yaml:1:10 LW1200 rows of `stores` are about people (`store_code`), but no field is a pseudonym that names the person (pseudonymise the field that names the person, or declare `subject: none` with a `subject_reason`) [schemas/channels/stores.yaml:11:11 about people]"
                ],
                "{keys}"
            );
        }
    }

    #[test]
    fn legal_obligations_are_served_with_a_warning() {
        use crate::{diagnostic::Severity, load, testing::edited};
        for (purposes, severity) in [
            ("{ analytics: legal_obligation }", Severity::Warning),
            ("{ analytics: contract }", Severity::Error),
            ("{ analytics: consent }", Severity::Error),
        ] {
            let purposes = format!("key: store_code\npurposes: {purposes}\n");
            let about = "    identifier: none\n    category: user.health_and_medical\n    treatment: keep\n";
            let loaded = load(&edited(STORES, &[("key: store_code\n", &purposes), (FIELD, about)]));
            let found: Vec<_> = loaded.problems.iter().filter(|p| p.code == "LW1200").map(|p| p.severity).collect();
            assert_eq!(found, [severity], "{purposes}");
        }
    }

    #[test]
    fn others_need_none() {
        for keys in [
            "    identifier: none\n    category: system.operations\n    treatment: keep\n",
            "    identifier: direct\n    category: user.name\n    treatment: { pseudonymise: visitor_no }\n",
        ] {
            assert_eq!(with_field(keys), [""; 0], "{keys}");
        }
        let none = "purposes: { analytics: contract }\nsubject: none\nsubject_reason: The survey asks for no name.\n";
        let about = "    identifier: none\n    category: user.health_and_medical\n    treatment: keep\n";
        assert_eq!(
            after_all(STORES, &[("key: store_code\n", &format!("key: store_code\n{none}")), (FIELD, about)]),
            [""; 0]
        );
    }

    #[test]
    fn what_is_broken_is_not_reported_twice() {
        let found = after(STORES, FIELD, "    identifier: someone\n    treatment: keep\n");
        assert!(!found.iter().any(|p| p.contains("LW1200") || p.contains("LW1124")), "{found:?}");
    }
}
