//! Pseudonyms that the gate cannot resolve.

use super::{Check, Context, goes_by, link_on};
use crate::diagnostic::Problem;
use crate::docs::{DiagnosticDoc, Example};
use crate::model::{DatasetRole, Subjects};
use std::collections::BTreeSet;

const CODE: &str = "LW1204";

/// The check and its page.
pub(super) const CHECK: Check = Check {
    doc: DiagnosticDoc {
        code: CODE,
        title: "a pipeline does not link on the pseudonyms of a dataset about people",
        what: "A channel's dataset is about people and holds pseudonyms, but none is in a domain of the pipeline's `link_on`; or the pipeline has no `identity`.",
        why: "The gate knows people by the domains that the pipeline links on. The subject of these rows would be unknown to it, and with it who restricted the use of their data.",
        mend: "Add the domain that names the data subject to `link_on`. If these people are no customers (cashiers), declare `subject: none` with a `subject_reason`.",
        example: Example::Edit {
            path: "pipelines/shop/pipeline.yaml",
            good: "  link_on: [member_no, phone]\n",
            bad: "  link_on: [email]\n",
        },
    },
    run: check,
};

fn check(context: &Context<'_>, problems: &mut Vec<Problem>) {
    for pipeline in &context.project.pipelines {
        // A pipeline without identity rules links on nothing: its gate would know no customer, and no restriction.
        let linked = pipeline.identity.as_ref().map(|identity| identity.link_on.as_slice()).unwrap_or_default();
        // A domain that no channel yields is misspelled or missing, which is reported there.
        let all_known = link_on::domains(context, pipeline)
            .is_none_or(|known| linked.iter().all(|d| known.contains(d.value.as_str())));
        if !all_known || context.is_broken(&pipeline.span, &["identity"]) {
            continue;
        }
        for channel in &pipeline.channels {
            let Some(dataset) = context.project.datasets.iter().find(|d| goes_by(&d.name, &channel.dataset)) else {
                continue;
            };
            match (dataset.role, dataset.subjects()) {
                (DatasetRole::Data, Subjects::Pseudonymous) => {}
                (DatasetRole::Data, Subjects::NotPersonal | Subjects::Unresolvable | Subjects::Undeclared)
                | (DatasetRole::ConsentLog | DatasetRole::SuppressionList, _) => continue,
            }
            let mut domains = BTreeSet::new();
            let domains_known = link_on::of_dataset(context, dataset, &mut domains).is_some();
            if !domains_known || linked.iter().any(|d| domains.contains(d.value.as_str())) {
                continue;
            }
            let names: Vec<String> = domains.iter().map(|d| format!("`{d}`")).collect();
            let (own, name, names) = (&pipeline.name.value, &dataset.name.value, names.join(", "));
            let (message, hint) = match pipeline.identity {
                Some(_) => (
                    format!("`{own}` links on none of the identifier domains of `{name}` ({names})"),
                    "add the domain to `link_on`; for people who are no customers, declare `subject: none` there",
                ),
                None => (
                    format!("`{own}` has no `identity`, so the data subjects of `{name}` ({names}) are unknown to it"),
                    "declare `identity: { link_on: [DOMAIN] }` in the pipeline; for people who are no customers, declare \
                     `subject: none` in the dataset",
                ),
            };
            problems.push(
                Problem::error(CODE, channel.dataset.span.clone(), message)
                    .related(dataset.name.span.clone(), "about people")
                    .hint(hint),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{after, after_all};

    const PIPELINE: &str = "pipelines/shop/pipeline.yaml";

    #[test]
    fn the_gate_knows_the_people_of_each_channel() {
        assert_eq!(
            after(PIPELINE, "[member_no, phone]", "[email]"),
            [
                "pipelines/shop/pipeline.yaml:6:3 LW1204 `shop` links on none of the identifier domains of `members` (`member_no`, `phone`) (add the domain to `link_on`; for people who are no customers, declare `subject: none` there) [schemas/channels/members.yaml:1:10 about people]"
            ]
        );
        assert_eq!(after(PIPELINE, "[member_no, phone]", "[phone]"), [""; 0]);
        let elsewhere = [("[member_no, phone]", "[email]"), ("  members: exports/members/*\n", "")];
        assert_eq!(after_all(PIPELINE, &elsewhere), [""; 0]);
    }
    #[test]
    fn a_pipeline_without_identity_knows_nobody_s_restriction() {
        let identity = "identity:\n  link_on: [member_no, phone]\n  max_links: 4\n";
        let found = after(PIPELINE, identity, "");
        assert_eq!(found.iter().filter(|p| p.contains("LW1204 `shop` has no `identity`")).count(), 1, "{found:?}");
    }
}
