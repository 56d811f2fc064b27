//! A column that cannot say what is new.

use super::{Check, Context};
use crate::diagnostic::Problem;
use crate::docs::{DiagnosticDoc, Example};
use crate::model::{DataType, Dataset, Field, IdentifierClass, Treatment};
use crate::nearest::hint_for;

const CODE: &str = "LW1161";

/// The check and its page.
pub(super) const CHECK: Check = Check {
    doc: DiagnosticDoc {
        code: CODE,
        title: "an incremental column is of no use",
        what: "`incremental` of a database names no field of the dataset, or one that is not a kept number, date or timestamp without `identifier`.",
        why: "Its greatest value is remembered in the lake, in clear, and compared in the next run. So it has to be a field that may be stored as it is, that says nothing about a person, and whose values have an order that database and dictionary agree on.",
        mend: "Name the column by its name in the database (`name`): a time of change or a serial number, declared with `identifier: none` and `treatment: keep`.",
        example: Example::Edit {
            path: "pipelines/shop/pipeline.yaml",
            good: "  members: exports/members/*",
            bad: "  members: { database: { url: env:CRM_URL, table: members, incremental: 手机号 } }",
        },
    },
    run: check,
};

fn check(context: &Context<'_>, problems: &mut Vec<Problem>) {
    for channel in context.project.pipelines.iter().flat_map(|p| &p.channels) {
        let Some(named) = channel.database.as_ref().and_then(|d| d.incremental.as_ref()) else { continue };
        let Some(dataset) = context.project.dataset(&channel.dataset.value) else { continue };
        let Some(field) = dataset.fields.iter().find(|f| f.name.value == named.value) else {
            let message = format!("the incremental column `{}` is no field of `{}`", named.value, dataset.name.value);
            let hint = hint_for(named, candidates(dataset), "declare it as a field of the dataset");
            problems.push(Problem::error(CODE, named.span.clone(), message).hint(hint));
            continue;
        };
        if context.is_broken(&field.span, &["type", "identifier", "treatment"]) {
            continue;
        }
        if let Some(why) = unfit(field) {
            let message = format!("`{}` cannot say what is new: {why}", named.value);
            problems.push(
                Problem::error(CODE, named.span.clone(), message)
                    .related(field.name.span.clone(), "declared here")
                    .hint(hint_for("", candidates(dataset), "declare a time of change or a serial number")),
            );
        }
    }
}

/// Why a field cannot be incremental, if it cannot.
fn unfit(field: &Field) -> Option<&'static str> {
    let ordered = matches!(
        field.data_type.value,
        DataType::Integer | DataType::Decimal { .. } | DataType::Date | DataType::Timestamp
    );
    if field.identifier != IdentifierClass::None {
        Some("it says something about a person, and its greatest value would be kept in clear")
    } else if field.treatment != Treatment::Keep {
        Some("its values are not kept as they are")
    } else if !ordered {
        Some("it is no integer, decimal, date or timestamp")
    } else {
        None
    }
}

fn candidates(dataset: &Dataset) -> impl Iterator<Item = &str> {
    dataset.fields.iter().filter(|f| unfit(f).is_none()).map(|f| f.name.value.as_str())
}

#[cfg(test)]
mod tests {
    use crate::testing::after;

    fn with(column: &str) -> Vec<String> {
        let database = format!("  members: {{ database: {{ url: env:A, table: members, incremental: {column} }} }}");
        after("pipelines/shop/pipeline.yaml", "  members: exports/members/*", &database)
    }

    #[test]
    fn what_is_remembered_may_be_known() {
        assert_eq!(
            with("注册日间"),
            [
                "pipelines/shop/pipeline.yaml:6:67 LW1161 the incremental column `注册日间` is no field of `members` (did you mean `注册时间`?)"
            ]
        );
        for (column, why) in [
            ("手机号", "it says something about a person, and its greatest value would be kept in clear"),
            ("出生日期", "it says something about a person, and its greatest value would be kept in clear"),
        ] {
            let found = with(column);
            assert_eq!(found.len(), 1);
            assert!(found[0].contains(why) && found[0].contains("(known: `注册时间`, `积分`)"), "{found:?}");
        }
        assert_eq!(with("注册时间"), [""; 0]);
        assert_eq!(with("积分"), [""; 0]);
    }
}
