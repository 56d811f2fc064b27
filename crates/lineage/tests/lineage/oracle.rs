//! Two others asked the same: `openlineage-sql`, and `sqlglot` for a second opinion. What they and we see
//! differently is listed in `docs/reference/lineage-oracle.md`, with who is right; what is not listed fails.

use std::collections::{BTreeMap, BTreeSet};

use lakewarden_lineage::{Lineage, column_lineage};
use serde::{Deserialize, Serialize};

use crate::cases::corpus;
use crate::corpus::analysed;
use crate::held::held;
use crate::opinions::document;
use crate::python;
use crate::tables::{COLUMNS, session};
use crate::tpc::benchmarks;

/// The columns of the tables with their types, in order.
pub(crate) type Tables = BTreeMap<String, Vec<(String, String)>>;

/// A relation and a column.
type Source = (String, String);

/// A source column of an output. Who sees no tables may not know the relation.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub(crate) struct Edge {
    pub(crate) output: String,
    pub(crate) relation: Option<String>,
    pub(crate) column: String,
}

/// One query, with what each says.
pub(crate) struct Compared {
    /// The corpus, e.g. `TPC-H`.
    pub(crate) corpus: &'static str,
    /// The query within it.
    pub(crate) name: String,
    pub(crate) sql: String,
    pub(crate) ours: Lineage,
    /// What openlineage-sql says, with the tables put in that a column's name alone tells.
    pub(crate) theirs: Option<BTreeSet<Edge>>,
    /// What sqlglot says, for each of our outputs in order.
    pub(crate) second: Option<Vec<BTreeSet<Source>>>,
    pub(crate) tables: Tables,
}

impl Compared {
    /// Our direct sources.
    pub(crate) fn our_edges(&self) -> BTreeSet<Edge> {
        let outputs = self.ours.outputs.iter();
        let edges = outputs.flat_map(|output| {
            output.direct.keys().map(|source| Edge {
                output: output.name.clone(),
                relation: Some(source.relation.to_string()),
                column: source.column.clone(),
            })
        });
        edges.collect()
    }
}

#[derive(Serialize)]
struct Questions<'a> {
    schemas: BTreeMap<&'a str, &'a Tables>,
    queries: Vec<(&'a str, &'a str)>,
}

#[derive(Deserialize)]
struct Answer {
    openlineage: Option<Vec<(String, Option<String>, String)>>,
    sqlglot: Option<Vec<(String, BTreeSet<Source>)>>,
}

/// What we say to all queries.
async fn ours() -> Vec<Compared> {
    let ready = |corpus, name, sql: &str, ours, tables: &Tables| Compared {
        corpus,
        name,
        sql: sql.to_owned(),
        ours,
        theirs: None,
        second: None,
        tables: tables.clone(),
    };
    let mut all = Vec::new();
    let tables: Tables = COLUMNS
        .iter()
        .map(|(table, columns)| {
            let columns = columns.iter().map(|column| ((*column).to_owned(), "text".to_owned()));
            ((*table).to_owned(), columns.collect())
        })
        .collect();
    let ours = session(None).await;
    for case in corpus() {
        let plan = ours.state().create_logical_plan(&case.sql).await.unwrap();
        let lineage = column_lineage(&analysed(&ours, plan)).unwrap();
        let file = case.file.trim_end_matches(".md");
        all.push(ready("own", format!("{file}, {}", case.heading), &case.sql, lineage, &tables));
    }
    for benchmark in benchmarks() {
        for (index, sql) in benchmark.queries.iter().enumerate() {
            // What DataFusion cannot plan is listed by the test of the benchmarks.
            let Ok(plan) = benchmark.session.state().create_logical_plan(sql).await else { continue };
            let lineage = column_lineage(&analysed(&benchmark.session, plan)).unwrap();
            let name = format!("{} {}", benchmark.name, index + 1);
            all.push(ready(benchmark.name, name, sql, lineage, &benchmark.tables));
        }
    }
    all
}

/// Puts the table into an edge that names none, where only one table has a column of that name: the oracle sees
/// the text alone and cannot know, and the schema is no matter of opinion.
fn completed(edge: (String, Option<String>, String), tables: &Tables) -> Edge {
    let (output, mut relation, column) = edge;
    if relation.is_none() {
        let mut having = tables.iter().filter(|(_, columns)| columns.iter().any(|(name, _)| *name == column));
        if let (Some((only, _)), None) = (having.next(), having.next()) {
            relation = Some(only.clone());
        }
    }
    Edge { output, relation, column }
}

#[tokio::test]
#[ignore = "needs a Python with openlineage-sql, sqlglot and duckdb with its extensions at LAKEWARDEN_PYTHON"]
async fn every_disagreement_with_the_oracle_is_listed() {
    let mut all = ours().await;
    assert!(all.len() >= 200, "{} queries", all.len());
    let schemas = all.iter().map(|query| (query.corpus, &query.tables)).collect();
    let queries = all.iter().map(|query| (query.corpus, query.sql.as_str())).collect();
    let questions = serde_json::to_string(&Questions { schemas, queries }).unwrap();
    let answers: Vec<Answer> = python::said("oracle/ask.py", &questions);
    assert_eq!(answers.len(), all.len());
    for (query, answer) in all.iter_mut().zip(answers) {
        let Answer { openlineage, sqlglot } = answer;
        let tables = &query.tables;
        query.theirs = openlineage.map(|edges| edges.into_iter().map(|edge| completed(edge, tables)).collect());
        // Where it sees other outputs, what it says cannot be compared.
        let fits = |outputs: &Vec<_>| outputs.len() == query.ours.outputs.len();
        query.second = sqlglot.filter(fits).map(|outputs| outputs.into_iter().map(|(_, sources)| sources).collect());
    }
    match document(&all) {
        Ok(text) => held("docs/reference/lineage-oracle.md", &text),
        Err(unlisted) => panic!("{} not listed\n{}", unlisted.len(), unlisted.join("\n")),
    }
}
