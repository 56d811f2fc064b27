//! A key that names no stored column.

use super::{Check, Context};
use crate::diagnostic::Problem;
use crate::docs::{DiagnosticDoc, Example};
use crate::model::Treatment;
use crate::nearest::hint_for;

const CODE: &str = "LW1110";

/// The check and its page.
pub(super) const CHECK: Check = Check {
    doc: DiagnosticDoc {
        code: CODE,
        title: "a key names no stored column",
        what: "`key` of a dataset names a column that none of its fields has, or one that is dropped.",
        why: "Rows are told apart by the key, today and in later runs, from what the lake stores. Without the column, duplicates could not be found.",
        mend: "Name columns of stored fields (`column`, not the name in the export).",
        example: Example::Edit {
            path: "schemas/channels/members.yaml",
            good: "key: [member_no]",
            bad: "key: [member_number]",
        },
    },
    run: check,
};

fn check(context: &Context<'_>, problems: &mut Vec<Problem>) {
    for dataset in &context.project.datasets {
        for key in &dataset.key {
            let Some(field) = dataset.column(key) else {
                let columns = dataset.stored().map(|f| f.column.as_str());
                problems.push(
                    Problem::error(CODE, key.span.clone(), format!("the key names no column: `{}`", key.value))
                        .hint(hint_for(key, columns, "name columns of this dataset")),
                );
                continue;
            };
            if field.treatment == Treatment::Drop && !context.is_broken(&field.span, &["treatment"]) {
                problems.push(
                    Problem::error(CODE, key.span.clone(), format!("the key column `{}` is dropped", key.value))
                        .related(field.column.span.clone(), "dropped here")
                        .hint("store it, as a pseudonym if it identifies people, or choose another key"),
                );
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::after;

    const MEMBERS: &str = "schemas/channels/members.yaml";

    #[test]
    fn keys_are_stored_columns() {
        assert_eq!(
            after(MEMBERS, "key: [member_no]", "key: [member_no, 会员卡号]"),
            [
                "schemas/channels/members.yaml:8:18 LW1110 the key names no column: `会员卡号` (known: `member_no`, `birth_decade`, `phone`, `registered_at`, `points`)"
            ]
        );
        assert_eq!(
            after(MEMBERS, "key: [member_no]", "key: [phne]"),
            ["schemas/channels/members.yaml:8:7 LW1110 the key names no column: `phne` (did you mean `phone`?)"]
        );
        assert_eq!(
            after(MEMBERS, "key: [member_no]", "key: [member_no, name]"),
            [
                "schemas/channels/members.yaml:8:18 LW1110 the key column `name` is dropped (store it, as a pseudonym if it identifies people, or choose another key) [schemas/channels/members.yaml:25:13 dropped here]"
            ]
        );
    }
}
