//! Consent as the lawful basis of data that names no data subject.

use super::{Check, Context};
use crate::diagnostic::Problem;
use crate::docs::{DiagnosticDoc, Example};
use crate::model::Subjects;

const CODE: &str = "LW1203";

/// The check and its page.
pub(super) const CHECK: Check = Check {
    doc: DiagnosticDoc {
        code: CODE,
        title: "consent cannot be shown without a data subject",
        what: "A dataset declares `subject: none` and serves a purpose with the lawful basis `consent`.",
        why: "Whether a person consented, or withdrew, is decided by the data subject of each row. For rows that name none, no consent can be shown.",
        mend: "Declare the lawful basis on which the purpose really rests, remove the purpose, or pseudonymise the field that names the person.",
        example: Example::Edit {
            path: "schemas/channels/stores.yaml",
            good: "key: store_code\n",
            bad: "key: store_code\npurposes: { analytics: consent }\nsubject: none\nsubject_reason: The survey asks for no name.\n",
        },
    },
    run: check,
};

fn check(context: &Context<'_>, problems: &mut Vec<Problem>) {
    for dataset in context.project.datasets.iter().filter(|d| d.demands.marks_rows_of.is_none()) {
        match dataset.subjects() {
            Subjects::Unresolvable => {}
            Subjects::NotPersonal | Subjects::Pseudonymous | Subjects::Undeclared => continue,
        }
        if context.is_broken(&dataset.span, &["subject", "purposes"]) {
            continue;
        }
        for purpose in dataset.purposes.iter().filter(|p| p.lawful_basis.needs_consent()) {
            let message = format!(
                "`{}` serves `{}` on consent, which cannot be shown for rows without a data subject",
                dataset.name.value, purpose.purpose.value
            );
            problems.push(Problem::error(CODE, purpose.purpose.span.clone(), message).hint(
                "declare another lawful basis, remove the purpose, or pseudonymise the field that names the person",
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::after;

    #[test]
    fn consent_needs_a_subject() {
        let stores = |basis: &str| {
            let keys = format!(
                "key: store_code\npurposes: {{ analytics: {basis} }}\nsubject: none\nsubject_reason: No name is asked.\n"
            );
            after("schemas/channels/stores.yaml", "key: store_code\n", &keys)
        };
        assert_eq!(
            stores("consent"),
            [
                "schemas/channels/stores.yaml:9:13 LW1203 `stores` serves `analytics` on consent, which cannot be shown for rows without a data subject (declare another lawful basis, remove the purpose, or pseudonymise the field that names the person)"
            ]
        );
        for basis in ["contract", "legal_obligation", "vital_interests", "public_interest", "legitimate_interests"] {
            assert_eq!(stores(basis), [""; 0], "{basis}");
        }
    }
}
