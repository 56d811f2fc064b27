//! An identifier domain that no channel yields.

use super::{Check, Context, goes_by};
use crate::diagnostic::Problem;
use crate::docs::{DiagnosticDoc, Example};
use crate::files::FileKind;
use crate::model::{Dataset, Pipeline, Rule, TokenDomain, Treatment};
use crate::nearest::hint_for;
use std::collections::BTreeSet;

const CODE: &str = "LW1118";

/// The check and its page.
pub(super) const CHECK: Check = Check {
    doc: DiagnosticDoc {
        code: CODE,
        title: "`link_on` names an identifier domain that no channel yields",
        what: "A pipeline links records on a domain that no field of its datasets is pseudonymised in.",
        why: "Nothing would ever be linked on it: one customer would stay several.",
        mend: "Name a domain that a dataset of this pipeline declares with `pseudonymise`.",
        example: Example::Edit {
            path: "pipelines/shop/pipeline.yaml",
            good: "link_on: [member_no, phone]",
            bad: "link_on: [member_no, fone]",
        },
    },
    run: check,
};

fn check(context: &Context<'_>, problems: &mut Vec<Problem>) {
    for pipeline in &context.project.pipelines {
        let Some(identity) = &pipeline.identity else {
            continue;
        };
        let Some(domains) = domains(context, pipeline) else {
            continue;
        };
        for name in identity.link_on.iter().filter(|name| !domains.contains(name.as_str())) {
            let message =
                format!("no channel of `{}` yields the identifier domain `{}`", pipeline.name.value, name.value);
            let hint = hint_for(name, domains.iter().copied(), "pseudonymise a field in this domain");
            problems.push(Problem::error(CODE, name.span.clone(), message).hint(hint));
        }
    }
}

/// The identifier domains of a pipeline's datasets; `None` if they cannot all be told.
pub(super) fn domains<'a>(context: &Context<'a>, pipeline: &Pipeline) -> Option<BTreeSet<&'a str>> {
    let mut found = BTreeSet::new();
    for channel in &pipeline.channels {
        let mut datasets = context.project.datasets.iter();
        match datasets.find(|d| goes_by(&d.name, &channel.dataset)) {
            Some(dataset) => of_dataset(context, dataset, &mut found)?,
            None if context.is_unread(FileKind::Dataset, &channel.dataset) => return None,
            None => {}
        }
    }
    Some(found)
}

/// Adds the identifier domains that a dataset's pseudonyms may be of; `None` if they are not all known.
pub(super) fn of_dataset<'a>(context: &Context<'_>, dataset: &'a Dataset, found: &mut BTreeSet<&'a str>) -> Option<()> {
    for field in &dataset.fields {
        if context.is_broken(&field.span, &["treatment", "rules"]) {
            return None;
        }
        match &field.treatment {
            Treatment::Pseudonymise(TokenDomain::Fixed(domain)) => {
                found.insert(domain);
            }
            Treatment::Pseudonymise(TokenDomain::ByField(by)) => {
                // The domains are the values that the rules of the other field allow; without such a rule, any.
                let allowed = dataset.column(by)?.rules.iter().filter(|r| !r.on_failure.keeps_the_row()).find_map(
                    |r| match &r.rule.value {
                        Rule::In(words) => Some(words),
                        _ => None,
                    },
                )?;
                found.extend(allowed.iter().map(String::as_str));
            }
            Treatment::Keep
            | Treatment::Drop
            | Treatment::Mask { .. }
            | Treatment::Generalise(_)
            | Treatment::Redact => {}
        }
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use crate::testing::after;

    const PIPELINE: &str = "pipelines/shop/pipeline.yaml";

    #[test]
    fn links_are_on_domains_of_the_channels() {
        assert_eq!(
            after(PIPELINE, "[member_no, phone]", "[member_no, fone]"),
            [
                "pipelines/shop/pipeline.yaml:8:24 LW1118 no channel of `shop` yields the identifier domain `fone` (known: `email`, `member_no`, `phone`)"
            ]
        );
        assert_eq!(
            after(PIPELINE, "[member_no, phone]", "[openid]"),
            [
                "pipelines/shop/pipeline.yaml:8:13 LW1118 no channel of `shop` yields the identifier domain `openid` (known: `email`, `member_no`, `phone`)"
            ]
        );
    }

    #[test]
    fn domains_may_be_said_by_a_field() {
        let found = after(PIPELINE, "[member_no, phone]", "[email]");
        assert!(!found.iter().any(|p| p.contains("LW1118")), "consents allow it in `id_type`: {found:?}");
    }

    #[test]
    fn only_the_pipeline_s_own_channels_count() {
        let found = after(PIPELINE, "  consents: exports/consents/*\n", "");
        assert!(found.iter().all(|p| p.contains("LW1232")), "only the log is missed: {found:?}");
        let found = after(PIPELINE, "  members: exports/members/*\n", "");
        assert_eq!(found.len(), 0, "consents yield both");
    }
}
