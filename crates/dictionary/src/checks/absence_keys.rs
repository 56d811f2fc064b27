//! Keys about absent identifiers on a field that holds no pseudonym.

use super::{Check, Context};
use crate::diagnostic::{Problem, Span};
use crate::docs::{DiagnosticDoc, Example};
use crate::model::Treatment;

const CODE: &str = "LW1256";

/// The check and its page.
pub(super) const CHECK: Check = Check {
    doc: DiagnosticDoc {
        code: CODE,
        title: "a key about absent identifiers does not fit the field",
        what: "`absent` or `masked` is declared for a field that is not pseudonymised.",
        why: "Placeholders and masked values are recognised before they become pseudonyms, so that they join no people. In another field the keys do nothing.",
        mend: "For other fields write `null_values`.",
        example: Example::Edit {
            path: "schemas/channels/members.yaml",
            good: "    unit: points\n",
            bad: "    unit: points\n    absent: [-1]\n",
        },
    },
    run: check,
};

fn check(context: &Context<'_>, problems: &mut Vec<Problem>) {
    for field in context.project.datasets.iter().flat_map(|d| &d.fields) {
        if context.is_broken(&field.span, &["treatment", "absent", "masked"]) {
            continue;
        }
        let absence = &field.values.absence;
        let listed = absence.absent.first().map(|value| &value.span);
        let hides = absence.masked.as_ref().map(|masked| &masked.span);
        let mut say = |span: &Span, key: &str| {
            let message = format!("`{key}` says nothing about `{}`, which is not pseudonymised", field.column.value);
            problems.push(Problem::error(CODE, span.clone(), message).hint("write `null_values`, or take it away"));
        };
        match &field.treatment {
            Treatment::Pseudonymise(_) => {}
            Treatment::Keep
            | Treatment::Drop
            | Treatment::Mask { .. }
            | Treatment::Redact
            | Treatment::Generalise(_) => {
                if let Some(span) = listed {
                    say(span, "absent");
                }
                if let Some(span) = hides {
                    say(span, "masked");
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::after;

    const MEMBERS: &str = "schemas/channels/members.yaml";

    #[test]
    fn keys_about_identifiers_are_for_pseudonyms() {
        let points = |more: &str| after(MEMBERS, "    unit: points\n", &format!("    unit: points\n{more}"));
        assert_eq!(
            points("    absent: [-1]\n"),
            [
                "schemas/channels/members.yaml:66:14 LW1256 `absent` says nothing about `points`, which is not pseudonymised (write `null_values`, or take it away)"
            ]
        );
        assert_eq!(points("    masked: keep\n").len(), 1);
        let phone =
            "    normalise: phone\n    absent: ['13912345678']\n    absent_defaults: false\n    masked: quarantine\n";
        assert_eq!(after(MEMBERS, "    normalise: phone\n", phone).len(), 0);
    }
}
