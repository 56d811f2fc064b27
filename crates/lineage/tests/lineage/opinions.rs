//! Writes `docs/reference/lineage-oracle.md`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use crate::causes::{Cause, Judge, Side};
use crate::oracle::{Compared, Edge};

/// Where sqlglot sees another direct source than we do, and why.
const SECOND_OPINIONS: [(&str, &str); 5] = [
    (
        "03-filters-and-subqueries, a value of the outer query, given by the inner one",
        "Lakewarden is right: the value of the inner query is made of both, and sqlglot leaves out the outer one.",
    ),
    (
        "04-joins, LATERAL sees the relations before it",
        "Lakewarden is right: it is a sum of prices; sqlglot sees the key of the correlation alone.",
    ),
    ("08-names, a qualified name", "The same column; sqlglot leaves out the schema's name."),
    (
        "08-names, a recursive query whose columns change places: two rounds are not enough",
        "Lakewarden is right: values move on by one column in each round, and sqlglot looks at one round.",
    ),
    ("12-more-relations, a function as a table", "The same column; sqlglot gives a function no name."),
];

const INTRODUCTION: &str = "\
# Column lineage, and what others see

Written by the test `every_disagreement_with_the_oracle_is_listed` of `crates/lineage`, which asks
[openlineage-sql](https://pypi.org/project/openlineage-sql/), OpenLineage's own SQL parser, about each query of the
corpus, and compares its answer with our direct sources. An edge is an output column with one of its source columns.
Each edge that only one of both has is below, under the reason why, with who is right. An edge without a reason, or one
that is not in this page, fails the test.

The parser reads the text alone: no schema, no kinds of use. Where it names no table and only one table has such a
column, that table is put in first. Its answer may change from one time to the next; all that it says in many times
counts. [sqlglot](https://pypi.org/project/sqlglot/), which is given the schema, is asked for a second opinion; it has
no kinds either, and what it sees beyond our direct sources must be among our indirect ones.

To write this page anew, with a Python that has the packages of `.ci/requirements.txt`:

```sh
INSTA_UPDATE=always LAKEWARDEN_PYTHON=… cargo test --workspace --test lineage -- --ignored oracle
```
";

/// The page, or the edges for which there is no reason.
pub(crate) fn document(all: &[Compared]) -> Result<String, Vec<String>> {
    let mut unlisted = Vec::new();
    let mut by_cause: BTreeMap<Cause, Vec<String>> = BTreeMap::new();
    let mut edges_of: BTreeMap<Cause, usize> = BTreeMap::new();
    let mut silent = Vec::new();
    for query in all {
        let Some(theirs) = &query.theirs else {
            silent.push(query.name.as_str());
            continue;
        };
        let judge = Judge::new(query, theirs);
        let mut here: BTreeMap<Cause, BTreeMap<Side, Vec<String>>> = BTreeMap::new();
        for (side, edge, cause) in judge.differences() {
            match cause {
                Some(cause) => {
                    here.entry(cause).or_default().entry(side).or_default().push(written(edge));
                    *edges_of.entry(cause).or_default() += 1;
                }
                None => unlisted.push(format!("{}: {side:?} {}", query.name, written(edge))),
            }
        }
        for (cause, sides) in here {
            let side = |side, who| sides.get(&side).map(|edges: &Vec<String>| format!("{who}: {}", edges.join(", ")));
            let sides: Vec<_> =
                [side(Side::Theirs, "theirs"), side(Side::Ours, "ours")].into_iter().flatten().collect();
            by_cause.entry(cause).or_default().push(format!("- {}: {}", query.name, sides.join("; ")));
        }
    }
    let mut text = format!("{INTRODUCTION}\n## In numbers\n\n");
    numbers(&mut text, all);
    text.push_str("\n| why both differ | who is right | queries | edges |\n|---|---|---|---|\n");
    for cause in Cause::ALL {
        let (heading, right, _) = cause.said();
        let (queries, edges) = (by_cause.get(&cause).map_or(0, Vec::len), edges_of.get(&cause).unwrap_or(&0));
        writeln!(text, "| {heading} | {right} | {queries} | {edges} |").unwrap();
        if queries == 0 {
            unlisted.push(format!("no edge differs for the reason {cause:?}: take it out"));
        }
    }
    for cause in Cause::ALL {
        let (heading, right, why) = cause.said();
        let list = by_cause.get(&cause).map(|lines| lines.join("\n")).unwrap_or_default();
        write!(text, "\n## {heading}\n\nRight: {right}. {why}\n\n{list}\n").unwrap();
    }
    if !silent.is_empty() {
        let list: Vec<_> = silent.iter().map(|name| format!("- {name}")).collect();
        write!(text, "\n## Not parsed\n\nThe parser has no answer to these.\n\n{}\n", list.join("\n")).unwrap();
    }
    second_opinions(&mut text, all, &mut unlisted);
    if unlisted.is_empty() { Ok(text) } else { Err(unlisted) }
}

fn numbers(text: &mut String, all: &[Compared]) {
    text.push_str(
        "| corpus | queries | with the same edges | our edges | also of openlineage-sql | of those sqlglot answers \
         | also of sqlglot |\n|---|---|---|---|---|---|---|\n",
    );
    for corpus in all.chunk_by(|left, right| left.corpus == right.corpus) {
        let (mut same, mut edges, mut shared, mut asked, mut confirmed) = (0, 0, 0, 0, 0);
        for query in corpus {
            let ours = query.our_edges();
            let theirs = query.theirs.as_ref();
            same += usize::from(theirs == Some(&ours));
            edges += ours.len();
            shared += theirs.map_or(0, |theirs| ours.intersection(theirs).count());
            if let Some(second) = &query.second {
                let (missing, total) = missing(query, second);
                asked += total;
                confirmed += total - missing.len();
            }
        }
        let (name, queries) = (corpus[0].corpus, corpus.len());
        writeln!(text, "| {name} | {queries} | {same} | {edges} | {shared} | {asked} | {confirmed} |").unwrap();
    }
}

/// Our edges that sqlglot does not have, and how many edges it was asked about.
fn missing(query: &Compared, second: &[BTreeSet<(String, String)>]) -> (Vec<String>, usize) {
    let (mut missing, mut total) = (Vec::new(), 0);
    for (output, second) in query.ours.outputs.iter().zip(second) {
        for source in output.direct.keys() {
            total += 1;
            if !second.contains(&(source.relation.to_string(), source.column.clone())) {
                missing.push(format!("{} ← {source}", output.name));
            }
        }
    }
    (missing, total)
}

fn second_opinions(text: &mut String, all: &[Compared], unlisted: &mut Vec<String>) {
    let mut silent = Vec::new();
    let mut differing = Vec::new();
    for query in all {
        let Some(second) = &query.second else {
            silent.push(format!("- {}", query.name));
            continue;
        };
        let (missing, _) = missing(query, second);
        let mut further = Vec::new();
        for (output, second) in query.ours.outputs.iter().zip(second) {
            let ours = output.direct.keys().chain(output.indirect.keys()).chain(query.ours.indirect.keys());
            let ours: BTreeSet<_> = ours.map(|column| (column.relation.to_string(), column.column.clone())).collect();
            let beyond = second.difference(&ours);
            further.extend(beyond.map(|(relation, column)| format!("{} ← {relation}.{column}", output.name)));
        }
        if missing.is_empty() && further.is_empty() {
            continue;
        }
        let reason = SECOND_OPINIONS.iter().find(|(name, _)| *name == query.name).map(|(_, reason)| *reason);
        let sides = format!("ours alone: {}; sqlglot alone: {}", list(&missing), list(&further));
        match reason {
            Some(reason) => differing.push(format!("- {}: {sides}. {reason}", query.name)),
            None => unlisted.push(format!("{}: sqlglot differs: {sides}", query.name)),
        }
    }
    if differing.len() != SECOND_OPINIONS.len() {
        unlisted.push("a reason why sqlglot differs is no longer needed".to_owned());
    }
    write!(text, "\n## The second opinion\n\nsqlglot differs here:\n\n{}\n", differing.join("\n")).unwrap();
    let silent = silent.join("\n");
    write!(text, "\nIt has no answer, or other outputs, to these:\n\n{silent}\n").unwrap();
}

fn list(edges: &[String]) -> String {
    if edges.is_empty() { "none".to_owned() } else { edges.join(", ") }
}

fn written(edge: &Edge) -> String {
    let relation = edge.relation.as_deref().unwrap_or("?");
    format!("`{}` ← `{relation}.{}`", edge.output, edge.column)
}
