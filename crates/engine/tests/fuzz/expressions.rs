//! Expressions, predicates, aggregates and windows over what is in scope.

use crate::generator::Generator;
use crate::scope::{Column, Tag, Type};

const TEXTS: &[&str] =
    &["Leeds", "Porto", "paid", "sent", "/p1", "/p3", "T1", "Person 08", "east", "Walk-in", "CANARY", ""];

impl Generator {
    fn column(&mut self, scope: &[Column], of: Type) -> Option<String> {
        let fitting: Vec<&Column> = scope.iter().filter(|c| c.of == of).collect();
        if fitting.is_empty() { None } else { Some(self.draw.pick(&fitting).sql.clone()) }
    }

    fn literal(&mut self, of: Type) -> String {
        match of {
            Type::Int => {
                if self.draw.chance(4) {
                    return "66600000".to_owned();
                }
                self.draw.between(-3, 60).to_string()
            }
            Type::Text => format!("'{}'", self.draw.pick(TEXTS)),
            Type::Date => format!("DATE '2011-0{}-1{}'", self.draw.between(1, 4), self.draw.below(10)),
            Type::Shown => "true".to_owned(),
        }
    }

    /// An expression of this type, `deep` levels at most.
    pub fn expression(&mut self, scope: &[Column], of: Type, depth: usize, deep: usize) -> String {
        if deep == 0 || self.draw.chance(30) {
            let literal = self.literal(of);
            return if self.draw.chance(85) { self.column(scope, of).unwrap_or(literal) } else { literal };
        }
        let kind = self.draw.below(10);
        match (of, kind) {
            (_, 0) => {
                let when = self.simple_predicate(scope);
                let (a, b) = (self.inner(scope, of, deep), self.inner(scope, of, deep));
                format!("CASE WHEN {when} THEN {a} ELSE {b} END")
            }
            (_, 1) => format!("coalesce({}, {})", self.inner(scope, of, deep), self.literal(of)),
            (Type::Int, 2) => format!("({} + {})", self.inner(scope, of, deep), self.inner(scope, of, deep)),
            (Type::Int, 3) => format!("({} - {})", self.inner(scope, of, deep), self.inner(scope, of, deep)),
            (Type::Int, 4) => format!("({} * {})", self.inner(scope, of, deep), self.draw.between(-2, 5)),
            (Type::Int, 5) => format!("({} % {})", self.inner(scope, of, deep), self.draw.between(2, 9)),
            (Type::Int, 6) => format!("length({})", self.inner(scope, Type::Text, deep)),
            (Type::Int, 7) => self.hazard(scope).unwrap_or_else(|| format!("abs({})", self.inner(scope, of, deep))),
            (Type::Int, 8) => self.scalar_subquery(scope, depth).unwrap_or_else(|| self.inner(scope, of, deep)),
            (Type::Int, _) => {
                format!("CAST(date_part('month', {}) AS BIGINT)", self.inner(scope, Type::Date, deep))
            }
            (Type::Text, 2) => format!("upper({})", self.inner(scope, of, deep)),
            (Type::Text, 3) => format!("substr({}, 1, {})", self.inner(scope, of, deep), self.draw.between(1, 8)),
            (Type::Text, 4) => format!("({} || {})", self.inner(scope, of, deep), self.inner(scope, of, deep)),
            (Type::Text, 5) => format!("CAST({} AS VARCHAR)", self.inner(scope, Type::Int, deep)),
            (Type::Text, 6) => format!("nullif({}, {})", self.inner(scope, of, deep), self.literal(of)),
            (Type::Text, _) => format!("lower({})", self.inner(scope, of, deep)),
            (Type::Date, _) => format!("greatest({}, {})", self.inner(scope, of, deep), self.literal(of)),
            (Type::Shown, _) => "true".to_owned(),
        }
    }

    fn inner(&mut self, scope: &[Column], of: Type, deep: usize) -> String {
        self.expression(scope, of, 9, deep - 1)
    }

    /// An expression that fails on withheld rows and on no other.
    fn hazard(&mut self, scope: &[Column]) -> Option<String> {
        let fitting: Vec<&Column> = scope.iter().filter(|c| matches!(c.tag, Tag::Age | Tag::Code)).collect();
        if fitting.is_empty() {
            return None;
        }
        self.shape.hazards += 1;
        let column = *self.draw.pick(&fitting);
        Some(match column.tag {
            Tag::Age => format!("(100 / ({} - 41))", column.sql),
            _ => format!("CAST({} AS BIGINT)", column.sql),
        })
    }

    /// A predicate without subqueries.
    pub fn simple_predicate(&mut self, scope: &[Column]) -> String {
        let of = *self.draw.pick(&[Type::Int, Type::Int, Type::Text, Type::Text, Type::Date]);
        let column = self.column(scope, of).unwrap_or_else(|| self.literal(of));
        // Texts are seldom equal: a query whose every row is filtered away shows little.
        let ops = if of == Type::Text { ["=", "<>", "<>", "<=", ">", ">="] } else { ["=", "<>", "<", "<=", ">", ">="] };
        let op = *self.draw.pick(&ops);
        match self.draw.below(12) {
            0 => format!("{column} IS NULL"),
            1 => format!("{column} IS NOT NULL"),
            2 => format!("{column} IN ({}, {}, {})", self.literal(of), self.literal(of), self.literal(of)),
            3 => format!("{column} NOT IN ({}, {})", self.literal(of), self.literal(of)),
            4 => format!("{column} BETWEEN {} AND {}", self.literal(of), self.literal(of)),
            5 => {
                let text = self.column(scope, Type::Text).unwrap_or_else(|| "'x'".to_owned());
                let pattern = *self.draw.pick(&["%a%", "%e%", "_a%", "%1%", "CANARY%", "%", "/p_"]);
                let not = if self.draw.chance(25) { "NOT " } else { "" };
                format!("{text} {not}LIKE '{pattern}'")
            }
            6 => format!("{} {op} {}", self.expression(scope, of, 9, 1), self.expression(scope, of, 9, 1)),
            7 => match self.column(scope, of) {
                Some(other) => format!("{column} {op} {other}"),
                None => format!("{column} {op} {}", self.literal(of)),
            },
            // The parser takes `a IS DISTINCT FROM b AND c` for `a IS DISTINCT FROM (b AND c)`.
            8 => format!("({column} IS DISTINCT FROM {})", self.literal(of)),
            9 => "random() >= 0".to_owned(),
            _ => format!("{column} {op} {}", self.literal(of)),
        }
    }

    /// A predicate, `deep` levels of AND, OR and NOT, with subqueries.
    pub fn predicate(&mut self, scope: &[Column], depth: usize, deep: usize) -> String {
        match self.draw.below(100) {
            0..=17 if deep > 0 => {
                format!("({} AND {})", self.predicate(scope, depth, deep - 1), self.predicate(scope, depth, deep - 1))
            }
            18..=29 if deep > 0 => {
                format!("({} OR {})", self.predicate(scope, depth, deep - 1), self.simple_predicate(scope))
            }
            30..=35 if deep > 0 => format!("NOT ({})", self.simple_predicate(scope)),
            36..=55 => self.subquery_predicate(scope, depth).unwrap_or_else(|| self.simple_predicate(scope)),
            56..=60 => match self.hazard(scope) {
                Some(hazard) => format!("{hazard} > {}", self.draw.between(-20, 20)),
                None => self.simple_predicate(scope),
            },
            _ => self.simple_predicate(scope),
        }
    }

    /// An aggregate and its type.
    pub fn aggregate(&mut self, scope: &[Column], depth: usize) -> (String, Type) {
        let int = self.expression(scope, Type::Int, 9, 1);
        let text = self.expression(scope, Type::Text, 9, 1);
        let top = depth == 0;
        match self.draw.below(16) {
            0 | 1 => ("count(*)".to_owned(), Type::Int),
            2 => (format!("count({text})"), Type::Int),
            3 => (format!("count(DISTINCT {text})"), Type::Int),
            4 | 5 => (format!("sum({int})"), Type::Int),
            6 => (format!("min({int})"), Type::Int),
            7 => (format!("max({int})"), Type::Int),
            8 => (format!("min({text})"), Type::Text),
            9 => (format!("max({text})"), Type::Text),
            10 if top => (format!("avg({int})"), Type::Shown),
            11 if top => (format!("bool_or({})", self.simple_predicate(scope)), Type::Shown),
            12 if top => (format!("array_agg({int} ORDER BY {int})"), Type::Shown),
            13 => (format!("string_agg({text}, ',' ORDER BY {text})"), Type::Text),
            14 => (format!("approx_distinct({text})"), Type::Int),
            _ => (format!("count(*) FILTER (WHERE {})", self.simple_predicate(scope)), Type::Int),
        }
    }

    /// A window function whose values are the same whatever the order of equal rows; which of the equal rows gets which
    /// is not, if it counts rows. So one that counts rows has none beside it that does: see `counts_rows`.
    pub fn window(&mut self, scope: &[Column], depth: usize, may_count_rows: bool) -> String {
        let partition =
            if self.draw.chance(60) { format!("PARTITION BY {} ", self.draw.pick(scope).sql) } else { String::new() };
        let some = self.draw.pick(scope).sql.clone();
        let all = scope.iter().map(|c| c.sql.as_str()).collect::<Vec<_>>().join(", ");
        let int = self.expression(scope, Type::Int, depth.max(9), 1);
        match self.draw.below(if may_count_rows { 9 } else { 6 }) {
            0 => format!("first_value({int}) OVER ({partition}ORDER BY {all})"),
            1 => format!("rank() OVER ({partition}ORDER BY {some})"),
            2 => format!("dense_rank() OVER ({partition}ORDER BY {some} DESC)"),
            3 => format!("sum({int}) OVER ({partition}ORDER BY {some})"),
            4 => format!("count(*) OVER ({partition})"),
            5 => format!("max({int}) OVER ({partition}ORDER BY {some})"),
            6 => format!("sum({int}) OVER ({partition}ORDER BY {all} ROWS BETWEEN 2 PRECEDING AND 1 FOLLOWING)"),
            7 => format!("lag({int}) OVER ({partition}ORDER BY {all})"),
            _ => format!("row_number() OVER ({partition}ORDER BY {all})"),
        }
    }
}

/// Whether a window tells equal rows apart.
pub fn counts_rows(window: &str) -> bool {
    ["ROWS", "lag(", "row_number("].iter().any(|word| window.contains(word))
}
