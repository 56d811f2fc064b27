//! Fields that exports have had from a day on: what is demanded of rows from that day on, and of no others.

use super::Typed;
use super::demands::RuleRefs;
use super::faults::{Faults, RuleRef};
use crate::values::Zone;
use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{Date32Type, TimestampMicrosecondType};
use chrono::NaiveDate;
use lakewarden_dictionary::{DataType, Dataset, Field, OnFailure, Rule};

/// A rule that a field breaks if a file from its day on lacks it.
const RULE: &str = "since";

/// A field with a first day.
pub(super) struct SincePlan {
    /// Among the declared fields.
    field: usize,
    /// The event time, among the declared fields.
    event: usize,
    from: From,
    /// The rule `required`, if it is declared.
    required: Vec<RuleRef>,
}

/// The first event time of the rows that have a field.
enum From {
    /// In microseconds.
    Instant(i64),
    /// In days since 1970.
    Day(i32),
}

/// Whether a rule is judged here, with the row's event time, instead of with the value alone.
pub(super) fn is_from_a_day_on(dataset: &Dataset, field: &Field, rule: &Rule) -> bool {
    *rule == Rule::Required && field.since.is_some() && event_field(dataset).is_some()
}

fn event_field(dataset: &Dataset) -> Option<usize> {
    let event = dataset.event_time.as_ref()?;
    let field = dataset.fields.iter().position(|f| f.column.value == event.value)?;
    dataset.fields[field].data_type.value.is_temporal().then_some(field)
}

impl SincePlan {
    /// The fields of a dataset that have a first day; `zone` is the wall clock of its event time.
    pub(super) fn compile(dataset: &Dataset, refs: &RuleRefs, zone: Zone) -> Vec<Self> {
        let Some(event) = event_field(dataset) else { return Vec::new() };
        let from = |day: NaiveDate| match dataset.fields[event].data_type.value {
            DataType::Date => From::Day(day.to_epoch_days()),
            DataType::Timestamp
            | DataType::String
            | DataType::Integer
            | DataType::Double
            | DataType::Decimal { .. }
            | DataType::Boolean => From::Instant(zone.instant(day.and_time(chrono::NaiveTime::MIN))),
        };
        let fields = dataset.fields.iter().zip(&refs.fields).enumerate().filter(|(_, (field, _))| field.is_stored());
        let plan = |(index, (field, refs)): (usize, (&Field, &Vec<RuleRef>))| {
            let rules = field.rules.iter().zip(refs).filter(|(rule, _)| rule.rule.value == Rule::Required);
            let required = rules.map(|(_, by)| *by).collect();
            Some(Self { field: index, event, from: from(field.since.as_ref()?.value), required })
        };
        fields.filter_map(plan).collect()
    }

    /// Where it is among the declared fields.
    pub(super) fn field(&self) -> usize {
        self.field
    }

    /// Demands the field in rows that are from its first day on, or of which it is not known. `occurs` says whether the
    /// file has the field at all.
    pub(super) fn demand(&self, typed: &[Option<Typed>], occurs: bool, faults: &mut Faults) -> Option<()> {
        let values = &typed.get(self.field)?.as_ref()?.values;
        if values.null_count() == 0 || (occurs && self.required.is_empty()) {
            return Some(());
        }
        let later = self.later_rows(&typed.get(self.event)?.as_ref()?.values)?;
        for row in (0..values.len()).filter(|row| values.is_null(*row) && later[*row]) {
            self.required.iter().for_each(|rule| faults.fail(row, *rule));
            if !occurs {
                let on_failure = OnFailure::Quarantine;
                faults.fail(row, RuleRef { field: Some(self.field), kind: RULE, name: None, on_failure });
            }
        }
        Some(())
    }

    fn later_rows(&self, event: &ArrayRef) -> Option<Vec<bool>> {
        Some(match self.from {
            From::Day(from) => {
                let days = event.as_primitive_opt::<Date32Type>()?;
                days.iter().map(|day| day.is_none_or(|day| day >= from)).collect()
            }
            From::Instant(from) => {
                let instants = event.as_primitive_opt::<TimestampMicrosecondType>()?;
                instants.iter().map(|instant| instant.is_none_or(|instant| instant >= from)).collect()
            }
        })
    }
}
