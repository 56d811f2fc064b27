//! Random valid SQL whose result does not depend on the order of rows.

use crate::draw::Draw;
use crate::expressions::counts_rows;
use crate::scope::{BASES, Base, Column, Query, Source, Tag, Type};
use crate::shape::Shape;

/// Sources are not joined to more rows than about this.
const MOST_ROWS: f64 = 2_000.0;
/// Tables in one FROM.
const MOST_JOINED: usize = 6;

/// Writes one query.
pub struct Generator {
    pub draw: Draw,
    pub shape: Shape,
    aliases: usize,
    /// CTEs in scope.
    pub ctes: Vec<(String, Query)>,
    /// Subqueries and derived tables still to be spent.
    pub budget: usize,
}

impl Generator {
    /// For query number `number` of the run with this seed.
    pub fn new(seed: u64, number: u64) -> Self {
        Self { draw: Draw::new(seed, number), shape: Shape::default(), aliases: 0, ctes: Vec::new(), budget: 5 }
    }

    /// A whole query, with CTEs and an order of its own at times.
    pub fn statement(&mut self) -> Query {
        let mut with = Vec::new();
        if self.draw.chance(25) {
            for _ in 0..=self.draw.below(2) {
                let query = self.query(1);
                let name = format!("t{}", self.ctes.len());
                with.push(format!("{name} AS ({})", query.sql));
                self.ctes.push((name, query));
            }
            self.shape.ctes += with.len();
        }
        let mut query = self.query(0);
        if self.draw.chance(35) {
            query = self.ordered(query, true);
        }
        if !with.is_empty() {
            query.sql = format!("WITH {} {}", with.join(", "), query.sql);
        }
        query
    }

    /// A query `depth` levels below the statement.
    pub fn query(&mut self, depth: usize) -> Query {
        self.shape.depth = self.shape.depth.max(depth);
        let query = match self.draw.below(100) {
            0..=39 => self.plain(depth),
            40..=64 => self.grouped(depth),
            65..=79 => self.windowed(depth),
            _ if depth < 3 => self.combined(depth),
            _ => self.plain(depth),
        };
        if depth > 0 && self.draw.chance(15) { self.ordered(query, false) } else { query }
    }

    /// Sorted by all its columns, and cut. Inside, with no offset: past the one row of an aggregate there is nothing to
    /// read, and a plan that leaves out a gate is refused.
    fn ordered(&mut self, query: Query, offset: bool) -> Query {
        let keys: Vec<String> = (1..=query.columns.len())
            .map(|at| {
                let way = ["", " DESC", " NULLS FIRST", " DESC NULLS LAST"][self.draw.below(4)];
                format!("{at}{way}")
            })
            .collect();
        let mut sql = format!("SELECT * FROM ({}) AS o ORDER BY {}", query.sql, keys.join(", "));
        if self.draw.chance(60) {
            self.shape.limits += 1;
            sql += &format!(" LIMIT {}", self.draw.between(1, 30));
            if self.draw.chance(30) && offset {
                sql += &format!(" OFFSET {}", self.draw.between(0, 10));
            }
        }
        Query { sql, ordered: true, rows: query.rows, columns: query.columns }
    }

    fn plain(&mut self, depth: usize) -> Query {
        let source = self.source(depth);
        let mut columns = Vec::new();
        let mut items = Vec::new();
        for _ in 0..=self.draw.below(4) {
            let (sql, of, tag) = self.item(&source.columns, depth);
            items.push(sql);
            columns.push((of, tag));
        }
        let distinct = if self.draw.chance(15) { "DISTINCT " } else { "" };
        let filter = self.filter(&source.columns, depth, 55);
        let sql = format!("SELECT {distinct}{} FROM {}{filter}", named(&items), source.sql);
        Query { sql, columns, rows: source.rows, ordered: false }
    }

    /// A column of a select list.
    fn item(&mut self, scope: &[Column], depth: usize) -> (String, Type, Tag) {
        if self.draw.chance(55) {
            let column = self.draw.pick(scope).clone();
            return (column.sql, column.of, column.tag);
        }
        let of = *self.draw.pick(&[Type::Int, Type::Int, Type::Text, Type::Date]);
        (self.expression(scope, of, depth, 2), of, Tag::Plain)
    }

    fn grouped(&mut self, depth: usize) -> Query {
        self.shape.aggregates += 1;
        let source = self.source(depth);
        let mut keys: Vec<Column> = (0..self.draw.below(3)).map(|_| self.draw.pick(&source.columns).clone()).collect();
        keys.retain(|k| k.of != Type::Shown);
        keys.dedup_by(|a, b| a.sql == b.sql);
        let mut items: Vec<String> = keys.iter().map(|k| k.sql.clone()).collect();
        let mut columns: Vec<(Type, Tag)> = keys.iter().map(|k| (k.of, k.tag)).collect();
        for _ in 0..=self.draw.below(3) {
            let (sql, of) = self.aggregate(&source.columns, depth);
            items.push(sql);
            columns.push((of, Tag::Plain));
        }
        let filter = self.filter(&source.columns, depth, 40);
        let list = keys.iter().map(|k| k.sql.as_str()).collect::<Vec<_>>().join(", ");
        let group = match (keys.len(), self.draw.below(100)) {
            (0, _) => String::new(),
            (_, 0..=9) => self.grouping(format!(" GROUP BY ROLLUP ({list})")),
            (_, 10..=16) => self.grouping(format!(" GROUP BY CUBE ({list})")),
            (2, 17..=24) => self.grouping(format!(" GROUP BY GROUPING SETS (({list}), ({}), ())", keys[0].sql)),
            _ => format!(" GROUP BY {list}"),
        };
        let having = if !keys.is_empty() && self.draw.chance(25) {
            let (sql, of) = self.aggregate(&source.columns, depth);
            if of == Type::Int { format!(" HAVING {sql} > {}", self.draw.between(0, 20)) } else { String::new() }
        } else {
            String::new()
        };
        // What a group is of is joined by no more, but for customers.
        columns.iter_mut().filter(|(_, tag)| *tag != Tag::Customer).for_each(|(_, tag)| *tag = Tag::Plain);
        let sql = format!("SELECT {} FROM {}{filter}{group}{having}", named(&items), source.sql);
        Query { sql, columns, rows: if keys.is_empty() { 1.0 } else { source.rows.min(300.0) }, ordered: false }
    }

    fn grouping(&mut self, sql: String) -> String {
        self.shape.grouping_sets += 1;
        sql
    }

    fn windowed(&mut self, depth: usize) -> Query {
        self.shape.windows += 1;
        let source = self.source(depth);
        let mut items = Vec::new();
        let mut columns = Vec::new();
        for _ in 0..=self.draw.below(2) {
            let column = self.draw.pick(&source.columns).clone();
            columns.push((column.of, column.tag));
            items.push(column.sql);
        }
        for _ in 0..=self.draw.below(2) {
            let alone = !items.iter().any(|item| counts_rows(item));
            items.push(self.window(&source.columns, depth, alone));
            columns.push((Type::Int, Tag::Plain));
        }
        let filter = self.filter(&source.columns, depth, 40);
        let sql = format!("SELECT {} FROM {}{filter}", named(&items), source.sql);
        Query { sql, columns, rows: source.rows, ordered: false }
    }

    fn combined(&mut self, depth: usize) -> Query {
        self.shape.set_operations += 1;
        let first = self.query(depth + 1);
        if first.columns.iter().any(|(of, _)| *of == Type::Shown) {
            return first;
        }
        let source = self.source(depth + 1);
        let items: Vec<String> =
            first.columns.iter().map(|(of, _)| self.expression(&source.columns, *of, depth + 1, 1)).collect();
        let filter = self.filter(&source.columns, depth + 1, 70);
        let kind =
            *self.draw.pick(&["UNION", "UNION ALL", "UNION ALL", "INTERSECT", "INTERSECT ALL", "EXCEPT", "EXCEPT ALL"]);
        let second = format!("SELECT {} FROM {}{filter}", named(&items), source.sql);
        let sql = format!("(SELECT * FROM ({}) AS l) {kind} ({second})", first.sql);
        let columns = first.columns.iter().map(|(of, _)| (*of, Tag::Plain)).collect();
        Query { sql, columns, rows: first.rows + source.rows, ordered: false }
    }

    /// ` WHERE …`, `percent` times of a hundred.
    fn filter(&mut self, scope: &[Column], depth: usize, percent: usize) -> String {
        if self.draw.chance(percent) { format!(" WHERE {}", self.predicate(scope, depth, 2)) } else { String::new() }
    }

    /// Up to six tables, derived tables and CTEs, joined.
    pub fn source(&mut self, depth: usize) -> Source {
        let mut source = self.table(depth);
        let joined = match self.draw.below(100) {
            0..=39 => 0,
            40..=69 => 1,
            70..=84 => 2,
            85..=91 => 3,
            92..=96 => 4,
            _ => MOST_JOINED - 1,
        };
        let mut joins = 0;
        for _ in 0..joined {
            if let Some(wider) = self.join(&source, depth) {
                source = wider;
                joins += 1;
            }
        }
        self.shape.joins += joins;
        self.shape.widest = self.shape.widest.max(joins);
        source
    }

    fn alias(&mut self) -> String {
        self.aliases += 1;
        format!("a{}", self.aliases)
    }

    /// One table, derived table, CTE or list of values.
    fn table(&mut self, depth: usize) -> Source {
        let alias = self.alias();
        let kind = self.draw.below(100);
        if kind < 15 && depth < 3 && self.budget > 0 {
            self.budget -= 1;
            self.shape.derived += 1;
            let query = self.query(depth + 1);
            return derived(&format!("({})", query.sql), &alias, &query);
        }
        if kind < 25 && !self.ctes.is_empty() {
            let (name, query) = self.draw.pick(&self.ctes).clone();
            return derived(&name, &alias, &query);
        }
        if kind < 28 {
            let column = |at: usize, of, tag| Column { sql: format!("{alias}.v{at}"), of, tag };
            let columns = vec![column(0, Type::Int, Tag::Plain), column(1, Type::Text, Tag::City)];
            let sql = format!("(VALUES (41, 'Leeds'), (21, 'Porto'), (7, NULL)) AS {alias}(v0, v1)");
            return Source { sql, columns, rows: 3.0 };
        }
        self.base(&alias, &[])
    }

    /// One of these tables, or any if none is named.
    pub fn base(&mut self, alias: &str, of: &[&str]) -> Source {
        let fitting: Vec<&Base> = BASES.iter().filter(|b| of.is_empty() || of.contains(&b.name)).collect();
        let chosen = *self.draw.pick(&fitting);
        let mut columns: Vec<Column> = chosen
            .columns
            .iter()
            .map(|(name, of, tag)| Column { sql: format!("{alias}.{name}"), of: *of, tag: *tag })
            .collect();
        if chosen.name == "people" && self.draw.chance(20) {
            columns.push(Column { sql: format!("{alias}.place['town']"), of: Type::Text, tag: Tag::Plain });
        }
        Source { sql: format!("{} AS {alias}", chosen.name), columns, rows: chosen.rows }
    }

    /// Another table beside what there is, if one fits that does not make too many rows.
    fn join(&mut self, left: &Source, depth: usize) -> Option<Source> {
        if self.draw.chance(8)
            && let Some(source) = self.lateral(left)
        {
            return Some(source);
        }
        let right = self.table(depth);
        let pairs: Vec<(&Column, &Column)> = left
            .columns
            .iter()
            .flat_map(|l| right.columns.iter().map(move |r| (l, r)))
            .filter(|(l, r)| l.tag == r.tag && matches!(l.tag, Tag::Customer | Tag::City))
            .collect();
        let product = left.rows * right.rows;
        if pairs.is_empty() || self.draw.chance(4) {
            if product > MOST_ROWS / 2.0 {
                return None;
            }
            let sql = format!("{} CROSS JOIN {}", left.sql, right.sql);
            return Some(Source { sql, columns: both(left, &right), rows: product });
        }
        let (l, r) = *self.draw.pick(&pairs);
        let rows = product / if l.tag == Tag::Customer { 28.0 } else { 4.0 };
        if rows > MOST_ROWS {
            return None;
        }
        let kind = *self.draw.pick(&[
            "JOIN",
            "JOIN",
            "JOIN",
            "LEFT JOIN",
            "RIGHT JOIN",
            "FULL JOIN",
            "LEFT SEMI JOIN",
            "LEFT ANTI JOIN",
        ]);
        let mut on = format!("{} = {}", l.sql, r.sql);
        if kind != "FULL JOIN" && self.draw.chance(25) {
            let scope = both(left, &right);
            on = format!("{on} AND {}", self.simple_predicate(&scope));
        }
        let sql = format!("{} {kind} {} ON {on}", left.sql, right.sql);
        let columns = if kind.ends_with("SEMI JOIN") || kind.ends_with("ANTI JOIN") {
            left.columns.clone()
        } else {
            both(left, &right)
        };
        Some(Source { sql, columns, rows: rows.max(left.rows) })
    }

    /// A derived table that looks at the tables before it.
    fn lateral(&mut self, left: &Source) -> Option<Source> {
        let outer = left.columns.iter().find(|c| c.tag == Tag::Customer)?.sql.clone();
        self.shape.laterals += 1;
        let (inner, alias) = (self.alias(), self.alias());
        let source = self.base(&inner, &["orders", "visits"]);
        let key = source.columns.iter().find(|c| c.tag == Tag::Customer)?.sql.clone();
        let (sql, of) = self.aggregate(&source.columns, 3);
        if of != Type::Int {
            return None;
        }
        let sql = format!(
            "{} JOIN LATERAL (SELECT {sql} AS c0 FROM {} WHERE {key} = {outer}) AS {alias} ON true",
            left.sql, source.sql
        );
        let mut columns = left.columns.clone();
        columns.push(Column { sql: format!("{alias}.c0"), of: Type::Int, tag: Tag::Plain });
        Some(Source { sql, columns, rows: left.rows })
    }
}

fn both(left: &Source, right: &Source) -> Vec<Column> {
    left.columns.iter().chain(&right.columns).cloned().collect()
}

fn derived(sql: &str, alias: &str, query: &Query) -> Source {
    let columns = query.columns.iter().enumerate();
    let columns = columns.map(|(at, (of, tag))| Column { sql: format!("{alias}.c{at}"), of: *of, tag: *tag }).collect();
    Source { sql: format!("{sql} AS {alias}"), columns, rows: query.rows.max(1.0) }
}

/// A select list whose columns are `c0`, `c1`, ….
fn named(items: &[String]) -> String {
    items.iter().enumerate().map(|(at, item)| format!("{item} AS c{at}")).collect::<Vec<_>>().join(", ")
}
