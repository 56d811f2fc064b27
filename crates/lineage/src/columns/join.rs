//! Joins, also those that stand for `IN`, `EXISTS`, `INTERSECT` and `EXCEPT`, and what is lateral.

use datafusion::common::JoinType;
use datafusion::logical_expr::LogicalPlan;
use datafusion::logical_expr::logical_plan::Join;

use super::model::IndirectKind;
use super::plan::Walker;
use super::scope::{Relation, Scope, Visible};
use super::sources::{Influence, Sources};
use crate::LineageError;

impl Walker<'_> {
    pub(super) fn join(&mut self, node: &Join) -> Result<Relation, LineageError> {
        let left = self.relation(&node.left)?;
        self.lateral.push(left.scope.clone());
        let right = self.relation(&node.right)?;
        self.lateral.pop();

        let condition = self.condition(node, &left.scope, &right.scope)?.deciding(IndirectKind::Join);
        let both = |mut left: Influence, right: Influence| {
            left.merge(right);
            left
        };
        let (columns, influence) = match node.join_type {
            JoinType::Inner | JoinType::Left | JoinType::Right | JoinType::Full => (
                [left.scope.columns, right.scope.columns].concat(),
                both(both(left.influence, right.influence), condition),
            ),
            JoinType::LeftSemi | JoinType::LeftAnti => {
                (left.scope.columns.to_vec(), both(both(left.influence, right.influence), condition))
            }
            JoinType::RightSemi | JoinType::RightAnti => {
                (right.scope.columns.to_vec(), both(both(left.influence, right.influence), condition))
            }
            // A mark join keeps every row and says whether it met another: only the mark depends
            // on the other side.
            JoinType::LeftMark => {
                let mark = Sources::influenced(both(right.influence, condition));
                (with_mark(&left.scope, mark), left.influence)
            }
            JoinType::RightMark => {
                let mark = Sources::influenced(both(left.influence, condition));
                (with_mark(&right.scope, mark), right.influence)
            }
        };
        Relation::new("Join", &node.schema, columns, influence)
    }

    fn condition(&mut self, node: &Join, left: &Scope, right: &Scope) -> Result<Sources, LineageError> {
        let lefts = node.on.iter().map(|(left, _)| left);
        let rights = node.on.iter().map(|(_, right)| right);
        let mut condition = self.all(lefts, "Join", &[left])?;
        condition.merge(self.all(rights, "Join", &[right])?);
        condition.merge(self.all(&node.filter, "Join", &[left, right])?);
        Ok(condition)
    }

    /// A relation in `FROM` that sees the relations before it.
    pub(super) fn lateral_subquery(&mut self, subquery: &LogicalPlan) -> Result<Relation, LineageError> {
        let lateral = std::mem::take(&mut self.lateral);
        let around = self.outers.len();
        self.outers.extend(lateral.iter().cloned());
        let relation = self.relation(subquery);
        self.outers.truncate(around);
        self.lateral = lateral;
        relation
    }

    /// A subquery inside an expression, which sees what the expression sees.
    pub(super) fn expression_subquery(
        &mut self,
        subquery: &LogicalPlan,
        visible: Visible<'_>,
    ) -> Result<Relation, LineageError> {
        let lateral = std::mem::take(&mut self.lateral);
        let around = self.outers.len();
        self.outers.extend(visible.scopes.iter().map(|scope| (*scope).clone()));
        let relation = self.relation(subquery);
        self.outers.truncate(around);
        self.lateral = lateral;
        relation
    }
}

fn with_mark(kept: &Scope, mark: Sources) -> Vec<Sources> {
    let mut columns = kept.columns.to_vec();
    columns.push(mark);
    columns
}
