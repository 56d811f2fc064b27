//! `subject: none` where the gate could resolve one.

use super::{Check, Context, link_on};
use crate::diagnostic::Problem;
use crate::docs::{DiagnosticDoc, Example};
use crate::model::{Dataset, DatasetRole, DatasetSubject};
use std::collections::BTreeSet;

const CODE: &str = "LW1202";

/// The check and its page.
pub(super) const CHECK: Check = Check {
    doc: DiagnosticDoc {
        code: CODE,
        title: "`subject: none` for rows that name their data subject",
        what: "A dataset declares `subject: none`, but it is a consent log or suppression list, or one of its pseudonyms is in a domain that a pipeline links customers on (`link_on`).",
        why: "The gate can resolve these people. `subject: none` would only keep their withdrawals and restrictions from having an effect.",
        mend: "Remove `subject: none` and its reason. Pseudonyms of people who are no customers, such as cashiers, belong to a domain of their own that no pipeline links on.",
        example: Example::Edit {
            path: "schemas/channels/members.yaml",
            good: "key: [member_no]\n",
            bad: "key: [member_no]\nsubject: none\nsubject_reason: None is needed.\n",
        },
    },
    run: check,
};

fn check(context: &Context<'_>, problems: &mut Vec<Problem>) {
    for dataset in context.project.datasets.iter().filter(|d| d.demands.marks_rows_of.is_none()) {
        let names_people = match dataset.subject {
            DatasetSubject::Pseudonym => continue,
            DatasetSubject::None => why(context, dataset),
        };
        let Some(names_people) = names_people.filter(|_| !context.is_broken(&dataset.span, &["subject", "role"]))
        else {
            continue;
        };
        let message = format!("`{}` declares `subject: none`, but {names_people}", dataset.name.value);
        problems.push(
            Problem::error(CODE, dataset.name.span.clone(), message)
                .hint("remove `subject: none` and `subject_reason`; the gate resolves the person by the pseudonym"),
        );
    }
}

/// How its rows name people, if they do.
fn why(context: &Context<'_>, dataset: &Dataset) -> Option<String> {
    match dataset.role {
        DatasetRole::Data => {}
        DatasetRole::ConsentLog => return Some("a consent log is about the people whom it names".to_owned()),
        DatasetRole::SuppressionList => return Some("a suppression list is about the people whom it names".to_owned()),
    }
    let mut domains = BTreeSet::new();
    // Domains that are not all known may be any.
    let all_known = link_on::of_dataset(context, dataset, &mut domains).is_some();
    let rules = context.project.pipelines.iter().filter_map(|p| p.identity.as_ref().map(|i| (p, i)));
    let mut linked = rules.flat_map(|(p, identity)| identity.link_on.iter().map(move |domain| (p, domain)));
    linked.find(|(_, domain)| !all_known || domains.contains(domain.value.as_str())).map(|(pipeline, domain)| {
        format!("pipeline `{}` links customers on its pseudonyms (`{}`)", pipeline.name.value, domain.value)
    })
}

#[cfg(test)]
mod tests {
    use crate::testing::after_all;

    const NONE: &str = "subject: none\nsubject_reason: The till knows no customer.\n";

    #[test]
    fn a_subject_that_can_be_resolved_is_resolved() {
        let members = "schemas/channels/members.yaml";
        let none = format!("key: [member_no]\n{NONE}");
        let contract = ("analytics: consent", "analytics: contract");
        assert_eq!(
            after_all(members, &[contract, ("key: [member_no]\n", &none)]),
            [
                "schemas/channels/members.yaml:1:10 LW1202 `members` declares `subject: none`, but pipeline `shop` links customers on its pseudonyms (`member_no`) (remove `subject: none` and `subject_reason`; the gate resolves the person by the pseudonym)"
            ]
        );
        let found = after_all(
            "schemas/channels/consents.yaml",
            &[("role: consent_log\n", &format!("role: consent_log\n{NONE}"))],
        );
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].contains("LW1202 `consents` declares `subject: none`, but a consent log"), "{found:?}");
    }

    #[test]
    fn people_who_are_no_customers_may_be_none() {
        let stores = "schemas/channels/stores.yaml";
        let keys = format!("key: store_code\npurposes: {{ analytics: contract }}\n{NONE}");
        let cashier =
            "    identifier: direct\n    category: user.unique_id\n    treatment: { pseudonymise: cashier }\n";
        let edits = [("key: store_code\n", keys.as_str()), ("    identifier: none\n    treatment: keep\n", cashier)];
        assert_eq!(after_all(stores, &edits), [""; 0]);
    }
}
