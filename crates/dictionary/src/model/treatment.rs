//! What each treatment leaves of a value: the one place that says so.

use super::terms::{DataType, Generalisation, TokenDomain, Treatment};

/// What is stored of a field after its treatment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TreatmentProperties<'t> {
    /// The type of its column; `None` if nothing is stored.
    pub stored_type: Option<DataType>,
    /// What of the value is left.
    pub leaves: Leaves<'t>,
}

/// What a treatment leaves of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leaves<'t> {
    /// Nothing.
    Nothing,
    /// All of it: as identifying as it was.
    Value,
    /// A pseudonym of this domain, which names the data subject to the policy's gate.
    Pseudonym(&'t TokenDomain),
    /// A part: of an identifier, direct or not, still one that helps to single a person out.
    Part,
}

impl Treatment {
    /// What is stored of a value that was parsed as `parsed`.
    pub fn properties(&self, parsed: DataType) -> TreatmentProperties<'_> {
        let (stored_type, leaves) = match self {
            Treatment::Keep => (Some(parsed), Leaves::Value),
            Treatment::Drop => (None, Leaves::Nothing),
            Treatment::Pseudonymise(domain) => (Some(DataType::String), Leaves::Pseudonym(domain)),
            Treatment::Mask { .. } | Treatment::Redact => (Some(DataType::String), Leaves::Part),
            Treatment::Generalise(coarser) => (Some(coarser.stored_type()), Leaves::Part),
        };
        TreatmentProperties { stored_type, leaves }
    }

    /// Whether pseudonyms are stored.
    pub fn is_pseudonym(&self) -> bool {
        match self {
            Treatment::Pseudonymise(_) => true,
            Treatment::Keep
            | Treatment::Drop
            | Treatment::Mask { .. }
            | Treatment::Generalise(_)
            | Treatment::Redact => false,
        }
    }
}

impl Generalisation {
    /// The type of the coarser value.
    pub fn stored_type(self) -> DataType {
        match self {
            Generalisation::Decade | Generalisation::Year => DataType::Integer,
            Generalisation::Month => DataType::Date,
            Generalisation::City => DataType::String,
            Generalisation::Grid { .. } => DataType::Double,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_treatment_leaves_what_it_says() {
        let domain = TokenDomain::Fixed("phone".into());
        let expected = [
            (Treatment::Keep, Some(DataType::Date), Leaves::Value),
            (Treatment::Drop, None, Leaves::Nothing),
            (Treatment::Pseudonymise(domain.clone()), Some(DataType::String), Leaves::Pseudonym(&domain)),
            (Treatment::Mask { keep_first: 1, keep_last: 0 }, Some(DataType::String), Leaves::Part),
            (Treatment::Redact, Some(DataType::String), Leaves::Part),
            (Treatment::Generalise(Generalisation::Decade), Some(DataType::Integer), Leaves::Part),
            (Treatment::Generalise(Generalisation::Year), Some(DataType::Integer), Leaves::Part),
            (Treatment::Generalise(Generalisation::Month), Some(DataType::Date), Leaves::Part),
            (Treatment::Generalise(Generalisation::City), Some(DataType::String), Leaves::Part),
            (Treatment::Generalise(Generalisation::Grid { millidegrees: 10 }), Some(DataType::Double), Leaves::Part),
        ];
        for (treatment, stored_type, leaves) in &expected {
            let properties = treatment.properties(DataType::Date);
            assert_eq!((properties.stored_type, properties.leaves), (*stored_type, *leaves), "{treatment:?}");
        }
    }
}
