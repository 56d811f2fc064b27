//! Names that SQL users would have to quote, and names that are taken by the engine.

use super::{Check, Context};
use crate::diagnostic::Problem;
use crate::diagnostic::Spanned;
use crate::docs::{DiagnosticDoc, Example};

const CODE: &str = "LW1104";

/// The check and its page.
pub(super) const CHECK: Check = Check {
    doc: DiagnosticDoc {
        code: CODE,
        title: "a name that is not ASCII snake_case, or is reserved",
        what: "The name of a dataset, a table, a pipeline or a column is not made of lower-case ASCII letters, digits and underscores with a letter first; or it is one that the engine gives itself: `customer_id` in a dataset, `customers` and `customer_identity` as relations.",
        why: "These names are typed in SQL, in file paths and in BI tools; quoting and case differ everywhere. A reserved name would hide what the engine resolves.",
        mend: "Choose another name. A field of an export keeps its own in `name`; `column` says what the lake calls it.",
        example: Example::Edit {
            path: "schemas/channels/members.yaml",
            good: "  - name: 姓名\n    column: name\n",
            bad: "  - name: 姓名\n",
        },
    },
    run: check,
};

/// Columns that the engine adds to datasets.
const RESERVED_COLUMNS: [&str; 1] = ["customer_id"];
/// Relations that the engine makes.
const RESERVED_RELATIONS: [&str; 2] = ["customers", "customer_identity"];
/// Longest name that every reader of the lake takes.
const LONGEST: usize = 63;

fn check(context: &Context<'_>, problems: &mut Vec<Problem>) {
    let project = context.project;
    for dataset in &project.datasets {
        name("dataset", &dataset.name, &RESERVED_RELATIONS, "rename it", problems);
        for field in &dataset.fields {
            let hint = if field.column.span == field.name.span {
                "add `column: …` with the name it has in the lake"
            } else {
                "choose another `column`"
            };
            name("column", &field.column, &RESERVED_COLUMNS, hint, problems);
        }
    }
    for table in &project.tables {
        name("table", &table.name, &RESERVED_RELATIONS, "rename it", problems);
        for column in &table.columns {
            name("column", &column.name, &[], "rename it here and in its model", problems);
        }
    }
    for pipeline in &project.pipelines {
        name("pipeline", &pipeline.name, &[], "rename it", problems);
    }
}

fn name(what: &str, name: &Spanned<String>, reserved: &[&str], hint: &str, problems: &mut Vec<Problem>) {
    let text = name.value.as_str();
    let first = text.bytes().next().is_some_and(|b| b.is_ascii_lowercase());
    let rest = text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    let message = if !first || !rest {
        format!("the {what} name `{text}` is not ASCII snake_case")
    } else if text.len() > LONGEST {
        format!("the {what} name `{text}` is longer than {LONGEST} characters")
    } else if reserved.contains(&text) {
        format!("the {what} name `{text}` is reserved for the engine")
    } else {
        return;
    };
    problems.push(Problem::error(CODE, name.span.clone(), message).hint(hint));
}

#[cfg(test)]
mod tests {
    use crate::testing::after;

    const MEMBERS: &str = "schemas/channels/members.yaml";

    #[test]
    fn columns_are_snake_case() {
        assert_eq!(
            after(MEMBERS, "    column: name\n", ""),
            [
                "schemas/channels/members.yaml:24:11 LW1104 the column name `姓名` is not ASCII snake_case (add `column: …` with the name it has in the lake)"
            ]
        );
        assert_eq!(
            after(MEMBERS, "    column: name\n", "    column: fullName\n"),
            [
                "schemas/channels/members.yaml:25:13 LW1104 the column name `fullName` is not ASCII snake_case (choose another `column`)"
            ]
        );
        assert_eq!(after(MEMBERS, "    column: name\n", "    column: _name\n").len(), 1);
        assert_eq!(after(MEMBERS, "    column: name\n", "    column: name_2\n").len(), 0);
        assert_eq!(after(MEMBERS, "    column: name\n", &format!("    column: {}\n", "n".repeat(64))).len(), 1);
    }

    #[test]
    fn what_the_engine_makes_is_reserved() {
        assert_eq!(
            after(MEMBERS, "    column: name\n", "    column: customer_id\n"),
            [
                "schemas/channels/members.yaml:25:13 LW1104 the column name `customer_id` is reserved for the engine (choose another `column`)"
            ]
        );
        let found = after(MEMBERS, "dataset: members", "dataset: customers");
        assert!(found.iter().any(|p| p.contains("LW1104 the dataset name `customers` is reserved")), "{found:?}");
    }
}
