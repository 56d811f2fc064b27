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
        what: "A channel's dataset is about people and holds pseudonyms, but none is in a domain of the pipeline's `link_on`.",
        why: "The gate knows people by the domains that the pipeline links on. The subject of these rows would be unknown to it.",
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
        let Some(identity) = &pipeline.identity else { continue };
        // A domain that no channel yields is misspelled or missing, which is reported there.
        let all_known = link_on::domains(context, pipeline)
            .is_none_or(|known| identity.link_on.iter().all(|d| known.contains(d.value.as_str())));
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
            if !domains_known || identity.link_on.iter().any(|d| domains.contains(d.value.as_str())) {
                continue;
            }
            let names: Vec<String> = domains.iter().map(|d| format!("`{d}`")).collect();
            let message = format!(
                "`{}` links on none of the identifier domains of `{}` ({})",
                pipeline.name.value,
                dataset.name.value,
                names.join(", ")
            );
            problems.push(
                Problem::error(CODE, channel.dataset.span.clone(), message)
                    .related(dataset.name.span.clone(), "about people")
                    .hint(
                        "add the domain to `link_on`; for people who are no customers, declare `subject: none` there",
                    ),
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
}
