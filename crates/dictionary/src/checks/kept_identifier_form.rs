//! A field with the normaliser of an identifier that is stored in clear text.

use super::{Check, Context};
use crate::diagnostic::Problem;
use crate::docs::{DiagnosticDoc, Example};
use crate::model::{DataType, IdentifierClass, Normaliser, Treatment};

const CODE: &str = "LW1236";

/// The check and its page.
pub(super) const CHECK: Check = Check {
    doc: DiagnosticDoc {
        code: CODE,
        title: "a field is normalised as an identifier of a person and kept",
        what: "A field declares `normalise: phone`, `email`, `resident_id`, `travel_permit` or `wechat_id`, and `treatment: keep`.",
        why: "These normalisers read telephone numbers, e-mail addresses and identity documents, all of which name a person. `identifier: none` does not change that: the values would lie in the lake in clear text.",
        mend: "Declare `identifier: direct` and `treatment: { pseudonymise: <domain> }`, or `drop`, `mask` or `redact`. If the values are of another kind, choose `normalise: identifier` or `trim`.",
        example: Example::Edit {
            path: "schemas/channels/members.yaml",
            good: "    identifier: direct\n    category: user.contact.phone_number\n    treatment: { pseudonymise: phone }\n    normalise: phone\n",
            bad: "    identifier: none\n    category: user.contact.phone_number\n    treatment: keep\n    normalise: phone\n",
        },
    },
    run: check,
};

fn check(context: &Context<'_>, problems: &mut Vec<Problem>) {
    for field in context.project.datasets.iter().flat_map(|d| &d.fields) {
        let what = match field.normalise {
            Normaliser::Phone => "telephone numbers",
            Normaliser::Email => "e-mail addresses",
            Normaliser::ResidentId => "resident identity numbers",
            Normaliser::TravelPermit => "travel permits",
            Normaliser::WechatId => "WeChat identifiers",
            // Codes of things are written in these ways, too.
            Normaliser::None | Normaliser::Trim | Normaliser::Identifier | Normaliser::IntegerIdentifier => continue,
        };
        let is_kept = match field.treatment {
            Treatment::Keep => true,
            Treatment::Drop
            | Treatment::Pseudonymise(_)
            | Treatment::Mask { .. }
            | Treatment::Generalise(_)
            | Treatment::Redact => false,
        };
        // A direct identifier that is kept is LW1120's.
        let is_direct = field.identifier == IdentifierClass::Direct;
        // Of another type it cannot be normalised, which is another problem.
        let is_text = field.data_type.value == DataType::String;
        if is_kept
            && is_text
            && !is_direct
            && !context.is_broken(&field.span, &["identifier", "treatment", "normalise"])
        {
            let message =
                format!("`{}` is normalised as {what}, which would be stored in clear text", field.column.value);
            problems.push(
                Problem::error(CODE, field.column.span.clone(), message)
                    .hint("write `identifier: direct` and `treatment: { pseudonymise: <domain> }`, or `drop`"),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::after;

    #[test]
    fn normalised_identifiers_are_not_kept() {
        let phone = |identifier: &str, treatment: &str, normalise: &str| {
            let good = "    identifier: direct\n    category: user.contact.phone_number\n    treatment: { pseudonymise: phone }\n    normalise: phone\n";
            let bad = format!(
                "    identifier: {identifier}\n    category: user.contact.phone_number\n    treatment: {treatment}\n    normalise: {normalise}\n"
            );
            after("schemas/channels/members.yaml", good, &bad)
        };
        assert_eq!(
            phone("none", "keep", "phone"),
            [
                "schemas/channels/members.yaml:42:13 LW1236 `phone` is normalised as telephone numbers, which would be stored in clear text (write `identifier: direct` and `treatment: { pseudonymise: <domain> }`, or `drop`)"
            ]
        );
        for normalise in ["email", "resident_id", "travel_permit", "wechat_id"] {
            for identifier in ["none", "quasi"] {
                let found = phone(identifier, "keep", normalise);
                assert!(found.len() == 1 && found[0].contains("LW1236"), "{identifier} {normalise}: {found:?}");
            }
        }
        assert!(phone("none", "keep", "identifier").is_empty());
        assert!(phone("none", "drop", "phone").is_empty());
    }
}
