//! The queries of TPC-H and TPC-DS, whose texts come from DuckDB's packages.

use std::fmt::Write as _;
use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, Field, Schema};
use datafusion::datasource::MemTable;
use datafusion::prelude::SessionContext;
use lakewarden_lineage::column_lineage;
use serde::Deserialize;

use crate::cases::written;
use crate::corpus::{analysed, not_more};
use crate::held::held;
use crate::oracle::Tables;
use crate::python;

/// A benchmark as `tests/tpc/queries.py` prints it.
#[derive(Deserialize)]
struct Benchmark {
    /// Table, column, type.
    columns: Vec<(String, String, String)>,
    queries: Vec<(u32, String)>,
}

#[derive(Deserialize)]
struct Benchmarks {
    tpch: Benchmark,
    tpcds: Benchmark,
}

/// One benchmark, ready to be planned.
pub(crate) struct Tpc {
    /// `TPC-H` or `TPC-DS`.
    pub(crate) name: &'static str,
    pub(crate) session: SessionContext,
    /// The columns of the tables with their types.
    pub(crate) tables: Tables,
    /// In the order of their numbers, the first is query 1.
    pub(crate) queries: Vec<String>,
}

/// Both, with all of their queries.
pub(crate) fn benchmarks() -> [Tpc; 2] {
    let Benchmarks { tpch, tpcds } = python::said("tpc/queries.py", "");
    let both = [ready("TPC-H", &tpch), ready("TPC-DS", &tpcds)];
    assert_eq!([both[0].queries.len(), both[1].queries.len()], [22, 99]);
    both
}

fn ready(name: &'static str, benchmark: &Benchmark) -> Tpc {
    let session = SessionContext::new();
    let mut tables = Tables::new();
    for (table, column, kind) in &benchmark.columns {
        tables.entry(table.clone()).or_default().push((column.clone(), kind.clone()));
    }
    for table in benchmark.columns.chunk_by(|(left, ..), (right, ..)| left == right) {
        let fields: Vec<_> = table.iter().map(|(_, name, kind)| Field::new(name, data_type(kind), true)).collect();
        let empty = MemTable::try_new(Arc::new(Schema::new(fields)), vec![vec![]]).unwrap();
        session.register_table(table[0].0.as_str(), Arc::new(empty)).unwrap();
    }
    for (index, (number, _)) in benchmark.queries.iter().enumerate() {
        assert_eq!(usize::try_from(*number).unwrap(), index + 1);
    }
    Tpc { name, session, tables, queries: benchmark.queries.iter().map(|(_, sql)| sql.clone()).collect() }
}

fn data_type(duckdb: &str) -> DataType {
    match duckdb {
        "INTEGER" => DataType::Int32,
        "BIGINT" => DataType::Int64,
        "VARCHAR" => DataType::Utf8,
        "DATE" => DataType::Date32,
        decimal => {
            let digits = decimal.strip_prefix("DECIMAL(").and_then(|digits| digits.strip_suffix(')'));
            let (precision, scale) = digits.and_then(|d| d.split_once(',')).expect("a type of the benchmarks");
            DataType::Decimal128(precision.parse().unwrap(), scale.parse().unwrap())
        }
    }
}

/// The lineage of all queries as it is held in `tests/tpc`; what DataFusion cannot plan stands there with its reason.
#[tokio::test]
#[ignore = "needs a Python with duckdb and its extensions at LAKEWARDEN_PYTHON"]
async fn the_benchmarks_have_the_lineage_that_is_held() {
    for Tpc { name, session, queries, .. } in benchmarks() {
        let mut text = format!("# The lineage of the queries of {name}, analysed; the notation is the corpus's\n");
        for (index, sql) in queries.iter().enumerate() {
            write!(text, "\n## {}\n", index + 1).unwrap();
            match session.state().create_logical_plan(sql).await {
                Ok(plan) => {
                    let lineage = column_lineage(&analysed(&session, plan)).unwrap();
                    assert!(lineage.is_complete(), "{name} {}: {:?}", index + 1, lineage.unknown);
                    writeln!(text, "{}", written(&lineage)).unwrap();
                }
                Err(error) => writeln!(text, "not planned: {}", error.strip_backtrace()).unwrap(),
            }
        }
        let file = name.to_lowercase().replace('-', "");
        held(&format!("crates/lineage/tests/tpc/{file}.txt"), &text);
    }
}

#[tokio::test]
#[ignore = "needs a Python with duckdb and its extensions at LAKEWARDEN_PYTHON"]
async fn the_optimiser_adds_no_source_to_the_benchmarks() {
    let (mut compared, mut failures) = (0, Vec::new());
    for Tpc { name, session, queries, .. } in benchmarks() {
        for (index, sql) in queries.iter().enumerate() {
            let Ok(plan) = session.state().create_logical_plan(sql).await else { continue };
            let optimised = session.state().optimize(&plan).unwrap();
            let (before, after) = (column_lineage(&plan).unwrap(), column_lineage(&optimised).unwrap());
            compared += 1;
            if !not_more(&before, &after) {
                let (before, after) = (written(&before), written(&after));
                failures.push(format!("{name} {}\nbefore\n{before}\nafter\n{after}\n{optimised}\n", index + 1));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert!(compared >= 119, "{compared}");
}
