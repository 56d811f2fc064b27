//! A category that fideslang does not have.

use super::{Check, Context};
use crate::diagnostic::Problem;
use crate::docs::{DiagnosticDoc, Example};
use crate::fideslang::{DATA_CATEGORIES, is_data_category};
use crate::nearest::nearest;

const CODE: &str = "LW1122";

/// The check and its page.
pub(super) const CHECK: Check = Check {
    doc: DiagnosticDoc {
        code: CODE,
        title: "an unknown data category",
        what: "`category` is none of the data categories of the fideslang taxonomy.",
        why: "Categories are what records of processing, reports and policies speak in. A category of one's own is understood by nobody else.",
        mend: "Take the nearest category, or one above it (`user.contact` for `user.contact.pager`).",
        example: Example::Edit {
            path: "schemas/channels/members.yaml",
            good: "category: user.contact.phone_number",
            bad: "category: user.contact.phone",
        },
    },
    run: check,
};

fn check(context: &Context<'_>, problems: &mut Vec<Problem>) {
    let project = context.project;
    let of_fields = project.datasets.iter().flat_map(|d| &d.fields).filter_map(|f| f.category.as_ref());
    let of_columns = project.tables.iter().flat_map(|t| &t.columns).filter_map(|c| c.category.as_ref());
    for category in of_fields.chain(of_columns).filter(|c| !is_data_category(c)) {
        problems.push(
            Problem::error(CODE, category.span.clone(), format!("unknown data category `{}`", category.value))
                .hint(format!("did you mean `{}`?", meant(category))),
        );
    }
}

/// The category that was probably meant: one that goes on where `category` stops; else the nearest sibling; else
/// one with the same last part; else the nearest of all; else the longest that `category` begins with.
fn meant(category: &str) -> &'static str {
    let all = || DATA_CATEGORIES.iter().copied();
    let (parent, last) = category.rsplit_once('.').unwrap_or(("", category));
    let last_part = |key: &'static str| key.rsplit_once('.').map_or(key, |(_, last)| last);
    let longer = || all().find(|key| last.len() > 2 && key.starts_with(category));
    let siblings = || all().filter(|key| key.rsplit_once('.').map_or("", |(parent, _)| parent) == parent);
    let sibling = || {
        let last = nearest(last, siblings().map(last_part))?;
        siblings().find(|key| last_part(key) == last)
    };
    let same_last = || all().find(|key| last_part(key) == last);
    let above = || all().rfind(|key| category.strip_prefix(key).is_some_and(|rest| rest.starts_with('.')));
    longer()
        .or_else(sibling)
        .or_else(same_last)
        .or_else(|| if is_data_category(parent) { None } else { nearest(category, all()) })
        .or_else(above)
        .unwrap_or("user")
}

#[cfg(test)]
mod tests {
    use crate::testing::after;

    use super::meant;

    #[test]
    fn categories_are_fideslang_s() {
        assert_eq!(
            after("schemas/channels/members.yaml", "category: user.name", "category: user.nme"),
            ["schemas/channels/members.yaml:30:15 LW1122 unknown data category `user.nme` (did you mean `user.name`?)"]
        );
        assert_eq!(
            after("schemas/curated/member_spend.yaml", "category: user.unique_id.pseudonymous", "category: customer")
                .len(),
            1
        );
    }

    #[test]
    fn the_category_that_was_meant_is_found() {
        assert_eq!(meant("user.contact.phone"), "user.contact.phone_number");
        assert_eq!(meant("user.contact.emial"), "user.contact.email");
        assert_eq!(meant("usr.contact"), "user.contact");
        assert_eq!(meant("personal.gender"), "user.demographic.gender");
        assert_eq!(meant("user.contact.address.neighbourhood_of_the_customer"), "user.contact.address");
        assert_eq!(meant("something_else_entirely"), "user");
    }
}
