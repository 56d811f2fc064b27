//! Places whose columns are not there, or are not degrees.

use super::{Check, Context};
use crate::diagnostic::{Problem, Spanned};
use crate::docs::{DiagnosticDoc, Example};
use crate::model::{DataType, Dataset, Treatment};
use crate::nearest::hint_for;
use std::collections::BTreeSet;

const CODE: &str = "LW1166";

/// The check and its page.
pub(super) const CHECK: Check = Check {
    doc: DiagnosticDoc {
        code: CODE,
        title: "a pair of coordinates names unfit columns",
        what: "`coordinates` names a column that no field of the dataset has, one that is not a `double`, one that is dropped, or one that belongs to a pair already.",
        why: "Latitude and longitude are moved together from one datum to another. With one of the two missing, the other would stay some hundred metres off, and nobody would see it.",
        mend: "Name two columns (`column`, not the name in the export) of type `double` that are stored.",
        example: Example::Edit {
            path: "schemas/channels/members.yaml",
            good: "key: [member_no]\n",
            bad: "key: [member_no]\ncoordinates: [{ latitude: lat, longitude: lng, datum: gcj02 }]\n",
        },
    },
    run: check,
};

fn check(context: &Context<'_>, problems: &mut Vec<Problem>) {
    for dataset in &context.project.datasets {
        let mut taken = BTreeSet::new();
        for pair in &dataset.coordinates {
            for name in [&pair.latitude, &pair.longitude] {
                column(context, dataset, name, !taken.insert(name.value.as_str()), problems);
            }
        }
    }
}

fn column(context: &Context<'_>, dataset: &Dataset, name: &Spanned<String>, taken: bool, problems: &mut Vec<Problem>) {
    let doubles = dataset.fields.iter().filter(|f| f.data_type.value == DataType::Double);
    let (message, hint) = match dataset.column(name) {
        None => {
            let known = doubles.map(|f| f.column.value.as_str());
            let hint = hint_for(name, known, "declare a field of type `double` for it");
            (format!("`coordinates` names no column: `{}`", name.value), hint)
        }
        Some(field) if context.is_broken(&field.span, &["type", "treatment"]) => return,
        Some(field) if field.data_type.value != DataType::Double => (
            format!("`{}` of type `{}` is no coordinate", name.value, field.data_type.value),
            "write `type: double`".to_owned(),
        ),
        Some(field) if field.treatment == Treatment::Drop => (
            format!("`{}` is dropped, so it is no coordinate", name.value),
            "store it, such as `{ generalise: { grid: 10 } }`, or take the pair away".to_owned(),
        ),
        Some(_) if taken => (
            format!("`{}` belongs to a pair of coordinates already", name.value),
            "name another column, or take the pair away".to_owned(),
        ),
        Some(_) => return,
    };
    problems.push(Problem::error(CODE, name.span.clone(), message).hint(hint));
}

#[cfg(test)]
mod tests {
    use crate::testing::after_all;

    const MEMBERS: &str = "schemas/channels/members.yaml";

    fn with(pair: &str, extra: &[(&str, &str)]) -> Vec<String> {
        let pair = format!("key: [member_no]\ncoordinates: [{pair}]\n");
        let edits: Vec<_> = [("key: [member_no]\n", pair.as_str())].into_iter().chain(extra.iter().copied()).collect();
        after_all(MEMBERS, &edits)
    }

    #[test]
    fn places_are_pairs_of_stored_degrees() {
        let degrees = |name: &str, treatment: &str| {
            format!(
                "  - name: {name}\n    label: {{ zh: 度, en: Degrees }}\n    meaning: Degrees.\n    type: double\n    identifier: quasi\n    category: user.location\n    treatment: {treatment}\n"
            )
        };
        let two = format!("fields:\n{}{}", degrees("lat", "keep"), degrees("lng", "keep"));
        let sound = [("fields:\n", two.as_str())];
        assert_eq!(with("{ latitude: lat, longitude: lng, datum: bd09 }", &sound), [""; 0]);
        assert_eq!(
            with("{ latitude: lat, longitude: lat }", &sound),
            [
                "schemas/channels/members.yaml:9:43 LW1166 `lat` belongs to a pair of coordinates already (name another column, or take the pair away)"
            ]
        );
        assert_eq!(
            with("{ latitude: points, longitude: lgn }", &sound),
            [
                "schemas/channels/members.yaml:9:27 LW1166 `points` of type `integer` is no coordinate (write `type: double`)",
                "schemas/channels/members.yaml:9:46 LW1166 `coordinates` names no column: `lgn` (did you mean `lng`?)",
            ]
        );
        let dropped = format!("fields:\n{}{}", degrees("lat", "keep"), degrees("lng", "drop"));
        assert_eq!(
            with("{ latitude: lat, longitude: lng }", &[("fields:\n", &dropped)]),
            [
                "schemas/channels/members.yaml:9:43 LW1166 `lng` is dropped, so it is no coordinate (store it, such as `{ generalise: { grid: 10 } }`, or take the pair away)"
            ]
        );
    }
}
