//! A database that cannot be read as it is declared.

use super::{Check, Context};
use crate::diagnostic::Problem;
use crate::docs::{DiagnosticDoc, Example};
use crate::model::{Database, DatabaseRelation, Dataset, Overlap};

const CODE: &str = "LW1162";

/// The check and its page.
pub(super) const CHECK: Check = Check {
    doc: DiagnosticDoc {
        code: CODE,
        title: "a database cannot be read as declared",
        what: "`overlap` stands without `incremental`, or is a length of time for a column of numbers (or the reverse); or a query is to be read by several connections and no `partition_on` says how they divide it.",
        why: "What cannot be acted upon is refused rather than ignored: a run would read less, or slower, than its author believes.",
        mend: "Write `overlap` in the measure of the incremental column, and `partition_on` where a query is read by several connections.",
        example: Example::Edit {
            path: "pipelines/shop/pipeline.yaml",
            good: "  members: exports/members/*",
            bad: "  members: { database: { url: env:CRM_URL, table: members, overlap: PT10M } }",
        },
    },
    run: check,
};

fn check(context: &Context<'_>, problems: &mut Vec<Problem>) {
    for channel in context.project.pipelines.iter().flat_map(|p| &p.channels) {
        let Some(database) = &channel.database else { continue };
        overlap(database, context.project.dataset(&channel.dataset.value), problems);
        if let (DatabaseRelation::Query(query), None, 2..) =
            (&database.relation, &database.partition_on, database.parallel)
        {
            let message = "a query is read by several connections, and nothing says how they divide it";
            problems.push(
                Problem::error(CODE, query.span.clone(), message)
                    .hint("add `partition_on`, a column of numbers that the query gives, or leave `parallel` out"),
            );
        }
    }
}

fn overlap(database: &Database, dataset: Option<&Dataset>, problems: &mut Vec<Problem>) {
    let Some(overlap) = &database.overlap else { return };
    let Some(incremental) = &database.incremental else {
        problems.push(
            Problem::error(CODE, overlap.span.clone(), "`overlap` needs `incremental`")
                .hint("name the column that grows with every change, or leave `overlap` out"),
        );
        return;
    };
    let field = dataset.and_then(|d| d.fields.iter().find(|f| f.name.value == incremental.value));
    let Some(field) = field else { return };
    let data_type = field.data_type.value;
    let (fits, hint) = match overlap.value {
        Overlap::Seconds(_) => (!data_type.is_numeric(), "write a whole number, such as `overlap: 1000`"),
        Overlap::Steps(_) => (!data_type.is_temporal(), "write a length of time, such as `overlap: PT10M`"),
    };
    if !fits {
        let message = format!("`overlap` does not measure `{}`", incremental.value);
        problems.push(
            Problem::error(CODE, overlap.span.clone(), message)
                .related(field.data_type.span.clone(), format!("its type is `{data_type}`"))
                .hint(hint),
        );
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::after;

    fn with(database: &str) -> Vec<String> {
        let channel = format!("  members: {{ database: {{ url: env:A, {database} }} }}");
        after("pipelines/shop/pipeline.yaml", "  members: exports/members/*", &channel)
            .iter()
            .map(|p| p.split_once(' ').map_or_else(String::new, |(_, rest)| rest.to_owned()))
            .collect()
    }

    #[test]
    fn overlaps_measure_their_column() {
        assert_eq!(
            with("table: members, overlap: PT1M"),
            [
                "LW1162 `overlap` needs `incremental` (name the column that grows with every change, or leave `overlap` out)"
            ]
        );
        let wrong = with("table: members, incremental: 积分, overlap: PT1M");
        assert!(wrong.len() == 1 && wrong[0].contains("(write a whole number"), "{wrong:?}");
        let wrong = with("table: members, incremental: 注册时间, overlap: 60");
        assert!(wrong.len() == 1 && wrong[0].contains("(write a length of time"), "{wrong:?}");
        assert_eq!(with("table: members, incremental: 注册时间, overlap: PT60S"), [""; 0]);
        assert_eq!(with("table: members, incremental: 积分, overlap: 60"), [""; 0]);
    }

    #[test]
    fn queries_are_divided_by_a_column() {
        assert_eq!(
            with("query: SELECT 1, parallel: 2"),
            [
                "LW1162 a query is read by several connections, and nothing says how they divide it (add `partition_on`, a column of numbers that the query gives, or leave `parallel` out)"
            ]
        );
        assert_eq!(with("query: SELECT 1, parallel: 2, partition_on: id"), [""; 0]);
        assert_eq!(with("table: members, parallel: 2"), [""; 0]);
    }
}
