//! Identifiers that identify no person, and other values that are left out of a row.

use super::faults::Faults;
use super::plan::FieldPlan;
use arrow::array::{ArrayRef, BooleanArray, StringArray};
use arrow::compute::nullif;
use lakewarden_dictionary::{Absence, Field, Masked, Normaliser, OnInvalid, TokenDomain, Treatment};
use lakewarden_privacy::absent::{AbsentValues, IdentifierKind, Sifted};

/// The rules by which accounts name what was left out.
const PLACEHOLDER: &str = "placeholder";
const MASKED: &str = "masked";

/// What of a field's values identifies no person.
#[derive(Debug)]
pub(crate) struct Sieve {
    values: AbsentValues,
    masked: Masked,
}

impl Sieve {
    /// That of a field; `None` for one that becomes no pseudonym.
    pub(super) fn of(field: &Field) -> Option<Self> {
        let domain = match &field.treatment {
            Treatment::Pseudonymise(TokenDomain::Fixed(domain)) => domain.as_str(),
            // Of which domain a value is, is judged row by row, once the row's word is known.
            Treatment::Pseudonymise(TokenDomain::ByField(_)) => "",
            Treatment::Keep
            | Treatment::Drop
            | Treatment::Mask { .. }
            | Treatment::Redact
            | Treatment::Generalise(_) => return None,
        };
        Some(Self::of_kind(kind_of(domain, field.normalise), &field.values.absence))
    }

    /// That of identifiers of a domain in a field that holds several.
    pub(super) fn of_domain(domain: &str, normaliser: Normaliser, absence: &Absence) -> Self {
        Self::of_kind(kind_of(domain, normaliser), absence)
    }

    fn of_kind(kind: IdentifierKind, absence: &Absence) -> Self {
        let listed = absence.absent.iter().map(|value| value.value.as_str());
        let masked = absence.masked();
        Self { values: AbsentValues::new(kind, !absence.only_listed, listed, masked != Masked::Keep), masked }
    }

    /// Takes the values out that identify no person; `row` gives the row of a place.
    pub(super) fn sift(
        &self,
        field: usize,
        text: &StringArray,
        row: impl Fn(usize) -> usize,
        faults: &mut Faults,
    ) -> StringArray {
        let Sifted { values, placeholders, masked } = self.values.sift(text);
        placeholders.into_iter().for_each(|place| faults.leave_out(row(place), field, PLACEHOLDER));
        for place in masked {
            match self.masked {
                Masked::Absent => faults.leave_out(row(place), field, MASKED),
                Masked::Quarantine | Masked::Keep => faults.set(row(place), field, MASKED),
            }
        }
        values
    }
}

fn kind_of(domain: &str, normaliser: Normaliser) -> IdentifierKind {
    match (normaliser, domain) {
        (Normaliser::Phone, _) | (_, "phone") => IdentifierKind::Phone,
        (Normaliser::Email, _) | (_, "email") => IdentifierKind::Email,
        (
            Normaliser::None
            | Normaliser::Trim
            | Normaliser::Identifier
            | Normaliser::IntegerIdentifier
            | Normaliser::ResidentId
            | Normaliser::TravelPermit
            | Normaliser::WechatId,
            _,
        ) => IdentifierKind::Other,
    }
}

impl FieldPlan<'_> {
    /// Says that a value does not have the field's type or form: it is null already.
    pub(super) fn refuse(&self, row: usize, field: usize, rule: &'static str, faults: &mut Faults) {
        match self.field.values.absence.on_invalid() {
            OnInvalid::Quarantine => faults.set(row, field, rule),
            OnInvalid::SetNull => faults.leave_out(row, field, rule),
        }
    }
}

/// A column without the values of some rows. `None` if Arrow cannot take them out, which would be a bug.
pub(super) fn without(column: &ArrayRef, rows: &[usize]) -> Option<ArrayRef> {
    let mut out = vec![false; column.len()];
    rows.iter().for_each(|row| out[*row] = true);
    nullif(column, &BooleanArray::from(out)).ok()
}
