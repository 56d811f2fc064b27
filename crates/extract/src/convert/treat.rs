//! Typed values → what may be stored.

use super::Typed;
use super::faults::Faults;
use super::plan::{Plan, TokenPlan};
use crate::error::ExtractError;
use crate::values::Zone;
use arrow::array::{Array, ArrayRef, AsArray, Date32Array, StringArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType as Arrow, Float64Type, TimestampMicrosecondType};
use lakewarden_dictionary::{Generalisation, Treatment};
use lakewarden_privacy::{redact::redact, treat};
use std::collections::BTreeMap;
use std::sync::Arc;

impl Plan<'_> {
    /// Makes the stored column of a field.
    pub(super) fn treat(
        &self,
        file: &str,
        index: usize,
        typed: &[Option<Typed>],
        faults: &mut Faults,
        redactions: &mut BTreeMap<&'static str, u64>,
    ) -> Result<ArrayRef, ExtractError> {
        let bug = || self.internal(file, "treating values");
        let field = &self.fields[index];
        let own = typed[index].as_ref().ok_or_else(bug)?;
        let text = || own.text.as_ref().ok_or_else(bug);
        Ok(match &field.field.treatment {
            Treatment::Keep => own.values.clone(),
            // A dropped field is not stored, so nobody asks for its column.
            Treatment::Drop => return Err(bug()),
            Treatment::Pseudonymise(_) => {
                let tokens = match field.token.as_ref().ok_or_else(bug)? {
                    TokenPlan::Fixed(tokeniser) => tokeniser.tokenise(text()?),
                    TokenPlan::ByField { domain, domains } => {
                        let words = typed[*domain].as_ref().and_then(|t| t.text.as_ref()).ok_or_else(bug)?;
                        domains.tokenise(field, index, text()?, words, faults).ok_or_else(bug)?
                    }
                };
                Arc::new(tokens)
            }
            Treatment::Mask { keep_first, keep_last } => Arc::new(treat::mask(text()?, *keep_first, *keep_last)),
            Treatment::Redact => {
                let (redacted, counts) = redact(text()?);
                for (kind, count) in counts.iter().filter(|(_, count)| *count > 0) {
                    *redactions.entry(kind.name()).or_default() += count;
                }
                Arc::new(redacted)
            }
            Treatment::Generalise(Generalisation::City) => Arc::new(treat::city(text()?) as StringArray),
            Treatment::Generalise(Generalisation::Grid { millidegrees }) => {
                let degrees = cast(&own.values, &Arrow::Float64).map_err(|_| bug())?;
                Arc::new(treat::grid(degrees.as_primitive::<Float64Type>(), *millidegrees))
            }
            Treatment::Generalise(calendar) => {
                let days = days(&own.values, field.times.zone());
                match calendar {
                    Generalisation::Decade => Arc::new(treat::decade(&days)) as ArrayRef,
                    Generalisation::Year => Arc::new(treat::year(&days)),
                    _ => Arc::new(treat::month(&days)),
                }
            }
        })
    }
}

/// The days of dates, or of instants in a zone.
fn days(values: &ArrayRef, zone: Zone) -> ArrayRef {
    match values.data_type() {
        Arrow::Timestamp(..) => {
            let days: Date32Array =
                values.as_primitive::<TimestampMicrosecondType>().unary(|instant| zone.day(instant));
            Arc::new(days)
        }
        _ => values.clone(),
    }
}
