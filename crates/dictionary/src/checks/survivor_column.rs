//! A column that cannot say which row is the latest.

use super::{Check, Context};
use crate::diagnostic::Problem;
use crate::docs::{DiagnosticDoc, Example};
use crate::model::{Survivor, Treatment, has_order};
use crate::nearest::{hint_for, quoted};

const CODE: &str = "LW1179";

/// The check and its page.
pub(super) const CHECK: Check = Check {
    doc: DiagnosticDoc {
        code: CODE,
        title: "`survivor: { latest: … }` names no column that rows can be compared by",
        what: "`latest` names a column that no stored field has, or one whose stored values are texts, doubles, booleans, or decimals of more than 18 digits.",
        why: "The rows of a run are compared with those that the lake holds: the column has to be stored, and its values to have one order that is exact. `v10` comes before `v9` as text.",
        mend: "Name a stored column of type `timestamp`, `date`, `integer` or `decimal`, or write `survivor: last`.",
        example: Example::Edit {
            path: "schemas/channels/members.yaml",
            good: "key: [member_no]\n",
            bad: "key: [member_no]\nsurvivor: { latest: phone }\n",
        },
    },
    run: check,
};

fn check(context: &Context<'_>, problems: &mut Vec<Problem>) {
    for dataset in &context.project.datasets {
        let Survivor::Latest(column) = &dataset.repeats.survivor else { continue };
        let fit = || dataset.stored().filter(|f| has_order(f.stored_type())).map(|f| f.column.as_str());
        let Some(field) = dataset.column(column) else {
            problems.push(
                Problem::error(CODE, column.span.clone(), format!("`latest` names no column: `{}`", column.value))
                    .hint(hint_for(column, fit(), "name a stored column of this dataset, or write `survivor: last`")),
            );
            continue;
        };
        if context.is_broken(&field.span, &["treatment", "type"]) {
            continue;
        }
        let message = if field.treatment == Treatment::Drop {
            format!("`latest` names `{}`, which is dropped", column.value)
        } else if !has_order(field.stored_type()) {
            format!("`latest` names `{}`, which is stored as `{}`", column.value, field.stored_type())
        } else {
            continue;
        };
        let fit: Vec<&str> = fit().collect();
        let hint = match fit.as_slice() {
            [] => "write `survivor: last`".to_owned(),
            fit => format!("name one of {}, or write `survivor: last`", quoted(fit.iter().copied())),
        };
        problems.push(
            Problem::error(CODE, column.span.clone(), message)
                .related(field.column.span.clone(), "declared here")
                .hint(hint),
        );
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::after;

    #[test]
    fn rows_are_compared_by_stored_values_with_an_order() {
        let with = |column: &str| {
            let lines = format!("key: [member_no]\nsurvivor: {{ latest: {column} }}\n");
            after("schemas/channels/members.yaml", "key: [member_no]\n", &lines)
        };
        for good in ["registered_at", "points", "birth_decade"] {
            assert!(with(good).is_empty(), "{good}");
        }
        for (bad, why) in [("phone", "stored as `string`"), ("name", "dropped"), ("pints", "did you mean `points`")] {
            let found = with(bad);
            assert!(found.len() == 1 && found[0].contains("LW1179") && found[0].contains(why), "{found:?}");
        }
    }
}
