//! Rules that look beyond one value: at other rows, other datasets, or several columns at once.

use super::faults::{Faults, RuleRef};
use super::plan::FieldPlan;
use super::sift::without;
use crate::error::ExtractError;
use crate::keys::{KeySet, RowHasher};
use crate::run::ExtractContext;
use crate::spilling::SpillError;
use arrow::array::{Array, ArrayRef, BooleanArray, RecordBatch, UInt32Array};
use arrow::buffer::NullBuffer;
use arrow::compute::take_record_batch;
use lakewarden_dictionary::{Dataset, OnFailure, Rule};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// A rule on whole rows, compiled elsewhere: this crate knows no SQL.
pub trait RowRule: Send + Sync {
    /// Which rows of a batch fail: true where one does; null and false pass. As long as the batch, whose columns are
    /// those of [`crate::conformed_schema`].
    ///
    /// # Errors
    /// [`RowRuleFailed`] if it cannot be told, as after a division by zero. No value may be in it.
    fn failures(&self, rows: &RecordBatch) -> Result<BooleanArray, RowRuleFailed>;
}

/// That a rule could not be held against rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the rule cannot be held against a row")]
pub struct RowRuleFailed;

/// What rules need besides the dataset's files. Whoever declares no such rule gives the default.
#[derive(Clone, Default)]
pub struct RuleInputs {
    /// The compiled rules on rows, by name: all that the dataset declares.
    pub rows: BTreeMap<String, Arc<dyn RowRule>>,
    /// The values of columns referred to, by dataset and column: this run's and the lake's.
    pub references: BTreeMap<(String, String), Arc<KeySet>>,
}

impl fmt::Debug for RuleInputs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RuleInputs")
            .field("rows", &self.rows.keys())
            .field("references", &self.references.keys())
            .finish()
    }
}

/// The rules of a dataset that look beyond one value.
pub(crate) struct Demands {
    /// In declared order.
    pub unique: Vec<Unique>,
    references: Vec<Reference>,
    rows: Vec<(RuleRef, Arc<dyn RowRule>)>,
    seed: u64,
}

/// That no value of a column occurs twice.
pub(crate) struct Unique {
    pub rule: RuleRef,
    /// The conformed column.
    pub name: String,
    column: usize,
}

struct Reference {
    rule: RuleRef,
    column: usize,
    among: Arc<KeySet>,
}

/// The values of a column as hashes, with the rows that have one.
pub(crate) struct Hashed {
    pub values: Vec<u128>,
    pub nulls: Option<NullBuffer>,
}

impl Hashed {
    /// The value of a row; `None` if it is null.
    pub(crate) fn get(&self, row: usize) -> Option<u128> {
        self.nulls.as_ref().is_none_or(|n| n.is_valid(row)).then(|| self.values[row])
    }
}

/// How the rules of a dataset are told of: those of each field, in order, those on rows, and all names given to any.
pub(super) struct RuleRefs {
    pub fields: Vec<Vec<RuleRef>>,
    rows: Vec<RuleRef>,
    pub names: Vec<String>,
}

impl RuleRefs {
    pub(super) fn of(dataset: &Dataset) -> Self {
        let mut names = Vec::new();
        let mut named = |name: &str| {
            names.push(name.to_owned());
            names.len() - 1
        };
        let mut fields = Vec::with_capacity(dataset.fields.len());
        for (index, field) in dataset.fields.iter().enumerate() {
            let of_rule = |r: &lakewarden_dictionary::FieldRule| RuleRef {
                field: Some(index),
                kind: r.rule.value.name(),
                name: r.name.as_ref().map(|name| named(&name.value)),
                on_failure: r.on_failure,
            };
            fields.push(field.rules.iter().map(of_rule).collect());
        }
        let rows = (dataset.demands.rows.iter())
            .map(|r| RuleRef { field: None, kind: "sql", name: Some(named(&r.name.value)), on_failure: r.on_failure })
            .collect();
        Self { fields, rows, names }
    }
}

impl Demands {
    /// Takes what the rules need from the context.
    ///
    /// # Errors
    /// LW4050 if it is not there.
    pub(super) fn compile(
        context: &ExtractContext<'_>,
        fields: &[FieldPlan<'_>],
        refs: &RuleRefs,
    ) -> Result<Self, ExtractError> {
        let dataset = context.dataset;
        let lacking = |rule: &str, what: String| ExtractError::RuleInput {
            dataset: dataset.name.value.clone(),
            rule: rule.to_owned(),
            what,
        };
        let (mut unique, mut references, mut rows) = (Vec::new(), Vec::new(), Vec::new());
        for (index, (field, own)) in dataset.fields.iter().zip(&refs.fields).enumerate() {
            for (declared, rule) in field.rules.iter().zip(own) {
                let demand = &declared.rule.value;
                if !matches!(demand, Rule::Unique | Rule::References { .. }) {
                    continue;
                }
                if !fields[index].stored {
                    return Err(lacking(declared.name(), format!("the values of {}", field.column.value)));
                }
                let column = fields[..index].iter().filter(|f| f.stored).count();
                match demand {
                    Rule::References { dataset, column: of } => {
                        let values = context.rules.references.get(&(dataset.clone(), of.clone()));
                        let among =
                            values.ok_or_else(|| lacking(declared.name(), format!("what {dataset}.{of} holds")))?;
                        references.push(Reference { rule: *rule, column, among: among.clone() });
                    }
                    _ => unique.push(Unique { rule: *rule, name: field.column.value.clone(), column }),
                }
            }
        }
        for (declared, rule) in dataset.demands.rows.iter().zip(&refs.rows) {
            let name = &declared.name.value;
            let compiled = context.rules.rows.get(name).ok_or_else(|| lacking(name, "its compiled SQL".to_owned()))?;
            rows.push((*rule, compiled.clone()));
        }
        Ok(Self { unique, references, rows, seed: context.seed })
    }

    /// Whether rows may be sent to quarantine after they were converted.
    pub(crate) fn seals_late(&self) -> bool {
        self.unique.iter().any(|u| matches!(u.rule.on_failure, OnFailure::Quarantine | OnFailure::SetNull))
    }

    /// Finds the values that no other dataset has; some become null. `None` if a column cannot be hashed.
    ///
    /// # Errors
    /// [`SpillError`].
    pub(super) fn refer(&self, stored: &mut [ArrayRef], faults: &mut Faults) -> Result<Option<()>, SpillError> {
        for reference in &self.references {
            let Some(hashed) = self.hash(&stored[reference.column]) else { return Ok(None) };
            let there = reference.among.which(&hashed.values)?;
            let missing: Vec<usize> =
                (0..there.len()).filter(|row| !there[*row] && hashed.get(*row).is_some()).collect();
            missing.iter().for_each(|row| faults.fail(*row, reference.rule));
            if reference.rule.on_failure == OnFailure::SetNull && !missing.is_empty() {
                let Some(left) = without(&stored[reference.column], &missing) else { return Ok(None) };
                stored[reference.column] = left;
            }
        }
        Ok(Some(()))
    }

    /// Holds the rules on rows against those that nothing else has refused.
    pub(super) fn judge_rows(&self, rows: &RecordBatch, faults: &mut Faults) -> Result<(), (RuleRef, RowRuleFailed)> {
        if self.rows.is_empty() {
            return Ok(());
        }
        // A value that does not parse is null, and would pass or fail for a reason of its own.
        let sound = faults.any().then(|| faults.sound());
        let judged = match &sound {
            Some(places) => take_record_batch(rows, places).ok(),
            None => Some(rows.clone()),
        };
        for (rule, compiled) in &self.rows {
            let failed = |error| (*rule, error);
            let judged = judged.as_ref().ok_or(failed(RowRuleFailed))?;
            let fails = compiled.failures(judged).map_err(failed)?;
            if fails.len() != judged.num_rows() {
                return Err(failed(RowRuleFailed));
            }
            for at in (0..fails.len()).filter(|at| fails.is_valid(*at) && fails.value(*at)) {
                faults.fail(sound.as_ref().map_or(at, |places: &UInt32Array| places.value(at) as usize), *rule);
            }
        }
        Ok(())
    }

    /// The values of the columns that must be unique, in the order of the rules.
    pub(super) fn unique_values(&self, stored: &[ArrayRef]) -> Option<Vec<Hashed>> {
        self.unique.iter().map(|unique| self.hash(&stored[unique.column])).collect()
    }

    fn hash(&self, column: &ArrayRef) -> Option<Hashed> {
        let values = RowHasher::new([column.clone()], self.seed).ok()?.hashes(column.len());
        Some(Hashed { values, nulls: column.logical_nulls() })
    }
}
