//! What queries were made of, counted.

use std::fmt;

/// What one query is made of.
#[derive(Debug, Clone, Copy, Default)]
pub struct Shape {
    pub joins: usize,
    /// Joins in its widest FROM.
    pub widest: usize,
    /// Levels of queries below it.
    pub depth: usize,
    pub derived: usize,
    pub ctes: usize,
    pub subqueries: usize,
    pub correlated: usize,
    pub laterals: usize,
    pub set_operations: usize,
    pub aggregates: usize,
    pub grouping_sets: usize,
    pub windows: usize,
    pub limits: usize,
    pub hazards: usize,
}

/// How many queries have each thing.
#[derive(Debug, Default)]
pub struct Shapes {
    queries: usize,
    joins: [usize; 7],
    depth: [usize; 6],
    having: [(&'static str, usize); 11],
}

impl Shapes {
    /// Counts one more.
    pub fn add(&mut self, shape: &Shape) {
        self.queries += 1;
        self.joins[shape.widest.min(6)] += 1;
        self.depth[shape.depth.min(5)] += 1;
        let each = [
            ("derived tables", shape.derived),
            ("CTEs", shape.ctes),
            ("subqueries in expressions", shape.subqueries),
            ("correlated ones", shape.correlated),
            ("LATERAL", shape.laterals),
            ("set operations", shape.set_operations),
            ("aggregates", shape.aggregates),
            ("grouping sets", shape.grouping_sets),
            ("windows", shape.windows),
            ("ORDER BY with LIMIT", shape.limits),
            ("errors that only withheld rows cause", shape.hazards),
        ];
        for (own, (name, number)) in self.having.iter_mut().zip(each) {
            *own = (name, own.1 + usize::from(number > 0));
        }
    }
}

impl fmt::Display for Shapes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "  joins in the widest FROM (0, 1, …): {:?}", self.joins)?;
        writeln!(f, "  levels of nesting (0, 1, …): {:?}", self.depth)?;
        for (name, number) in self.having {
            let share = 100.0 * number as f64 / self.queries.max(1) as f64;
            writeln!(f, "  with {name}: {number} ({share:.1} %)")?;
        }
        Ok(())
    }
}
