//! Noise beside what does not go with it.

use super::{Check, Context};
use crate::diagnostic::{Problem, Span};
use crate::docs::{DiagnosticDoc, Example};

const CODE: &str = "LW1146";

/// The check and its page.
pub(super) const CHECK: Check = Check {
    doc: DiagnosticDoc {
        code: CODE,
        title: "noise beside what does not go with it",
        what: "A curated table with `noise` has a `subject`, `minimum_subjects` or `anonymity` as well.",
        why: "A table with a subject has one person's rows, which noise cannot hide. Which rows of a noised table are shown is decided by the noised number of people behind each: an exact count beside it, or a measure of the rows before, would tell what the noise hides.",
        mend: "Remove the other. The threshold that `delta` makes is far above any usual `minimum_subjects`.",
        example: Example::Edit {
            path: "schemas/curated/member_spend.yaml",
            good: "anonymity:\n  k: 2\n  quasi_identifiers: [spend]\n",
            bad: "noise:\n  epsilon: 1.0\n  delta: 0.000001\n  rows_per_person: 1\n  every: P1M\n  columns:\n    spend: { between: [0, 5000.00] }\n",
        },
    },
    run: check,
};

fn check(context: &Context<'_>, problems: &mut Vec<Problem>) {
    for table in &context.project.tables {
        let Some(noise) = &table.noise else { continue };
        let others: [(&str, Option<&Span>, &str); 3] = [
            ("subject", table.subject.as_ref().map(|s| &s.span), "noise is for tables without a `subject`"),
            (
                "minimum_subjects",
                table.minimum_subjects.as_ref().map(|m| &m.span),
                "remove it; `delta` makes the threshold",
            ),
            ("anonymity", table.anonymity.as_ref().map(|a| &a.k.span), "remove one of the two"),
        ];
        for (name, at, hint) in others.into_iter().filter_map(|(name, at, hint)| Some((name, at?, hint))) {
            let message = format!("the table `{}` has `noise`, and `{name}` does not go with it", table.name.value);
            problems.push(
                Problem::error(CODE, at.clone(), message)
                    .related(noise.epsilon.span.clone(), "noise is declared here")
                    .hint(hint),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::after_all;

    #[test]
    fn noise_stands_alone() {
        let noise = "noise:\n  epsilon: 1.0\n  delta: 0.000001\n  rows_per_person: 1\n  every: P1M\n  columns:\n    spend: { between: [0, 5000.00] }\n";
        let with = format!("minimum_subjects: 3\n{noise}anonymity:\n");
        let found = after_all("schemas/curated/member_spend.yaml", &[("anonymity:\n", &with)]);
        let found: Vec<&String> = found.iter().filter(|p| p.contains("LW1146")).collect();
        assert_eq!(found.len(), 3, "{found:?}");
        for (found, name) in found.iter().zip(["`subject`", "`minimum_subjects`", "`anonymity`"]) {
            assert!(found.contains(&format!("and {name} does not go with it")), "{found}");
        }
    }
}
