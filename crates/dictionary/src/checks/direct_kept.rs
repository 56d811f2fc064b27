//! A direct identifier in clear text.

use super::{Check, Context};
use crate::diagnostic::Problem;
use crate::docs::{DiagnosticDoc, Example};
use crate::model::{IdentifierClass, Treatment};

const CODE: &str = "LW1120";

/// The check and its page.
pub(super) const CHECK: Check = Check {
    doc: DiagnosticDoc {
        code: CODE,
        title: "a direct identifier is kept",
        what: "A field is declared `identifier: direct` and `treatment: keep`.",
        why: "No clear-text identifier is ever stored: neither in the lake nor in quarantine, logs, statistics or reports. There is no exception.",
        mend: "Pseudonymise it if records are to be joined on it, else `drop` it; `mask` or `generalise` keep a part, `redact` keeps free text without its names.",
        example: Example::Edit {
            path: "schemas/channels/members.yaml",
            good: "    identifier: direct\n    category: user.name\n    treatment: drop\n",
            bad: "    identifier: direct\n    category: user.name\n    treatment: keep\n",
        },
    },
    run: check,
};

fn check(context: &Context<'_>, problems: &mut Vec<Problem>) {
    for field in context.project.datasets.iter().flat_map(|d| &d.fields) {
        let kept = field.identifier == IdentifierClass::Direct && field.treatment == Treatment::Keep;
        if kept && !context.is_broken(&field.span, &["identifier", "treatment"]) {
            let message = format!("the direct identifier `{}` would be stored in clear text", field.column.value);
            problems.push(
                Problem::error(CODE, field.column.span.clone(), message)
                    .hint("write `treatment: { pseudonymise: <domain> }`, or `drop`, `mask`, `generalise`, `redact`"),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::after;

    #[test]
    fn direct_identifiers_are_not_kept() {
        assert_eq!(
            after("schemas/channels/members.yaml", "    treatment: drop\n", "    treatment: keep\n"),
            [
                "schemas/channels/members.yaml:25:13 LW1120 the direct identifier `name` would be stored in clear text (write `treatment: { pseudonymise: <domain> }`, or `drop`, `mask`, `generalise`, `redact`)"
            ]
        );
    }
}
