//! A country for numbers that are none, or one said by a column that cannot.

use super::{Check, Context};
use crate::diagnostic::Problem;
use crate::docs::{DiagnosticDoc, Example};
use crate::model::{DataType, Normaliser, PhoneRegion};
use crate::nearest::hint_for;

const CODE: &str = "LW1164";

/// The check and its page.
pub(super) const CHECK: Check = Check {
    doc: DiagnosticDoc {
        code: CODE,
        title: "a country of telephone numbers does not fit",
        what: "`region` is declared for a field that is not normalised as a telephone number, or its `by_field` names no text column of the dataset.",
        why: "`9123 4567` is a number of Hong Kong only if somebody says so; without its country it would be another person's, or nobody's.",
        mend: "Write `normalise: phone` beside it, and name the column (`column`, not the name in the export) of the field that holds the country.",
        example: Example::Edit {
            path: "schemas/channels/members.yaml",
            good: "    normalise: phone\n",
            bad: "    normalise: phone\n    region: { by_field: country }\n",
        },
    },
    run: check,
};

fn check(context: &Context<'_>, problems: &mut Vec<Problem>) {
    for dataset in &context.project.datasets {
        for field in &dataset.fields {
            let Some(region) = &field.values.region else { continue };
            let column = &field.column.value;
            if field.normalise != Normaliser::Phone && !context.is_broken(&field.span, &["normalise"]) {
                let message = format!("`region` says nothing about `{column}`, which is no telephone number");
                problems.push(
                    Problem::error(CODE, region.span.clone(), message)
                        .hint("write `normalise: phone`, or take `region` away"),
                );
            }
            let PhoneRegion::ByField(by) = &region.value else { continue };
            let texts =
                || dataset.fields.iter().filter(|f| f.data_type.value == DataType::String && f.column != field.column);
            if texts().any(|f| f.column.value == *by)
                || dataset.column(by).is_some_and(|found| context.is_broken(&found.span, &["type"]))
            {
                continue;
            }
            let message = format!("`region` of `{column}` names no text column: `{by}`");
            let hint = hint_for(by, texts().map(|f| f.column.as_str()), "declare a field of type `string` for it");
            problems.push(Problem::error(CODE, region.span.clone(), message).hint(hint));
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::after;

    const MEMBERS: &str = "schemas/channels/members.yaml";

    #[test]
    fn countries_are_of_numbers_and_said_by_text() {
        let all = |given: &str| after(MEMBERS, "    normalise: phone\n", given);
        // Other checks compare the field with the consent log.
        let with = |given: &str| -> Vec<String> {
            all(given).into_iter().filter(|p| !p.contains("LW1233") && !p.contains("LW1230")).collect()
        };
        assert_eq!(with("    normalise: phone\n    region: HK\n"), [""; 0]);
        assert_eq!(with("    normalise: phone\n    region: { by_field: member_no }\n"), [""; 0]);
        assert_eq!(
            with("    normalise: phone\n    region: { by_field: nam }\n"),
            [
                "schemas/channels/members.yaml:50:15 LW1164 `region` of `phone` names no text column: `nam` (did you mean `name`?)"
            ]
        );
        assert_eq!(with("    normalise: phone\n    region: { by_field: points }\n").len(), 1);
        assert_eq!(
            with("    normalise: trim\n    region: HK\n"),
            [
                "schemas/channels/members.yaml:50:13 LW1164 `region` says nothing about `phone`, which is no telephone number (write `normalise: phone`, or take `region` away)"
            ]
        );
    }
}
