//! Why openlineage-sql and we differ about an edge.

use std::collections::BTreeSet;

use lakewarden_lineage::columns::{Indirect, IndirectKind};

use crate::oracle::{Compared, Edge};

/// Causes of disagreement, in the order of the document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Cause {
    Decides,
    SetOperation,
    Grouping,
    NotATable,
    GuessedTable,
    NoTable,
    View,
    Star,
    BranchNames,
    Lost,
    InnerOutput,
    NotRead,
    Unnamed,
    Spelling,
}

impl Cause {
    pub(crate) const ALL: [Self; 14] = [
        Self::Decides,
        Self::SetOperation,
        Self::Grouping,
        Self::NotATable,
        Self::GuessedTable,
        Self::NoTable,
        Self::View,
        Self::Star,
        Self::BranchNames,
        Self::Lost,
        Self::InnerOutput,
        Self::NotRead,
        Self::Unnamed,
        Self::Spelling,
    ];

    /// Heading, who is right, why.
    pub(crate) fn said(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Decides => (
                "What only decides",
                "Lakewarden",
                "The column stands in the condition of a `CASE` or `nullif`, in the window of a function or in the \
                 `FILTER` of an aggregate. It decides about the value and is not in it. OpenLineage's own \
                 specification calls that INDIRECT; the parser has no kinds and lists it with the values. We list \
                 it as INDIRECT, with its kind.",
            ),
            Self::SetOperation => (
                "The second query of INTERSECT and EXCEPT",
                "Lakewarden",
                "It decides which rows of the first stay; none of its values comes out. We list it as INDIRECT, join.",
            ),
            Self::Grouping => (
                "`grouping(…)`",
                "Lakewarden",
                "Which grouping set a row belongs to is written in the query, not in the column's values.",
            ),
            Self::NotATable => (
                "A name of the query taken for a table",
                "Lakewarden",
                "The relation is an alias in a `LATERAL`, a list of `VALUES`, a function, a derived relation, or a \
                 common table expression, also one with the name of a table. We follow it to the table behind it.",
            ),
            Self::GuessedTable => (
                "The wrong table",
                "Lakewarden",
                "The table has no such column. The parser sees no schema, and where there is one `FROM` with `JOIN` \
                 it takes the first table for a column without qualifier.",
            ),
            Self::NoTable => (
                "No table",
                "nobody is wrong",
                "The parser sees no schema, and names no table for a column without qualifier. Where only one table \
                 has a column of that name it is put in before we compare; here several have, or none has, for the \
                 column is computed in a derived relation. We resolve it.",
            ),
            Self::View => (
                "A view",
                "nobody is wrong",
                "The parser cannot see what is behind a view. We follow it into its query.",
            ),
            Self::Star => (
                "`SELECT *`",
                "Lakewarden",
                "The parser sees no schema and gives a star no columns. The planner has expanded it.",
            ),
            Self::BranchNames => (
                "The names of later branches",
                "Lakewarden",
                "The outputs of a `UNION` have the names of its first query, by position. The parser lists those of \
                 each query under their own names, or under a number.",
            ),
            Self::Lost => (
                "Lost on the way through a derived relation",
                "Lakewarden",
                "A column that a derived relation or a common table expression hands on has no source at the parser \
                 where it stands there without qualifier, comes from a relation that is derived itself, or is in a \
                 branch of a `UNION` that gives it another name than the first.",
            ),
            Self::InnerOutput => (
                "An inner query's output",
                "Lakewarden",
                "The parser lists the output of a query inside an expression as one of the whole query, under its \
                 own name or a number. It is a part of the output that the expression makes.",
            ),
            Self::NotRead => (
                "Not read",
                "Lakewarden",
                "The parser does not look into `COPY (…) TO`, not into `WITHIN GROUP (ORDER BY …)`, and not at the \
                 left of `IN (SELECT …)` where that is a value.",
            ),
            Self::Unnamed => (
                "An output without a name",
                "nobody is wrong",
                "The query gives the output no name: the parser numbers it, the planner calls it by its expression, \
                 or by the column that an `INSERT` fills. The sources are the same.",
            ),
            Self::Spelling => (
                "Capital letters",
                "nobody is wrong",
                "Without quotes SQL does not tell them apart. The planner writes names small, the parser as it \
                 finds them.",
            ),
        }
    }
}

/// What is needed of a query to judge its edges.
pub(crate) struct Judge<'a> {
    query: &'a Compared,
    text: String,
    ours: BTreeSet<Edge>,
    theirs: &'a BTreeSet<Edge>,
}

impl<'a> Judge<'a> {
    pub(crate) fn new(query: &'a Compared, theirs: &'a BTreeSet<Edge>) -> Self {
        Self { query, text: query.sql.to_uppercase(), ours: query.our_edges(), theirs }
    }

    /// Each edge that only one of both has, theirs first, with the cause where there is one.
    pub(crate) fn differences(&self) -> Vec<(Side, &Edge, Option<Cause>)> {
        let theirs = self.theirs.difference(&self.ours).map(|edge| (Side::Theirs, edge, self.only_theirs(edge)));
        let ours = self.ours.difference(self.theirs).map(|edge| (Side::Ours, edge, self.only_ours(edge)));
        theirs.chain(ours).collect()
    }

    fn only_theirs(&self, edge: &Edge) -> Option<Cause> {
        if self.ours.iter().any(|other| same_but_for_capitals(edge, other)) {
            return Some(Cause::Spelling);
        }
        let outputs = &self.query.ours.outputs;
        if self.is_output(&edge.output) {
            let own = outputs.iter().filter(|output| output.name == edge.output);
            if own.clone().any(|output| has(&output.indirect, edge)) {
                return Some(Cause::Decides);
            }
            let whole = self.text.contains("GROUPING(") && own.clone().any(|output| output.direct.is_empty());
            return self.no_such_table(edge).or_else(|| self.decides_for_all(edge, whole));
        }
        if outputs.iter().any(|output| has(&output.indirect, edge)) {
            return Some(Cause::Decides);
        }
        // Of ours with this source the one that they do not have; else it is one that they have twice.
        let with_it = self.ours.iter().filter(|ours| source(ours) == source(edge));
        match with_it.min_by_key(|ours| self.theirs.contains(*ours)) {
            Some(ours) => Some(self.under_another_name(edge, ours)),
            None => self.no_such_table(edge).or_else(|| self.decides_for_all(edge, false)),
        }
    }

    fn only_ours(&self, edge: &Edge) -> Option<Cause> {
        if self.theirs.iter().any(|other| same_but_for_capitals(edge, other)) {
            return Some(Cause::Spelling);
        }
        let foreign = self.theirs.iter().find(|other| !self.is_output(&other.output) && source(other) == source(edge));
        if let Some(foreign) = foreign {
            return Some(self.under_another_name(foreign, edge));
        }
        // Theirs for this output, or for none of ours, with a relation that there is not.
        let known = |other: &&Edge| other.output == edge.output;
        let nowhere = |other: &&Edge| !self.is_output(&other.output) && other.column == edge.column;
        let misplaced = self.theirs.difference(&self.ours).filter(|other| known(other) || nowhere(other));
        if let Some(cause) = misplaced.filter_map(|other| self.no_such_table(other)).next() {
            return Some(cause);
        }
        if self.has_star() {
            return Some(Cause::Star);
        }
        let left_of_in = self.text.contains(&format!("SELECT {} IN (SELECT", edge.column.to_uppercase()));
        if self.text.starts_with("COPY") || self.text.contains("WITHIN GROUP") || left_of_in {
            return Some(Cause::NotRead);
        }
        (self.text.matches("SELECT").count() > 1).then_some(Cause::Lost)
    }

    fn is_output(&self, name: &str) -> bool {
        self.query.ours.outputs.iter().any(|output| output.name == name)
    }

    /// The same source, at the parser under `theirs.output`, which is none of ours.
    fn under_another_name(&self, theirs: &Edge, ours: &Edge) -> Cause {
        let number = theirs.output.strip_prefix('_').is_some_and(|rest| rest.parse::<u32>().is_ok());
        let union = self.text.contains("UNION");
        let unnamed = ours.output.contains(['(', '.'])
            || self.text.starts_with("INSERT")
            || (ours.output == ours.column && !union);
        if number && unnamed {
            Cause::Unnamed
        } else if union {
            Cause::BranchNames
        } else {
            Cause::InnerOutput
        }
    }

    /// Whether the relation of their edge is none that has such a column.
    fn no_such_table(&self, edge: &Edge) -> Option<Cause> {
        let Some(relation) = &edge.relation else { return Some(Cause::NoTable) };
        if relation == "open_orders" {
            return Some(Cause::View);
        }
        match self.query.tables.get(relation) {
            None => Some(Cause::NotATable),
            Some(_) if self.text.contains(&format!("WITH {} AS (", relation.to_uppercase())) => Some(Cause::NotATable),
            Some(columns) if columns.iter().all(|(column, _)| *column != edge.column) => Some(Cause::GuessedTable),
            Some(_) => None,
        }
    }

    /// Whether the column decides about all outputs in a way that the parser takes for a value.
    fn decides_for_all(&self, edge: &Edge, grouping: bool) -> Option<Cause> {
        let kinds = self.query.ours.indirect.iter().filter(|(column, _)| {
            edge.relation.as_deref() == Some(&*column.relation.to_string()) && edge.column == column.column
        });
        let kinds: BTreeSet<_> = kinds.flat_map(|(_, kinds)| kinds).collect();
        let set_operation = self.text.contains("INTERSECT") || self.text.contains("EXCEPT");
        if set_operation && kinds.contains(&IndirectKind::Join) {
            return Some(Cause::SetOperation);
        }
        (grouping && kinds.contains(&IndirectKind::GroupBy)).then_some(Cause::Grouping)
    }

    fn has_star(&self) -> bool {
        let words: Vec<_> = self.text.split([' ', '\n', ',', '(', ')']).filter(|word| !word.is_empty()).collect();
        words.windows(2).any(|pair| pair[1] == "*" && pair[0] == "SELECT") || words.iter().any(|w| w.ends_with(".*"))
    }
}

/// Who alone has an edge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Side {
    Theirs,
    Ours,
}

fn source(edge: &Edge) -> (&Option<String>, &String) {
    (&edge.relation, &edge.column)
}

fn same_but_for_capitals(left: &Edge, right: &Edge) -> bool {
    left.output != right.output && left.output.eq_ignore_ascii_case(&right.output) && source(left) == source(right)
}

/// Whether the column of `edge` is there; one without relation is any of its name.
fn has(indirect: &Indirect, edge: &Edge) -> bool {
    indirect.keys().any(|column| {
        let same = edge.relation.as_ref().is_none_or(|relation| *relation == column.relation.to_string());
        same && column.column == edge.column
    })
}
