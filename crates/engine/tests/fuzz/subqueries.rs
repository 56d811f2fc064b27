//! Subqueries: scalar, EXISTS, IN, ANY and ALL, correlated and not.

use crate::generator::Generator;
use crate::scope::{Column, Tag, Type};

impl Generator {
    fn spend(&mut self, depth: usize) -> bool {
        let free = depth < 3 && self.budget > 0;
        if free {
            self.budget -= 1;
            self.shape.depth = self.shape.depth.max(depth + 1);
        }
        free
    }

    fn inner_alias(&mut self) -> String {
        self.shape.subqueries += 1;
        format!("s{}", self.shape.subqueries)
    }

    /// A customer's column of the outer query that a subquery can look at.
    fn outer_key(&mut self, scope: &[Column]) -> Option<String> {
        let fitting: Vec<&Column> = scope.iter().filter(|c| c.tag == Tag::Customer).collect();
        if fitting.is_empty() { None } else { Some(self.draw.pick(&fitting).sql.clone()) }
    }

    /// One number from other rows.
    pub fn scalar_subquery(&mut self, scope: &[Column], depth: usize) -> Option<String> {
        if !self.spend(depth) {
            return None;
        }
        let alias = self.inner_alias();
        if self.draw.chance(40)
            && let Some(outer) = self.outer_key(scope)
        {
            self.shape.correlated += 1;
            let source = self.base(&alias, &["people", "orders", "visits"]);
            let value = *self.draw.pick(&["count(*)", "count(*)", "min(length(KEY))", "max(length(KEY))"]);
            let key = &source.columns.iter().find(|c| c.tag == Tag::Customer)?.sql;
            let more = self.simple_predicate(&source.columns);
            let value = value.replace("KEY", key);
            return Some(format!("(SELECT {value} FROM {} WHERE {key} = {outer} AND {more})", source.sql));
        }
        let source = self.source(depth + 1);
        let of = ["max", "min", "sum", "count"][self.draw.below(4)];
        let value = self.expression(&source.columns, Type::Int, depth + 1, 1);
        let filter = self.predicate(&source.columns, depth + 1, 1);
        Some(format!("(SELECT {of}({value}) FROM {} WHERE {filter})", source.sql))
    }

    /// A predicate that asks other rows.
    pub fn subquery_predicate(&mut self, scope: &[Column], depth: usize) -> Option<String> {
        if !self.spend(depth) {
            return None;
        }
        let alias = self.inner_alias();
        let not = if self.draw.chance(35) { "NOT " } else { "" };
        match self.draw.below(10) {
            0..=3 => {
                let outer = self.outer_key(scope)?;
                self.shape.correlated += 1;
                let source = self.base(&alias, &["people", "orders", "visits", "\"Loyalty\""]);
                let key = &source.columns.iter().find(|c| c.tag == Tag::Customer)?.sql;
                let more = self.predicate(&source.columns, 3, 1);
                Some(format!("{not}EXISTS (SELECT 1 FROM {} WHERE {key} = {outer} AND {more})", source.sql))
            }
            4..=6 => {
                let of = *self.draw.pick(&[Type::Int, Type::Text]);
                let left = self.expression(scope, of, 9, 1);
                let source = self.source(depth + 1);
                let value = self.expression(&source.columns, of, 9, 1);
                let filter = self.predicate(&source.columns, depth + 1, 1);
                Some(format!("{left} {not}IN (SELECT {value} FROM {} WHERE {filter})", source.sql))
            }
            7 => {
                let left = self.expression(scope, Type::Int, 9, 1);
                let source = self.source(depth + 1);
                let value = self.expression(&source.columns, Type::Int, 9, 1);
                let how = *self.draw.pick(&["> ALL", "<= ALL", "= ANY", "< ANY"]);
                Some(format!("{left} {how} (SELECT {value} FROM {})", source.sql))
            }
            8 => {
                let source = self.source(depth + 1);
                let filter = self.predicate(&source.columns, depth + 1, 1);
                Some(format!("{not}EXISTS (SELECT 1 FROM {} WHERE {filter})", source.sql))
            }
            _ => {
                let left = self.expression(scope, Type::Int, 9, 1);
                let right = self.scalar_subquery(scope, depth)?;
                let op = *self.draw.pick(&["=", "<", ">="]);
                Some(format!("{left} {op} {right}"))
            }
        }
    }
}
