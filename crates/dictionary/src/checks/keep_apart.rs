//! Identifier domains that are to be kept apart, and are not there or are tied together.

use super::{Check, Context};
use crate::diagnostic::Problem;
use crate::docs::{DiagnosticDoc, Example};
use crate::model::{TokenDomain, Treatment};
use crate::nearest::hint_for;
use std::collections::BTreeSet;

const CODE: &str = "LW1143";

/// The check and its page.
pub(super) const CHECK: Check = Check {
    doc: DiagnosticDoc {
        code: CODE,
        title: "identifier domains cannot be kept apart as `keep_apart` says",
        what: "A group of `keep_apart` in `lakewarden.yaml` has fewer than two domains, names one that no field is pseudonymised in, or holds two that a pipeline links customers on.",
        why: "A domain that is misspelt keeps nothing apart. And what `link_on` ties together is one customer: whoever has the one pseudonym has the other.",
        mend: "Name two domains or more that datasets declare with `pseudonymise`, and link on one of them at most.",
        example: Example::Edit {
            path: "lakewarden.yaml",
            good: "jurisdiction: CN\n",
            bad: "jurisdiction: CN\nkeep_apart:\n  - [member_no, phone]\n",
        },
    },
    run: check,
};

fn check(context: &Context<'_>, problems: &mut Vec<Problem>) {
    let domains: BTreeSet<&str> = context.project.datasets.iter().flat_map(|d| &d.fields).filter_map(domain).collect();
    // A field's domain may be a column's values: then the words that occur are not known here.
    let all_known = !context.project.datasets.iter().flat_map(|d| &d.fields).any(by_field);
    for group in &context.project.settings.keep_apart {
        if let [one] = group.as_slice() {
            let message = format!("`{}` is kept apart from nothing", one.value);
            problems.push(Problem::error(CODE, one.span.clone(), message).hint("name two domains or more in a group"));
        }
        for name in group.iter().filter(|name| all_known && !domains.contains(name.value.as_str())) {
            let message = format!("no field is pseudonymised in the identifier domain `{}`", name.value);
            let hint = hint_for(name, domains.iter().copied(), "pseudonymise a field in this domain");
            problems.push(Problem::error(CODE, name.span.clone(), message).hint(hint));
        }
        for identity in context.project.pipelines.iter().filter_map(|p| p.identity.as_ref()) {
            let mut tied = identity.link_on.iter().filter(|d| group.iter().any(|g| g.value == d.value));
            let (Some(first), Some(second)) = (tied.next(), tied.next()) else { continue };
            let message =
                format!("customers are linked on `{}` and `{}`, which are to be kept apart", first.value, second.value);
            let mut problem = Problem::error(CODE, second.span.clone(), message);
            if let Some(declared) = group.iter().find(|g| g.value == second.value) {
                problem = problem.related(declared.span.clone(), "kept apart here");
            }
            problems.push(problem.hint("link on one of them, or take the group out of `keep_apart`"));
        }
    }
}

fn domain(field: &crate::model::Field) -> Option<&str> {
    match &field.treatment {
        Treatment::Pseudonymise(TokenDomain::Fixed(domain)) => Some(domain),
        Treatment::Pseudonymise(TokenDomain::ByField(_))
        | Treatment::Keep
        | Treatment::Drop
        | Treatment::Mask { .. }
        | Treatment::Generalise(_)
        | Treatment::Redact => None,
    }
}

fn by_field(field: &crate::model::Field) -> bool {
    matches!(field.treatment, Treatment::Pseudonymise(TokenDomain::ByField(_)))
}

#[cfg(test)]
mod tests {
    use crate::testing::after;

    #[test]
    fn groups_are_of_domains_that_nothing_ties_together() {
        let after = |group: &str| {
            after("lakewarden.yaml", "jurisdiction: CN\n", &format!("jurisdiction: CN\nkeep_apart:\n  - {group}\n"))
        };
        let tied = after("[member_no, phone]");
        assert_eq!(tied.len(), 1, "{tied:?}");
        assert!(tied[0].contains("LW1143 customers are linked on `member_no` and `phone`"), "{tied:?}");
        let alone = after("[phone]");
        assert!(alone[0].contains("`phone` is kept apart from nothing"), "{alone:?}");
    }
}
