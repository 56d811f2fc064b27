//! Pairs of coordinates → WGS-84, before they are made coarser.

use super::Typed;
use super::faults::Faults;
use super::plan::Plan;
use crate::error::ExtractError;
use arrow::array::{Array, AsArray};
use arrow::datatypes::Float64Type;
use lakewarden_dictionary::{DataType, Dataset, Datum as Declared};
use lakewarden_privacy::treat::{Datum, Places, to_wgs84};
use std::sync::Arc;

/// A pair of fields that is a place.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PlacePlan {
    latitude: usize,
    longitude: usize,
    datum: Datum,
}

impl PlacePlan {
    /// Finds the fields of a dataset's pairs.
    ///
    /// # Errors
    /// LW4023.
    pub(super) fn compile(dataset: &Dataset) -> Result<Vec<Self>, ExtractError> {
        let find = |name: &str| {
            let unusable = |problem| ExtractError::UnusableColumn {
                dataset: dataset.name.value.clone(),
                name: name.to_owned(),
                role: "coordinates",
                problem,
            };
            let field = dataset.fields.iter().position(|f| f.column.value == name);
            let field = field.ok_or_else(|| unusable("no field has this column"))?;
            if dataset.fields[field].data_type.value != DataType::Double {
                return Err(unusable("it is not a double"));
            }
            Ok(field)
        };
        let pair = |pair: &lakewarden_dictionary::Coordinates| {
            Ok(Self {
                latitude: find(&pair.latitude.value)?,
                longitude: find(&pair.longitude.value)?,
                datum: match pair.datum {
                    Declared::Wgs84 => Datum::Wgs84,
                    Declared::Gcj02 => Datum::Gcj02,
                    Declared::Bd09 => Datum::Bd09,
                },
            })
        };
        dataset.coordinates.iter().map(pair).collect()
    }

    /// Its fields, which must be typed for it.
    pub(super) fn fields(&self) -> [usize; 2] {
        [self.latitude, self.longitude]
    }
}

impl Plan<'_> {
    /// Brings the dataset's places to WGS-84. Rows that say half a place, or one that is not on earth, get the fault
    /// `coordinates`.
    pub(super) fn locate(
        &self,
        file: &str,
        typed: &mut [Option<Typed>],
        faults: &mut Faults,
    ) -> Result<(), ExtractError> {
        for place in &self.places {
            let degrees = |field: usize| typed[field].as_ref()?.values.as_primitive_opt::<Float64Type>();
            let (Some(latitude), Some(longitude)) = (degrees(place.latitude), degrees(place.longitude)) else {
                return Err(self.internal(file, "reading coordinates"));
            };
            if latitude.null_count() == latitude.len() && longitude.null_count() == longitude.len() {
                continue;
            }
            let Places { latitude, longitude, invalid } = to_wgs84(place.datum, latitude, longitude);
            // The later of the two: a row of which one does not parse keeps that as its reason.
            let blamed = place.latitude.max(place.longitude);
            invalid.into_iter().for_each(|row| faults.set(row, blamed, "coordinates"));
            for (field, values) in [(place.latitude, latitude), (place.longitude, longitude)] {
                if let Some(typed) = &mut typed[field] {
                    typed.values = Arc::new(values);
                }
            }
        }
        Ok(())
    }
}
