//! A plan with hidden columns, and what is known of them.

use super::contributions::function_of;
use super::equalities::{Equal, column};
use super::forms::{Definitions, Unrecognised};
use super::others::{OfOthers, Reader, Taking};
use super::strand::{Strand, shown};
use crate::gate::SUBJECT_COLUMN;
use datafusion::common::tree_node::TreeNode;
use datafusion::common::{Column, DataFusionError};
use datafusion::logical_expr::utils::split_conjunction;
use datafusion::logical_expr::{BinaryExpr, Expr, LogicalPlan, Operator};
use std::fmt;

/// Aggregates that depend on how many rows there are.
const ADD_UP: &[&str] = &["approx_distinct", "array_agg", "count", "regr_count", "string_agg", "sum"];

/// Why a plan could not be threaded.
#[derive(Debug)]
pub enum NotThreaded {
    /// It has a part of which it is not known whose its rows are.
    Unknown(String),
    /// Rows about one person each are joined, and nothing asks for the same person.
    Multiplies {
        /// One relation.
        left: String,
        /// The other.
        right: String,
    },
    /// It reads rows about people who cannot be resolved, and so cannot be counted.
    WithoutSubject {
        /// The relation.
        relation: String,
    },
    /// A condition reads personal data of other people than the row's own.
    Condition {
        /// The relation.
        relation: String,
    },
    /// A value that may be one person's out of several people's is read where it would tell of that person.
    OfOthers {
        /// Where.
        reader: Reader,
        /// How it is taken.
        taking: Taking,
        /// The function that takes it.
        function: String,
    },
    /// The type of what an aggregate takes is not known, so neither is which rows have a part in it.
    Uncountable {
        /// The aggregate's name.
        aggregate: String,
    },
    /// Which people have a part in an aggregate cannot be told from the form of its argument.
    Unrecognised {
        /// The aggregate's name.
        aggregate: String,
        /// Why.
        why: Unrecognised,
    },
    /// A quantile over several people is so near to their least or greatest value that it may be one person's.
    Quantile {
        /// The aggregate's name.
        aggregate: String,
    },
    /// The plan contradicts itself.
    Plan(DataFusionError),
}

impl fmt::Display for NotThreaded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown(what) => write!(f, "it cannot be told who stands behind the rows of {what}"),
            Self::Multiplies { left, right } if left == right => {
                write!(f, "the join puts rows of {left} together without asking that they are about the same person")
            }
            Self::Multiplies { left, right } => write!(
                f,
                "the join puts rows of {left} and {right} together without asking that they are about the same person"
            ),
            Self::WithoutSubject { relation } => write!(
                f,
                "rows of {relation} are about people without a data subject; how many people are behind a result cannot be counted"
            ),
            Self::Condition { relation } => write!(
                f,
                "a condition depends on rows of {relation} about other people than the row's own, who are not counted"
            ),
            Self::OfOthers { reader, taking, function } => match taking {
                Taking::Quantile | Taking::Picked => {
                    write!(
                        f,
                        "{} depends on {function} over several people, which gives one person's value",
                        reader.name()
                    )
                }
                Taking::Window => {
                    write!(f, "{} depends on {function} OVER, which takes in rows of other people", reader.name())
                }
            },
            Self::Uncountable { aggregate } => {
                write!(
                    f,
                    "the type of the argument of {aggregate} is not known, so people with a part in it cannot be counted"
                )
            }
            Self::Unrecognised { aggregate, why } => {
                write!(f, "which people have a part in {aggregate} cannot be told from its argument: {why}")
            }
            Self::Quantile { aggregate } => write!(
                f,
                "the fraction of {aggregate} over several people is not a number between {} and {}",
                super::quantiles::LEAST,
                super::quantiles::GREATEST
            ),
            Self::Plan(_) => f.write_str("the plan contradicts itself"),
        }
    }
}

impl NotThreaded {
    /// The code of its diagnostic.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Multiplies { .. } => "LW2012",
            Self::Unknown(_) | Self::Plan(_) => "LW2013",
            Self::WithoutSubject { .. } => "LW2020",
            Self::Condition { .. } | Self::OfOthers { .. } => "LW2028",
            Self::Uncountable { .. } | Self::Unrecognised { .. } => "LW2029",
            Self::Quantile { .. } => "LW2045",
        }
    }

    /// What would mend it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Unknown(_) => Some("write it with SELECT, JOIN, GROUP BY, DISTINCT and UNION".to_owned()),
            Self::Multiplies { left, right } => {
                let (left, right) = if left == right { ("one", "the other") } else { (left.as_str(), right.as_str()) };
                Some(format!(
                    "ask for the {SUBJECT_COLUMN} of {left} and of {right} to be equal, or aggregate one side first"
                ))
            }
            Self::WithoutSubject { .. } => {
                Some("leave the relation out, or pseudonymise the field that names the person".to_owned())
            }
            Self::Condition { relation } => Some(format!(
                "compare {SUBJECT_COLUMN} of {relation} with {SUBJECT_COLUMN} of the row, or join with {relation} aggregated \
                 over people"
            )),
            Self::OfOthers { taking, function, .. } => Some(match taking {
                Taking::Quantile => {
                    format!("publish {function} as a table, and use it in a model that reads that table")
                }
                Taking::Picked => format!(
                    "take {function} for each person first (GROUP BY {SUBJECT_COLUMN}), group by the column instead, or use count, \
                     sum or avg (docs/policy/recipes.md)"
                ),
                Taking::Window => format!(
                    "add {SUBJECT_COLUMN} to PARTITION BY, or publish the rows before it as a table and use {function} in a model \
                     that reads that table (docs/policy/recipes.md)"
                ),
            }),
            Self::Uncountable { .. } => Some("CAST the argument to a number".to_owned()),
            Self::Unrecognised { aggregate, why } => Some(match why {
                Unrecognised::Distinct => {
                    format!("write {aggregate} without DISTINCT, or aggregate for each person first")
                }
                Unrecognised::Repeats | Unrecognised::Outside | Unrecognised::Function | Unrecognised::TooLong => {
                    format!(
                        "write {aggregate}(…) FILTER (WHERE …) in the place of CASE, or an aggregate for each part, and compute with \
                     the results"
                    )
                }
            }),
            Self::Quantile { .. } => Some(format!(
                "write a number between {} and {}, such as 0.05 for the lowest twentieth",
                super::quantiles::LEAST,
                super::quantiles::GREATEST
            )),
            Self::Plan(_) => None,
        }
    }
}

impl From<DataFusionError> for NotThreaded {
    fn from(error: DataFusionError) -> Self {
        Self::Plan(error)
    }
}

pub(super) type Result<T> = std::result::Result<T, NotThreaded>;

/// A plan with hidden columns.
#[derive(Debug)]
pub struct Threaded {
    /// The plan.
    pub plan: LogicalPlan,
    /// Who stands behind its rows.
    pub strands: Vec<Strand>,
    /// Columns in whose values no person's data has a part, such as constants of the query.
    pub(super) impersonal: Vec<Column>,
    /// Strands of rows joined of which nothing has said yet that they are the same people.
    pub(super) apart: Vec<(String, String)>,
    /// What its columns are computed from.
    pub(super) definitions: Definitions,
    /// Columns whose values may be one person's out of several people's.
    pub(super) of_others: Vec<OfOthers>,
    /// Whether somewhere `max`, `first_value` or the like takes one person's value out of several people's: joined to
    /// everybody it would be hidden behind their witnesses, and no later sum or mean makes it many people's.
    pub picks_one_of_many: bool,
}

impl Threaded {
    pub(super) fn without(plan: LogicalPlan) -> Self {
        Self {
            plan,
            strands: Vec::new(),
            impersonal: Vec::new(),
            apart: Vec::new(),
            definitions: Definitions::default(),
            of_others: Vec::new(),
            picks_one_of_many: false,
        }
    }

    /// The same strands over another plan, whose columns are still those of this one.
    pub(super) fn over(self, plan: LogicalPlan) -> Self {
        Self { plan, ..self }
    }

    /// The columns that the query shows.
    pub(super) fn shown(&self) -> impl Iterator<Item = Column> {
        shown(self.plan.schema())
    }

    /// Whether no person's data has a part in an expression over this plan. A subquery that does not depend on the row
    /// gives every row the same.
    pub(super) fn is_impersonal(&self, expr: &Expr) -> bool {
        let depends = expr.exists(|e| Ok(matches!(e, Expr::OuterReferenceColumn(..))));
        let columns = expr.column_refs();
        !depends.unwrap_or(true) && columns.into_iter().all(|c| self.impersonal.contains(c))
    }

    /// Follows what is known of columns to those of a node above, each of which is one of these expressions over this plan.
    pub(super) fn rename(&mut self, exprs: &[Expr], to: &[Column]) {
        self.definitions = self.definitions.of_outputs(exprs, to, &self.impersonal);
        let of: Vec<Option<&Column>> = exprs.iter().map(column).collect();
        let same = |known: &[Column]| -> Vec<Column> {
            let kept = of.iter().zip(to).filter(|(of, _)| of.is_some_and(|of| known.contains(of)));
            kept.map(|(_, to)| to.clone()).collect()
        };
        let made_of = |known: &[Column]| -> Vec<Column> {
            let kept = exprs.iter().zip(to).filter(|(e, _)| e.column_refs().into_iter().any(|c| known.contains(c)));
            kept.map(|(_, to)| to.clone()).collect()
        };
        let impersonal = exprs.iter().zip(to).filter(|(e, _)| match function_of(e) {
            // How many rows there are is people's, whatever is in them.
            Some(function) => !ADD_UP.contains(&function.func.name()) && self.is_impersonal(e),
            None => self.is_impersonal(e),
        });
        let impersonal = impersonal.map(|(_, to)| to.clone()).collect();
        for strand in &mut self.strands {
            strand.same_as = same(&strand.same_as);
            strand.or_null = same(&strand.or_null);
            strand.behind = strand.behind.as_deref().map(made_of);
        }
        self.impersonal = impersonal;
    }

    /// Notes conditions of a subquery that say which column of the query around it holds the subject's id.
    pub(super) fn tie(&mut self, predicate: &Expr) {
        for part in split_conjunction(predicate) {
            let Expr::BinaryExpr(BinaryExpr { left, op: Operator::Eq, right }) = part else { continue };
            for (own, other) in [(left, right), (right, left)] {
                let (Some(own), Expr::OuterReferenceColumn(_, outer)) = (column(own), other.as_ref()) else { continue };
                for strand in self.strands.iter_mut().filter(|s| s.is_named_by(own, false)) {
                    strand.outer.push(outer.clone());
                }
            }
        }
    }

    /// The hidden columns, as expressions over this plan.
    pub(super) fn hidden(&self) -> Result<Vec<Expr>> {
        self.strands.iter().map(|s| self.hidden_of(s)).collect()
    }

    pub(super) fn hidden_of(&self, strand: &Strand) -> Result<Expr> {
        let lost = || NotThreaded::Unknown("a witness was lost on its way".to_owned());
        strand.column(self.plan.schema()).map(Expr::Column).ok_or_else(lost)
    }

    /// Makes strands one whose subjects these pairs of columns say are the same.
    pub(super) fn merge(&mut self, equal: &[Equal], keeps_left: bool, keeps_right: bool) {
        for Equal { left, right, or_null } in equal {
            let at = |column: &Column| self.strands.iter().position(|s| s.is_named_by(column, *or_null));
            let (Some(first), Some(second)) = (at(left), at(right)) else { continue };
            if first == second {
                continue;
            }
            let (first, second) = (first.min(second), first.max(second));
            let names = [self.strands[first].name.clone(), self.strands[second].name.clone()];
            self.apart.retain(|(x, y)| !(names.contains(x) && names.contains(y)));
            // Rows without a subject meet, too: of an unknown person on one side, and of no person on the other.
            if *or_null {
                continue;
            }
            let (stays, goes) = match (keeps_left, keeps_right) {
                // Rows without a partner stay on one side or the other: neither strand speaks for both.
                (true, true) => continue,
                // Where there is no partner the other side's columns are null: this side speaks for both.
                (_, false) => (first, second),
                (false, true) => (second, first),
            };
            let inner = !keeps_left && !keeps_right;
            let gone = self.strands[goes].clone();
            let strand = &mut self.strands[stays];
            if inner {
                strand.outer.extend(gone.outer);
                strand.same_as.extend(gone.same_as);
                strand.optional &= gone.optional;
            } else {
                strand.or_null.extend(gone.same_as);
            }
            strand.or_null.extend(gone.or_null);
            strand.single |= gone.single;
            // What was apart from the one that goes is apart from the one that stays.
            for (x, y) in &mut self.apart {
                for name in [x, y] {
                    if *name == gone.name {
                        name.clone_from(&strand.name);
                    }
                }
            }
            self.strands.remove(goes);
        }
    }

    /// Refuses rows that put people together.
    pub(super) fn together(&self) -> Result<()> {
        let Some((left, right)) = self.apart.first() else { return Ok(()) };
        let relation =
            |name: &str| self.strands.iter().find(|s| s.name == name).map(|s| s.relation.clone()).unwrap_or_default();
        Err(NotThreaded::Multiplies { left: relation(left), right: relation(right) })
    }
}
