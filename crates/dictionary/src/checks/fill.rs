//! Values that are filled within a key that does not exist, or that no reader can fill.

use super::{Check, Context};
use crate::diagnostic::Problem;
use crate::docs::{DiagnosticDoc, Example};
use crate::model::{Container, Treatment};
use crate::nearest::hint_for;

const CODE: &str = "LW1257";

/// The check and its page.
pub(super) const CHECK: Check = Check {
    doc: DiagnosticDoc {
        code: CODE,
        title: "`fill` cannot be followed",
        what: "`fill: down within …` names no field of the dataset, the field itself, one that is pseudonymised or one that is filled itself; or the dataset's files may be JSON.",
        why: "The value comes from the first of the consecutive rows that have the same key. The key must be written on every row. Records of JSON carry their own values and have no first line.",
        mend: "Name the column that is the same on all lines of one order, such as `fill: down within order_no`.",
        example: Example::Edit {
            path: "schemas/channels/members.yaml",
            good: "    optional: true\n",
            bad: "    optional: true\n    fill: down within order_no\n",
        },
    },
    run: check,
};

fn check(context: &Context<'_>, problems: &mut Vec<Problem>) {
    for dataset in &context.project.datasets {
        let json = [Container::Json, Container::Ndjson];
        let format = &dataset.format;
        let has_json = json.contains(&format.container) || format.accept.iter().any(|c| json.contains(c));
        for field in &dataset.fields {
            let (Some(said), key) = (&field.values.absence.fill, field.values.absence.filled_within()) else {
                continue;
            };
            if key.is_empty() {
                continue;
            }
            let mut say = |message: String, hint: String| {
                problems.push(Problem::error(CODE, said.span.clone(), message).hint(hint));
            };
            let column = &field.column.value;
            if has_json {
                say(
                    format!("`{column}` cannot be filled: the files may be JSON"),
                    "take `fill` away, or JSON out of `format`".to_owned(),
                );
                continue;
            }
            for name in key {
                let found = dataset.fields.iter().find(|f| f.column.value == *name || f.name.value == *name);
                let Some(found) = found else {
                    let columns = dataset.fields.iter().map(|f| f.column.as_str());
                    let hint = hint_for(name, columns, "name columns of this dataset");
                    say(format!("`{column}` is filled within a column that does not exist: `{name}`"), hint);
                    continue;
                };
                let filled = !found.values.absence.filled_within().is_empty();
                let names = matches!(found.treatment, Treatment::Pseudonymise(_));
                if filled || names || found.column == field.column {
                    let message = format!("`{column}` is filled within `{name}`, which is not the number of an order");
                    say(message, "name a column that is written on every line and identifies no person".to_owned());
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{after, after_all};

    const MEMBERS: &str = "schemas/channels/members.yaml";

    #[test]
    fn values_are_filled_within_a_column_of_every_line() {
        let phone =
            |fill: &str| after(MEMBERS, "    optional: true\n", &format!("    optional: true\n    fill: {fill}\n"));
        assert_eq!(phone("down within points").len(), 0);
        assert_eq!(phone("none").len(), 0);
        assert_eq!(
            phone("down within pionts"),
            [
                "schemas/channels/members.yaml:51:11 LW1257 `phone` is filled within a column that does not exist: `pionts` (did you mean `points`?)"
            ]
        );
        assert_eq!((phone("down within phone").len(), phone("down within member_no").len()), (1, 1));
        let json = [
            ("format: { container: csv }", "format: { container: csv, accept: [ndjson] }"),
            ("    optional: true\n", "    optional: true\n    fill: down within points\n"),
        ];
        assert_eq!(after_all(MEMBERS, &json).len(), 1);
        assert_eq!(phone("upwards").len(), 1, "LW1007 or the like, and nothing besides");
    }
}
