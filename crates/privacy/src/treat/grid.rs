//! Coordinates → the nearest point of a grid.

use arrow::array::Float64Array;

/// Degrees → the nearest multiple of `millidegrees` thousandths of a degree (100: about 11 km of latitude).
///
/// What is not finite becomes null. 0 is read as 1, the finest grid.
pub fn grid(values: &Float64Array, millidegrees: u32) -> Float64Array {
    let step = f64::from(millidegrees.max(1));
    values.unary_opt(|degrees: f64| {
        // Whole thousandths, divided once: no binary crumbs such as 31.200000000000003. Adding 0 turns -0 into 0.
        let point = (degrees * 1000.0 / step).round() * step / 1000.0 + 0.0;
        point.is_finite().then_some(point)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn points_snap() {
        let values = Float64Array::from(vec![Some(31.2304), None, Some(-0.04), Some(121.4737), Some(f64::NAN)]);
        let expected = Float64Array::from(vec![Some(31.2), None, Some(0.0), Some(121.5), None]);
        assert_eq!(grid(&values, 100), expected);
        assert_eq!(grid(&Float64Array::from(vec![31.2304]), 0), Float64Array::from(vec![31.23]));
        assert_eq!(grid(&Float64Array::from(vec![31.2304]), 250), Float64Array::from(vec![31.25]));
    }

    proptest! {
        #[test]
        fn near_and_idempotent(degrees in -180.0..180.0f64, millidegrees in 1..5000u32) {
            let once = grid(&Float64Array::from(vec![degrees]), millidegrees);
            prop_assert!((once.value(0) - degrees).abs() <= f64::from(millidegrees) / 2000.0 + 1e-9);
            prop_assert_eq!(grid(&once, millidegrees), once);
        }
    }
}
