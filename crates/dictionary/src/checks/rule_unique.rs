//! Uniqueness demanded of values that are not stored as they were read.

use super::{Check, Context};
use crate::diagnostic::Problem;
use crate::docs::{DiagnosticDoc, Example};
use crate::model::{Rule, Treatment};

const CODE: &str = "LW1170";

/// The check and its page.
pub(super) const CHECK: Check = Check {
    doc: DiagnosticDoc {
        code: CODE,
        title: "`unique` is demanded of what cannot be held to it",
        what: "`unique` is a rule of a field that is dropped, masked, generalised or redacted; or of a dataset in which a later row may take the place of an earlier one.",
        why: "A value is compared with those that the lake holds. Coarser values are equal where the ones read differ, and dropped ones cannot be compared. Where a row may be corrected, its next version has the same value and is no repeat.",
        mend: "Take the rule out; or pseudonymise the field; or let the first row of a key survive.",
        example: Example::Edit {
            path: "schemas/channels/members.yaml",
            good: "time_format: [\"%Y-%m-%d\", \"%Y/%m/%d\"]",
            bad: "rules: [unique]",
        },
    },
    run: check,
};

fn check(context: &Context<'_>, problems: &mut Vec<Problem>) {
    for dataset in context.project.datasets.iter().filter(|d| d.repeats.compete() && !d.key.is_empty()) {
        let rules = dataset.fields.iter().flat_map(|f| &f.rules);
        for rule in rules.filter(|r| r.rule.value == Rule::Unique) {
            let message =
                format!("rows of `{}` take each other's place, and a value may stand in both", dataset.name.value);
            problems.push(
                Problem::error(CODE, rule.rule.span.clone(), message)
                    .hint("take `unique` out, or write `survivor: first` with `corrections: ignore`"),
            );
        }
    }
    let fields = context.project.datasets.iter().flat_map(|d| &d.fields);
    for field in fields.filter(|f| !context.is_broken(&f.span, &["treatment", "rules"])) {
        if matches!(field.treatment, Treatment::Keep | Treatment::Pseudonymise(_)) {
            continue;
        }
        for rule in field.rules.iter().filter(|r| r.rule.value == Rule::Unique) {
            let message = format!("`{}` is not stored as it was read, and cannot be unique", field.column.value);
            problems.push(
                Problem::error(CODE, rule.rule.span.clone(), message).hint("pseudonymise it, or take `unique` out"),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::after;

    const MEMBERS: &str = "schemas/channels/members.yaml";

    #[test]
    fn what_is_stored_as_read_can_be_unique() {
        let rules = "    rules: [required]\n";
        assert_eq!(after(MEMBERS, rules, "    rules: [required, unique]\n").len(), 0);
        assert_eq!(
            after(MEMBERS, "treatment: drop\n", "treatment: drop\n    rules: [unique]\n"),
            [
                "schemas/channels/members.yaml:32:13 LW1170 `name` is not stored as it was read, and cannot be unique (pseudonymise it, or take `unique` out)"
            ]
        );
    }
}
