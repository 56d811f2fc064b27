//! A field of identifiers of many domains that spells them in a way of its own.

use super::{Check, Context};
use crate::diagnostic::Problem;
use crate::docs::{DiagnosticDoc, Example};
use crate::model::{DataType, Field, Normaliser, TokenDomain, Treatment};

const CODE: &str = "LW1231";

/// The check and its page.
pub(super) const CHECK: Check = Check {
    doc: DiagnosticDoc {
        code: CODE,
        title: "a field with `by_field` domains has a normaliser of its own",
        what: "A field with `pseudonymise: { by_field: … }` declares a `normalise` other than `trim` or `identifier`, a `map`, `email_rules`, a `region`, or a type that is not text.",
        why: "The identifiers of such a field are spelled as the fields of the domain are that the row names. With a second way of spelling before that, one text would become two pseudonyms, and a withdrawal be missed.",
        mend: "Take the key away; declare it in the fields of the domain.",
        example: Example::Edit {
            path: "schemas/channels/consents.yaml",
            good: "    treatment: { pseudonymise: { by_field: id_type } }\n",
            bad: "    treatment: { pseudonymise: { by_field: id_type } }\n    normalise: integer_identifier\n",
        },
    },
    run: check,
};

fn check(context: &Context<'_>, problems: &mut Vec<Problem>) {
    for field in context.project.datasets.iter().flat_map(|d| &d.fields) {
        if !matches!(field.treatment, Treatment::Pseudonymise(TokenDomain::ByField(_)))
            || context.is_broken(&field.span, &["treatment", "type", "normalise", "map"])
        {
            continue;
        }
        let Some(key) = own_key(field) else { continue };
        let message = format!(
            "`{}` takes its spelling from the domain that each row names, and declares `{key}` of its own",
            field.column.value
        );
        problems.push(
            Problem::error(CODE, field.column.span.clone(), message)
                .hint(format!("take `{key}` away; declare it in the fields of the domain")),
        );
    }
}

fn own_key(field: &Field) -> Option<&'static str> {
    let own_normaliser = match field.normalise {
        Normaliser::Trim | Normaliser::Identifier => false,
        Normaliser::None
        | Normaliser::Phone
        | Normaliser::Email
        | Normaliser::IntegerIdentifier
        | Normaliser::ResidentId
        | Normaliser::TravelPermit
        | Normaliser::WechatId => true,
    };
    let declared = [
        ("type", field.data_type.value != DataType::String),
        ("normalise", own_normaliser),
        ("map", !field.map.is_empty()),
        ("email_rules", !field.values.email_rules.is_empty()),
        ("region", field.values.region.is_some()),
    ];
    declared.into_iter().find(|(_, declared)| *declared).map(|(key, _)| key)
}

#[cfg(test)]
mod tests {
    use crate::testing::after;

    #[test]
    fn identifiers_of_many_domains_are_spelled_as_their_domains_are() {
        let treatment = "    treatment: { pseudonymise: { by_field: id_type } }\n";
        let with = |lines: &str| after("schemas/channels/consents.yaml", treatment, &format!("{treatment}{lines}"));
        assert_eq!(with("    normalise: identifier\n    null_values: [\"-\"]\n"), [""; 0]);
        for (key, lines) in [("normalise", "    normalise: phone\n"), ("map", "    map: { a: b }\n")] {
            let told = with(lines);
            assert!(told.len() == 1 && told[0].contains("LW1231 `id_token` takes"), "{told:?}");
            assert!(told[0].contains(&format!("declares `{key}` of its own")), "{told:?}");
        }
    }
}
