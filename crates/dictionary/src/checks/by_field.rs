//! An identifier domain said by a column that does not exist.

use super::{Check, Context};
use crate::diagnostic::Problem;
use crate::docs::{DiagnosticDoc, Example};
use crate::model::{DataType, TokenDomain, Treatment};
use crate::nearest::hint_for;

const CODE: &str = "LW1115";

/// The check and its page.
pub(super) const CHECK: Check = Check {
    doc: DiagnosticDoc {
        code: CODE,
        title: "`by_field` names no text column",
        what: "`pseudonymise: { by_field: … }` names a column that no field of the dataset has, or one that is not text.",
        why: "The column says, row by row, which kind of identifier it is. Without it the pseudonym would match nothing.",
        mend: "Name the column (`column`, not the name in the export) of the field that holds the identifier's kind.",
        example: Example::Edit {
            path: "schemas/channels/consents.yaml",
            good: "by_field: id_type",
            bad: "by_field: id_kind",
        },
    },
    run: check,
};

fn check(context: &Context<'_>, problems: &mut Vec<Problem>) {
    for dataset in &context.project.datasets {
        for field in &dataset.fields {
            let Treatment::Pseudonymise(TokenDomain::ByField(by)) = &field.treatment else {
                continue;
            };
            let texts =
                || dataset.fields.iter().filter(|f| f.data_type.value == DataType::String && f.column != field.column);
            if texts().any(|f| f.column.value == *by) {
                continue;
            }
            let message = match dataset.column(by) {
                Some(found) if context.is_broken(&found.span, &["type"]) => continue,
                Some(_) => {
                    format!("`by_field` of `{}` names a column that cannot say a domain: `{by}`", field.column.value)
                }
                None => format!("`by_field` of `{}` names no column: `{by}`", field.column.value),
            };
            let hint = hint_for(by, texts().map(|f| f.column.as_str()), "declare a field of type `string` for it");
            problems.push(Problem::error(CODE, field.column.span.clone(), message).hint(hint));
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::after;

    const CONSENTS: &str = "schemas/channels/consents.yaml";

    #[test]
    fn domains_are_said_by_text_columns() {
        assert_eq!(
            after(CONSENTS, "by_field: id_type", "by_field: id_typ"),
            [
                "schemas/channels/consents.yaml:20:13 LW1115 `by_field` of `id_token` names no column: `id_typ` (did you mean `id_type`?)"
            ]
        );
        assert_eq!(
            after(CONSENTS, "by_field: id_type", "by_field: at"),
            [
                "schemas/channels/consents.yaml:20:13 LW1115 `by_field` of `id_token` names a column that cannot say a domain: `at` (known: `id_type`, `purpose`, `action`)"
            ]
        );
    }
}
