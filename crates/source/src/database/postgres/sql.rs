//! The statements: every name quoted, every value a literal with its type.

use crate::database::projection::{Column, Projection};
use crate::database::ranges::Range;
use lakewarden_dictionary::{DatabaseRelation, Overlap};
use std::fmt;

/// Begins a transaction that sees one state of the database and changes nothing.
pub(super) const BEGIN: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

/// Quotes a name.
pub(super) fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Quotes a text. The session has `standard_conforming_strings` on, so that a backslash is one.
pub(super) fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// `schema.name` or `name`, quoted.
pub(super) fn table(name: &str) -> String {
    name.split_once('.')
        .map_or_else(|| identifier(name), |(schema, table)| format!("{}.{}", identifier(schema), identifier(table)))
}

/// What stands after FROM.
pub(super) enum Relation<'a> {
    Table(&'a str),
    Query(&'a str),
}

impl<'a> Relation<'a> {
    pub(super) fn of(declared: &'a DatabaseRelation) -> Self {
        match declared {
            DatabaseRelation::Table(name) => Self::Table(&name.value),
            DatabaseRelation::Query(query) => Self::Query(query.value.trim().trim_end_matches(';')),
        }
    }
}

impl fmt::Display for Relation<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Table(name) => f.write_str(&table(name)),
            // On lines of its own, so that a comment at its end ends there.
            Self::Query(query) => write!(f, "(\n{query}\n) AS lakewarden_source"),
        }
    }
}

/// How values of an incremental column are written and gone back from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Measure {
    type_name: &'static str,
    back: Option<Overlap>,
}

impl Measure {
    /// Says why not, if the type has no measure.
    pub(super) fn of(type_name: &str, overlap: Option<Overlap>) -> Result<Self, String> {
        let (type_name, numeric) = match type_name {
            "int2" | "int4" | "int8" => ("int8", true),
            "numeric" => ("numeric", true),
            "date" => ("date", false),
            "timestamp" => ("timestamp", false),
            "timestamptz" => ("timestamptz", false),
            other => return Err(format!("its type is {other}; it must be an integer, numeric, date or timestamp")),
        };
        match (overlap, numeric) {
            (Some(Overlap::Seconds(_)), true) => {
                Err(format!("its type is {type_name}, and `overlap` a length of time"))
            }
            (Some(Overlap::Steps(_)), false) => Err(format!("its type is {type_name}, and `overlap` a number")),
            _ => Ok(Self { type_name, back: overlap }),
        }
    }

    /// A value.
    pub(super) fn value(self, text: &str) -> String {
        format!("{}::{}", literal(text), self.type_name)
    }

    /// The condition of what lies after a value, or from it on, less the overlap.
    pub(super) fn since(self, column: &str, text: &str, inclusive: bool) -> Since {
        let value = self.value(text);
        let from = match self.back {
            None => value,
            Some(Overlap::Seconds(seconds)) => format!("{value} - interval '{seconds} seconds'"),
            Some(Overlap::Steps(steps)) => match (self.type_name, text.parse::<i64>()) {
                // In the column's own type, or no index would serve.
                ("int8", Ok(number)) => {
                    let from = number.saturating_sub(i64::try_from(steps).unwrap_or(i64::MAX));
                    self.value(&from.to_string())
                }
                _ => format!("{value} - {steps}::numeric"),
            },
        };
        Since(format!("{column} {} {from}", if inclusive { ">=" } else { ">" }))
    }
}

/// A condition on the incremental column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Since(String);

impl fmt::Display for Since {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The condition of a range of a column; `None`: all rows.
pub(super) fn within(range: &Range, column: &str, type_name: &str) -> Option<String> {
    let value = |number: i128| format!("{}::{type_name}", literal(&number.to_string()));
    match (range.from, range.below) {
        (None, None) => None,
        (None, Some(below)) => Some(format!("({column} < {} OR {column} IS NULL)", value(below))),
        (Some(from), None) => Some(format!("{column} >= {}", value(from))),
        (Some(from), Some(below)) => Some(format!("{column} >= {} AND {column} < {}", value(from), value(below))),
    }
}

/// The condition of a range of blocks; `None`: all rows.
pub(super) fn blocks(range: &Range) -> Option<String> {
    let at = |block: i128| format!("'({block},0)'::tid");
    match (range.from.map(at), range.below.map(at)) {
        (None, None) => None,
        (from, below) => {
            let parts = [from.map(|from| format!("ctid >= {from}")), below.map(|below| format!("ctid < {below}"))];
            Some(parts.into_iter().flatten().collect::<Vec<_>>().join(" AND "))
        }
    }
}

/// The statement that copies some of the rows, without a header.
pub(super) fn copy(
    projection: &Projection,
    relation: &Relation<'_>,
    since: Option<&Since>,
    part: Option<&str>,
) -> String {
    // A line without anything is no record to readers of CSV: what has one column is quoted.
    let only = projection.columns.len() == 1;
    let columns: Vec<String> = projection.columns.iter().map(|c| expression(c, only)).collect();
    let conditions: Vec<String> =
        [since.map(ToString::to_string), part.map(|p| format!("({p})"))].into_iter().flatten().collect();
    let condition = if conditions.is_empty() { String::new() } else { format!(" WHERE {}", conditions.join(" AND ")) };
    let quote = if only { ", FORCE_QUOTE *" } else { "" };
    format!(
        "COPY (SELECT {} FROM {relation}{condition}) TO STDOUT (FORMAT csv, ENCODING 'UTF8'{quote})",
        columns.join(", ")
    )
}

/// A column as text that every dataset's types understand.
fn expression(column: &Column, only: bool) -> String {
    let name = identifier(&column.name);
    let text = match column.type_name.as_str() {
        "bool" => format!("{name}::text"),
        // Without the sign of the currency that the server's locale has.
        "money" => format!("{name}::numeric"),
        _ => name,
    };
    if only { format!("COALESCE({text}::text, '')") } else { text }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn column(name: &str, type_name: &str) -> Column {
        Column { name: name.into(), type_name: type_name.into(), temporal: false, never_null: false }
    }

    #[test]
    fn names_and_values_do_not_break_out() {
        assert_eq!(table("crm.or\"ders; DROP"), "\"crm\".\"or\"\"ders; DROP\"");
        assert_eq!(literal("it's \\'"), "'it''s \\'''");
        let query = Relation::Query("SELECT 1 -- all");
        assert_eq!(query.to_string(), "(\nSELECT 1 -- all\n) AS lakewarden_source");
    }

    #[test]
    fn statements() {
        let projection = Projection { columns: vec![column("a", "int4"), column("b", "bool")], undeclared: vec![] };
        let since =
            Measure::of("timestamptz", Some(Overlap::Seconds(600))).unwrap().since("\"at\"", "2026-09-30", true);
        assert_eq!(
            copy(&projection, &Relation::Table("t"), Some(&since), Some("x < 1")),
            "COPY (SELECT \"a\", \"b\"::text FROM \"t\" WHERE \"at\" >= '2026-09-30'::timestamptz - interval '600 seconds' AND (x < 1)) TO STDOUT (FORMAT csv, ENCODING 'UTF8')"
        );
        let one = Projection { columns: vec![column("a", "text")], undeclared: vec![] };
        assert_eq!(
            copy(&one, &Relation::Table("t"), None, None),
            "COPY (SELECT COALESCE(\"a\"::text, '') FROM \"t\") TO STDOUT (FORMAT csv, ENCODING 'UTF8', FORCE_QUOTE *)"
        );
    }

    #[test]
    fn measures() {
        let since = |type_name: &str, overlap, value: &str| {
            Measure::of(type_name, overlap).unwrap().since("c", value, overlap.is_some()).to_string()
        };
        assert_eq!(since("int4", None, "7"), "c > '7'::int8");
        assert_eq!(since("int8", Some(Overlap::Steps(10)), "7"), "c >= '-3'::int8");
        assert_eq!(since("numeric", Some(Overlap::Steps(10)), "7.5"), "c >= '7.5'::numeric - 10::numeric");
        assert!(Measure::of("text", None).unwrap_err().contains("text"));
        assert!(Measure::of("int8", Some(Overlap::Seconds(1))).is_err());
        assert!(Measure::of("date", Some(Overlap::Steps(1))).is_err());
    }

    #[test]
    fn ranges() {
        let range = |from, below| Range { from, below };
        assert_eq!(within(&Range::ALL, "c", "int8"), None);
        assert_eq!(within(&range(None, Some(5)), "c", "int8").unwrap(), "(c < '5'::int8 OR c IS NULL)");
        assert_eq!(within(&range(Some(5), None), "c", "int8").unwrap(), "c >= '5'::int8");
        assert_eq!(blocks(&range(Some(5), Some(9))).unwrap(), "ctid >= '(5,0)'::tid AND ctid < '(9,0)'::tid");
        assert_eq!(blocks(&Range::ALL), None);
    }
}
