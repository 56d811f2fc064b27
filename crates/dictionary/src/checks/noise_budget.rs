//! Noise that hides little.

use super::{Check, Context};
use crate::diagnostic::Problem;
use crate::docs::{DiagnosticDoc, Example};
use crate::model::LARGEST_ADVISED_EPSILON;

const CODE: &str = "LW1208";

/// The check and its page.
pub(super) const CHECK: Check = Check {
    doc: DiagnosticDoc {
        code: CODE,
        title: "noise hides little of one person",
        what: "A table's `epsilon` is above 4; or above 10, or its threshold below the project's `minimum_subjects`: then the table serves its own purpose only.",
        why: "Somebody who thinks it as likely as not that a person is in the data may be sure of it to e^ε/(1 + e^ε) afterwards: 73 % at ε = 1, 98 % at 4, 99.995 % at 10. At ε = 1000 the noise is 0, and the figures are exact (docs/policy/noise.md, \"How much ε\").",
        mend: "Lower `epsilon` (1 or less is usual), lower `rows_per_person` and the bounds to need less noise, publish less often, or count in coarser groups.",
        example: Example::Edit {
            path: "schemas/curated/member_spend.yaml",
            good: "anonymity:\n  k: 2\n  quasi_identifiers: [spend]\n",
            bad: "noise:\n  epsilon: 8\n  delta: 0.000001\n  rows_per_person: 1\n  every: P1M\n  columns:\n    spend: { between: [0, 5000.00] }\n",
        },
    },
    run: check,
};

fn check(context: &Context<'_>, problems: &mut Vec<Problem>) {
    for table in &context.project.tables {
        let Some(noise) = &table.noise else { continue };
        if context.is_broken(&noise.span, &["epsilon", "delta", "rows_per_person", "columns"]) {
            continue;
        }
        let name = &table.name.value;
        let least = context.project.subjects_of_open_tables();
        let bound = context.project.is_bound_to_purpose(table) && table.subject.is_none();
        let message = match (bound, noise.epsilon.value.is_above(LARGEST_ADVISED_EPSILON)) {
            (false, false) => continue,
            (false, true) => format!("ε of `{name}` is {}, which hides little of one person", noise.epsilon.value),
            (true, _) if noise.is_weak() => format!(
                "ε of `{name}` is {}, which hides no person: the table serves its own purpose only",
                noise.epsilon.value
            ),
            (true, _) => format!(
                "`{name}` shows rows of {} people on, fewer than the {least} of the project: it serves its own purpose only",
                noise.threshold()
            ),
        };
        problems.push(
            Problem::warning(CODE, noise.epsilon.span.clone(), message)
                .hint("write an `epsilon` of at most 4, better 1"),
        );
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::after_all;

    fn with(epsilon: &str, delta: &str) -> Vec<String> {
        let noise = format!(
            "noise:\n  epsilon: {epsilon}\n  delta: {delta}\n  rows_per_person: 1\n  every: P1M\n  columns: {{ spend: {{ between: [0, 10.00] }} }}\n"
        );
        let edits = [
            ("subject: customer_id\n", ""),
            ("    pseudonym: true\n", ""),
            ("anonymity:\n  k: 2\n  quasi_identifiers: [spend]\n", &noise[..]),
        ];
        after_all("schemas/curated/member_spend.yaml", &edits).into_iter().filter(|p| !p.contains("LW1120")).collect()
    }

    #[test]
    fn much_epsilon_is_warned_of() {
        for epsilon in ["0.1", "1", "4", "4.0"] {
            assert_eq!(with(epsilon, "0.000001"), [""; 0], "{epsilon}");
        }
        let found = with("4.1", "0.000001");
        assert!(found.len() == 1 && found[0].contains("LW1208") && found[0].contains("hides little"), "{found:?}");
        let found = with("1000", "0.000001");
        assert!(found.len() == 1 && found[0].contains("hides no person"), "{found:?}");
        // τ is below the project's minimum of 5.
        let found = with("10", "0.0009");
        assert!(found.len() == 1 && found[0].contains("fewer than the 5"), "{found:?}");
        for delta in ["0.001", "0.01"] {
            let found = with("1", delta);
            assert!(found.len() == 1 && found[0].contains("LW1008"), "{delta}: {found:?}");
        }
    }
}
