//! A treatment on a type that it does not fit.

use super::{Check, Context};
use crate::diagnostic::Problem;
use crate::docs::{DiagnosticDoc, Example};
use crate::model::{DataType, Generalisation, Treatment};

const CODE: &str = "LW1125";

/// The check and its page.
pub(super) const CHECK: Check = Check {
    doc: DiagnosticDoc {
        code: CODE,
        title: "a treatment does not fit the type",
        what: "`generalise`, `mask`, `redact` or `pseudonymise` is declared for a field of a type that it cannot work on.",
        why: "A decade is of a date, a grid of a coordinate; anything else would fail on the first row.",
        mend: "Correct the type or the treatment: `decade`, `year`, `month` take a date or timestamp; `city`, `mask`, `redact` take a string; `grid` takes a double or decimal; `pseudonymise` takes a string or integer.",
        example: Example::Edit {
            path: "schemas/channels/members.yaml",
            good: "    type: date\n    identifier: quasi\n    category: user.demographic.date_of_birth\n    treatment: { generalise: decade }\n",
            bad: "    type: string\n    identifier: quasi\n    category: user.demographic.date_of_birth\n    treatment: { generalise: decade }\n",
        },
    },
    run: check,
};

fn check(context: &Context<'_>, problems: &mut Vec<Problem>) {
    for field in context.project.datasets.iter().flat_map(|d| &d.fields) {
        let data_type = field.data_type.value;
        let Some((treatment, fits, types)) = demands(&field.treatment, data_type) else {
            continue;
        };
        if fits || context.is_broken(&field.span, &["treatment", "type"]) {
            continue;
        }
        let message = format!("`{treatment}` does not fit `{}` of type `{data_type}`", field.column.value);
        problems.push(
            Problem::error(CODE, field.data_type.span.clone(), message)
                .hint(format!("`{treatment}` takes {types}: correct the type or the treatment")),
        );
    }
}

/// A treatment's name, whether it fits a type, and the types that it fits.
fn demands(treatment: &Treatment, given: DataType) -> Option<(&'static str, bool, &'static str)> {
    let text = given == DataType::String;
    let time = (given.is_temporal(), "a date or timestamp");
    let (name, (fits, types)) = match treatment {
        Treatment::Keep | Treatment::Drop => return None,
        Treatment::Pseudonymise(_) => ("pseudonymise", (text || given == DataType::Integer, "a string or integer")),
        Treatment::Mask { .. } => ("mask", (text, "a string")),
        Treatment::Redact => ("redact", (text, "a string")),
        Treatment::Generalise(Generalisation::Decade) => ("generalise: decade", time),
        Treatment::Generalise(Generalisation::Year) => ("generalise: year", time),
        Treatment::Generalise(Generalisation::Month) => ("generalise: month", time),
        Treatment::Generalise(Generalisation::City) => ("generalise: city", (text, "a string")),
        Treatment::Generalise(Generalisation::Grid { .. }) => {
            let number = matches!(given, DataType::Double | DataType::Decimal { .. });
            ("generalise: grid", (number, "a double or decimal"))
        }
    };
    Some((name, fits, types))
}

#[cfg(test)]
mod tests {
    use crate::testing::after;

    const MEMBERS: &str = "schemas/channels/members.yaml";

    #[test]
    fn treatments_fit_types() {
        assert_eq!(
            after(MEMBERS, "    type: date\n", "    type: string\n"),
            [
                "schemas/channels/members.yaml:36:11 LW1125 `generalise: decade` does not fit `birth_decade` of type `string` (`generalise: decade` takes a date or timestamp: correct the type or the treatment)"
            ]
        );
        for (treatment, fits) in [("month", true), ("year", true), ("city", false), ("{ grid: 10 }", false)] {
            let found = after(MEMBERS, "{ generalise: decade }", &format!("{{ generalise: {treatment} }}"));
            assert_eq!(found.is_empty(), fits, "{treatment}: {found:?}");
        }
        for treatment in ["redact", "{ mask: { keep_first: 1 } }", "{ pseudonymise: birthday }"] {
            assert_eq!(after(MEMBERS, "{ generalise: decade }", treatment).len(), 1, "{treatment}");
        }
    }
}
