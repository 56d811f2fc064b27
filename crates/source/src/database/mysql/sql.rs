//! The statements: every name quoted, every value checked to be a number or a time.

use crate::database::projection::{Column, Projection};
use crate::database::ranges::Range;
use lakewarden_dictionary::{DatabaseRelation, Overlap};
use mysql_async::consts::{ColumnFlags, ColumnType};
use std::fmt;

/// The character set of what is not text.
const BINARY: u16 = 63;

/// Quotes a name.
pub(super) fn identifier(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
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

pub(super) fn is_temporal(type_name: &str) -> bool {
    matches!(type_name, "date" | "datetime" | "timestamp")
}

pub(super) fn is_number(type_name: &str) -> bool {
    matches!(type_name, "tinyint" | "smallint" | "mediumint" | "int" | "bigint" | "decimal")
}

/// A column of a prepared statement, its type called as in `information_schema`.
pub(super) fn described(column: &mysql_async::Column) -> Column {
    use ColumnType as T;
    let binary = column.character_set() == BINARY;
    let type_name = match column.column_type() {
        T::MYSQL_TYPE_DATE | T::MYSQL_TYPE_NEWDATE => "date",
        T::MYSQL_TYPE_DATETIME | T::MYSQL_TYPE_DATETIME2 => "datetime",
        T::MYSQL_TYPE_TIMESTAMP | T::MYSQL_TYPE_TIMESTAMP2 => "timestamp",
        T::MYSQL_TYPE_TINY | T::MYSQL_TYPE_SHORT | T::MYSQL_TYPE_INT24 | T::MYSQL_TYPE_LONG => "int",
        T::MYSQL_TYPE_LONGLONG => "bigint",
        T::MYSQL_TYPE_DECIMAL | T::MYSQL_TYPE_NEWDECIMAL => "decimal",
        T::MYSQL_TYPE_BIT => "bit",
        T::MYSQL_TYPE_FLOAT => "float",
        T::MYSQL_TYPE_DOUBLE => "double",
        T::MYSQL_TYPE_TINY_BLOB | T::MYSQL_TYPE_MEDIUM_BLOB | T::MYSQL_TYPE_LONG_BLOB | T::MYSQL_TYPE_BLOB
            if binary =>
        {
            "blob"
        }
        T::MYSQL_TYPE_STRING | T::MYSQL_TYPE_VAR_STRING | T::MYSQL_TYPE_VARCHAR if binary => "varbinary",
        _ => "text",
    };
    Column {
        name: column.name_str().into_owned(),
        type_name: type_name.to_owned(),
        temporal: is_temporal(type_name),
        never_null: column.flags().contains(ColumnFlags::NOT_NULL_FLAG),
    }
}

/// How values of an incremental column are written and gone back from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Measure {
    numeric: bool,
    back: Option<Overlap>,
}

impl Measure {
    /// Says why not, if the type has no measure.
    pub(super) fn of(type_name: &str, overlap: Option<Overlap>) -> Result<Self, String> {
        let numeric = is_number(type_name);
        if !numeric && !is_temporal(type_name) {
            return Err(format!(
                "its type is {type_name}; it must be an integer, decimal, date, datetime or timestamp"
            ));
        }
        match (overlap, numeric) {
            (Some(Overlap::Seconds(_)), true) => {
                Err(format!("its type is {type_name}, and `overlap` a length of time"))
            }
            (Some(Overlap::Steps(_)), false) => Err(format!("its type is {type_name}, and `overlap` a number")),
            _ => Ok(Self { numeric, back: overlap }),
        }
    }

    /// A value; `None` if it is none that this type has.
    pub(super) fn value(self, text: &str) -> Option<String> {
        let sound = |also: &str| text.chars().all(|c| c.is_ascii_digit() || also.contains(c));
        match self.numeric {
            true => (sound("-.") && text.parse::<f64>().is_ok()).then(|| text.to_owned()),
            false => (sound("-:. ") && !text.is_empty()).then(|| format!("CAST('{text}' AS DATETIME(6))")),
        }
    }

    /// The condition of what lies after a value, or from it on, less the overlap.
    pub(super) fn since(self, column: &str, text: &str, inclusive: bool) -> Option<String> {
        let value = self.value(text)?;
        let from = match self.back {
            None => value,
            Some(Overlap::Seconds(seconds)) => format!("{value} - INTERVAL {seconds} SECOND"),
            // Numbers without a sign cannot be subtracted below nothing: as decimals they can.
            Some(Overlap::Steps(steps)) => format!("CAST({value} AS DECIMAL(65, 20)) - {steps}"),
        };
        Some(format!("{column} {} {from}", if inclusive { ">=" } else { ">" }))
    }
}

/// The condition of a range of a column; `None`: all rows.
pub(super) fn within(range: &Range, column: &str) -> Option<String> {
    match (range.from, range.below) {
        (None, None) => None,
        (None, Some(below)) => Some(format!("({column} < {below} OR {column} IS NULL)")),
        (Some(from), None) => Some(format!("{column} >= {from}")),
        (Some(from), Some(below)) => Some(format!("{column} >= {from} AND {column} < {below}")),
    }
}

/// The statement that reads some of the rows.
pub(super) fn select(
    projection: &Projection,
    relation: &Relation<'_>,
    since: Option<&str>,
    part: Option<&str>,
) -> String {
    let columns: Vec<String> = projection.columns.iter().map(expression).collect();
    let conditions: Vec<String> =
        [since.map(|s| format!("({s})")), part.map(|p| format!("({p})"))].into_iter().flatten().collect();
    let condition = if conditions.is_empty() { String::new() } else { format!(" WHERE {}", conditions.join(" AND ")) };
    format!("SELECT {} FROM {relation}{condition}", columns.join(", "))
}

/// A column as text that every dataset's types understand.
fn expression(column: &Column) -> String {
    let name = identifier(&column.name);
    match column.type_name.as_str() {
        // The session's clock is UTC; a time without a zone would be taken for the dataset's.
        "timestamp" => format!("CONCAT({name}, '+00:00')"),
        "bit" => format!("{name} + 0"),
        // As text a float has six digits, as a double those that it holds.
        "float" => format!("{name} + 0e0"),
        "binary" | "varbinary" | "tinyblob" | "blob" | "mediumblob" | "longblob" => format!("HEX({name})"),
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn names_and_values_do_not_break_out() {
        assert_eq!(table("crm.or`ders; DROP"), "`crm`.`or``ders; DROP`");
        let time = Measure::of("timestamp", Some(Overlap::Seconds(60))).unwrap();
        assert_eq!(time.value("' OR 1 = 1"), None);
        assert_eq!(
            time.since("c", "2026-09-30 10:00:00.5", true).unwrap(),
            "c >= CAST('2026-09-30 10:00:00.5' AS DATETIME(6)) - INTERVAL 60 SECOND"
        );
        let number = Measure::of("bigint", None).unwrap();
        assert_eq!((number.value("1 OR 1"), number.value("-7").unwrap()), (None, "-7".to_owned()));
        assert!(Measure::of("varchar", None).is_err() && Measure::of("int", Some(Overlap::Seconds(1))).is_err());
    }

    #[test]
    fn statements() {
        let column = |name: &str, type_name: &str| Column {
            name: name.into(),
            type_name: type_name.into(),
            temporal: false,
            never_null: false,
        };
        let columns = vec![column("a", "timestamp"), column("b", "bit"), column("c", "blob"), column("d", "text")];
        let projection = Projection { columns, undeclared: vec![] };
        let range = Range { from: None, below: Some(5) };
        assert_eq!(
            select(&projection, &Relation::Table("t"), Some("x > 1"), within(&range, "`id`").as_deref()),
            "SELECT CONCAT(`a`, '+00:00'), `b` + 0, HEX(`c`), `d` FROM `t` WHERE (x > 1) AND ((`id` < 5 OR `id` IS NULL))"
        );
    }
}
