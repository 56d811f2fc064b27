//! A field of JSON that is kept.

use super::{Check, Context};
use crate::diagnostic::Problem;
use crate::docs::{DiagnosticDoc, Example};
use crate::model::Treatment;

const CODE: &str = "LW1270";

/// The check and its page.
pub(super) const CHECK: Check = Check {
    doc: DiagnosticDoc {
        code: CODE,
        title: "a field of type `json` is neither redacted nor dropped",
        what: "A field has `type: json`, so that objects and arrays may be its values, and its treatment is neither `redact` nor `drop`.",
        why: "An object can hold any field, declared or not: kept as it is, it would bring a telephone number or a name into the lake as clear text.",
        mend: "Write `treatment: drop`, or `treatment: redact` if its text is needed; have the values that are needed exported as fields of their own.",
        example: Example::Edit {
            path: "schemas/channels/members.yaml",
            good: "    type: string\n    identifier: direct\n    category: user.name\n    treatment: drop\n",
            bad: "    type: json\n    identifier: direct\n    category: user.name\n    treatment: { mask: { keep_first: 1 } }\n",
        },
    },
    run: check,
};

fn check(context: &Context<'_>, problems: &mut Vec<Problem>) {
    for field in context.project.datasets.iter().flat_map(|d| &d.fields).filter(|field| field.json) {
        let safe = match &field.treatment {
            Treatment::Redact | Treatment::Drop => true,
            Treatment::Keep | Treatment::Pseudonymise(_) | Treatment::Mask { .. } | Treatment::Generalise(_) => false,
        };
        if safe || context.is_broken(&field.span, &["treatment", "type"]) {
            continue;
        }
        let message = format!("`{}` of type `json` is neither redacted nor dropped", field.column.value);
        problems.push(
            Problem::error(CODE, field.data_type.span.clone(), message)
                .hint("write `treatment: drop` or `treatment: redact`"),
        );
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::after;

    const MEMBERS: &str = "schemas/channels/members.yaml";

    #[test]
    fn json_is_redacted_or_dropped() {
        let with = |treatment: &str| {
            let name = "type: string\n    identifier: direct\n    category: user.name\n    treatment: drop\n";
            after(MEMBERS, name, &name.replace("string", "json").replace("drop", treatment))
        };
        for (treatment, problems) in [("drop", 0), ("redact", 0), ("{ mask: { keep_first: 1 } }", 1)] {
            let found = with(treatment).into_iter().filter(|problem| problem.contains("LW1270")).count();
            assert_eq!(found, problems, "{treatment}");
        }
    }
}
