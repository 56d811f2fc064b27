//! A personal field without a category.

use super::{Check, Context};
use crate::diagnostic::Problem;
use crate::diagnostic::Span;
use crate::docs::{DiagnosticDoc, Example};
use crate::model::IdentifierClass;

const CODE: &str = "LW1123";

/// The check and its page.
pub(super) const CHECK: Check = Check {
    doc: DiagnosticDoc {
        code: CODE,
        title: "a personal field has no category",
        what: "A field or column with `identifier: quasi` or `direct` has no `category`.",
        why: "A record of processing has to say what kind of personal data there is. What has no label does not compile.",
        mend: "Add a `category` of the fideslang taxonomy, such as `user.contact.phone_number`.",
        example: Example::Edit {
            path: "schemas/channels/members.yaml",
            good: "    identifier: direct\n    category: user.name\n",
            bad: "    identifier: direct\n",
        },
    },
    run: check,
};

fn check(context: &Context<'_>, problems: &mut Vec<Problem>) {
    let project = context.project;
    let fields = project.datasets.iter().flat_map(|d| &d.fields);
    for field in fields.filter(|f| f.identifier != IdentifierClass::None && f.category.is_none()) {
        missing(context, &field.column.value, &field.column.span, &field.span, problems);
    }
    let columns = project.tables.iter().flat_map(|t| &t.columns);
    for column in columns.filter(|c| c.identifier != IdentifierClass::None && c.category.is_none()) {
        missing(context, &column.name.value, &column.name.span, &column.span, problems);
    }
}

fn missing(context: &Context<'_>, name: &str, at: &Span, whole: &Span, problems: &mut Vec<Problem>) {
    if !context.is_broken(whole, &["identifier", "category"]) {
        problems.push(
            Problem::error(CODE, at.clone(), format!("`{name}` is about people but has no `category`"))
                .hint("add a fideslang data category, such as `category: user.contact.phone_number`"),
        );
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::after;

    #[test]
    fn personal_fields_have_categories() {
        assert_eq!(
            after("schemas/channels/members.yaml", "    category: user.name\n", ""),
            [
                "schemas/channels/members.yaml:25:13 LW1123 `name` is about people but has no `category` (add a fideslang data category, such as `category: user.contact.phone_number`)"
            ]
        );
        assert_eq!(
            after("schemas/curated/member_spend.yaml", "    category: user.unique_id.pseudonymous\n", ""),
            [
                "schemas/curated/member_spend.yaml:10:11 LW1123 `customer_id` is about people but has no `category` (add a fideslang data category, such as `category: user.contact.phone_number`)"
            ]
        );
    }
}
