//! Records that name telephone numbers without saying of which country.

use super::{Check, Context};
use crate::diagnostic::Problem;
use crate::docs::{DiagnosticDoc, Example};
use crate::model::{Dataset, Normaliser, PhoneRegions, Rule, TokenDomain, Treatment};

const CODE: &str = "LW1233";

/// The check and its page.
pub(super) const CHECK: Check = Check {
    doc: DiagnosticDoc {
        code: CODE,
        title: "telephone numbers of a log may be of any country",
        what: "A dataset names its identifier domains row by row (`by_field`), one of them is a domain of telephone numbers, and the fields of that domain take their country from a column without a rule `in`.",
        why: "A number without a country code may then be that of somebody in any country. A withdrawal counts for each of them, and a grant for none of them: its record goes to quarantine.",
        mend: "List the countries that occur: `rules: [{ in: [DE, US] }]` in the field that says the country. Or have the log write numbers with their country code.",
        example: Example::Edit {
            path: "schemas/channels/members.yaml",
            good: "    normalise: phone\n",
            bad: "    normalise: phone\n    region: { by_field: member_no }\n",
        },
    },
    run: check,
};

fn check(context: &Context<'_>, problems: &mut Vec<Problem>) {
    for dataset in &context.project.datasets {
        for field in &dataset.fields {
            let Treatment::Pseudonymise(TokenDomain::ByField(by)) = &field.treatment else { continue };
            for domain in domains(dataset, by) {
                let Some(spelling) = dataset.terms.domains.get(domain) else { continue };
                if spelling.field.normalise != Normaliser::Phone || spelling.regions != PhoneRegions::Any {
                    continue;
                }
                let message = format!(
                    "numbers without a country code in `{}` may be of any country: the domain `{domain}` takes it from a column whose values no rule lists",
                    field.column.value
                );
                problems.push(
                    Problem::warning(CODE, field.column.span.clone(), message)
                        .related(spelling.field.column.span.clone(), "a field of the domain is here")
                        .hint("list the countries: `rules: [{ in: [DE, US] }]` in the field that says the country"),
                );
            }
        }
    }
}

/// The domains that rows may name: those that a rule lists, or else all.
fn domains<'a>(dataset: &'a Dataset, by: &str) -> Vec<&'a str> {
    let words = dataset.column(by).or_else(|| dataset.fields.iter().find(|f| f.name.value == by));
    let listed = words.into_iter().flat_map(|words| &words.rules).find_map(|rule| match &rule.rule.value {
        Rule::In(words) => Some(words.iter().map(String::as_str).collect()),
        Rule::Required
        | Rule::Between { .. }
        | Rule::Matches(_)
        | Rule::NotInFuture
        | Rule::Unique
        | Rule::References { .. } => None,
    });
    listed.unwrap_or_else(|| dataset.terms.domains.keys().map(String::as_str).collect())
}

#[cfg(test)]
mod tests {
    use crate::testing::after;

    #[test]
    fn a_number_of_any_country_is_warned_of() {
        let told = after(
            "schemas/channels/members.yaml",
            "    normalise: phone\n",
            "    normalise: phone\n    region: { by_field: member_no }\n",
        );
        let [told] = told.as_slice() else { panic!("{told:?}") };
        assert!(told.contains("LW1233 numbers without a country code in `id_token` may be of any country"), "{told}");
    }
}
