//! The proof by experiment: what is said to have no part in an output can be exchanged, and the
//! output stays as it is.

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion::prelude::SessionContext;
use lakewarden_lineage::columns::SourceColumn;
use lakewarden_lineage::{Lineage, column_lineage};

use crate::cases::corpus;
use crate::tables::{COLUMNS, session};

/// Headings of what this version of the engine plans and cannot run.
const NOT_RUN: [&str; 10] = [
    "a value of the outer query, given by the inner one",
    "IN as a value",
    "EXISTS as a value",
    "a subquery as the condition of a CASE",
    "LATERAL that hands a value on",
    "the second LATERAL sees the first",
    "LATERAL inside of a join in brackets",
    "UNNEST in FROM",
    "EXISTS inside a LATERAL",
    "a value of a set comparison",
];

/// The rows of a result, cut down to some of its columns, in a fixed order.
fn rows(batches: &[RecordBatch], columns: &[usize]) -> Vec<String> {
    let options = FormatOptions::default().with_null("∅");
    let mut rows = Vec::new();
    for batch in batches {
        let formatters: Vec<_> =
            columns.iter().map(|&index| ArrayFormatter::try_new(batch.column(index), &options).unwrap()).collect();
        for row in 0..batch.num_rows() {
            let cells: Vec<_> = formatters.iter().map(|f| f.value(row).to_string()).collect();
            rows.push(cells.join("\u{1f}"));
        }
    }
    rows.sort();
    rows
}

async fn run(session: &SessionContext, sql: &str) -> Vec<RecordBatch> {
    let frame = session.sql(sql).await.unwrap();
    let result = frame.collect().await;
    result.unwrap_or_else(|error| panic!("{error}\n{sql}"))
}

/// The outputs in which `column` has no part.
fn untouched(lineage: &Lineage, column: &SourceColumn) -> Vec<usize> {
    let is = |source: &SourceColumn| source.column == column.column && source.relation.resolved_eq(&column.relation);
    if lineage.indirect.keys().any(is) {
        return Vec::new();
    }
    let outputs = lineage.outputs.iter().enumerate();
    outputs
        .filter(|(_, output)| !output.direct.keys().chain(output.indirect.keys()).any(is))
        .map(|(index, _)| index)
        .collect()
}

#[tokio::test]
async fn what_has_no_part_can_be_exchanged() {
    let original = session(None).await;
    let (mut queries, mut not_run) = (Vec::new(), Vec::new());
    for case in corpus() {
        // A statement that writes is not run: its query is like others.
        if !case.sql.starts_with("SELECT") && !case.sql.starts_with("WITH") {
            continue;
        }
        let plan = original.state().create_logical_plan(&case.sql).await.unwrap();
        let lineage = column_lineage(&plan).unwrap();
        let result = match original.sql(&case.sql).await.unwrap().collect().await {
            Ok(result) => result,
            // What is not run proves nothing.
            Err(error) => {
                let planned_only = original.state().create_physical_plan(&plan).await.is_err();
                assert!(planned_only, "{}: {error}", case.name);
                not_run.push(case.heading);
                continue;
            }
        };
        queries.push((case, lineage, result));
    }
    let (mut unchanged, mut changed, mut failures) = (0, 0, Vec::new());
    for (table, columns) in COLUMNS {
        for name in columns {
            let exchanged = session(Some((table, name))).await;
            let column = SourceColumn::new(table, *name);
            for (case, lineage, before) in &queries {
                let everything: Vec<_> = (0..lineage.outputs.len()).collect();
                let untouched = untouched(lineage, &column);
                let after = run(&exchanged, &case.sql).await;
                if rows(before, &everything) != rows(&after, &everything) {
                    changed += 1;
                }
                if !untouched.is_empty() {
                    unchanged += 1;
                    if rows(before, &untouched) != rows(&after, &untouched) {
                        failures.push(format!("{}: {column} has a part", case.name));
                    }
                }
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    // The experiment shows something only where it could have come out otherwise.
    assert!(queries.len() > 140, "{} queries", queries.len());
    assert_eq!(not_run, NOT_RUN);
    assert!(unchanged > 1000, "{unchanged} comparisons");
    assert!(changed > 150, "{changed} exchanges had an effect");
}
