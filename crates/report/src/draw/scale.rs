//! From numbers to places.

/// A linear scale. A domain of no width maps to the start of its range.
#[derive(Clone, Copy)]
pub(crate) struct Linear {
    domain: (f64, f64),
    range: (f64, f64),
}

impl Linear {
    /// Maps `domain.0..=domain.1` to `range.0..=range.1`.
    pub(crate) fn new(domain: (f64, f64), range: (f64, f64)) -> Self {
        Self { domain, range }
    }

    /// Gives the place of `x`, never outside the range.
    pub(crate) fn at(&self, x: f64) -> f64 {
        let width = self.domain.1 - self.domain.0;
        let t = if width.is_finite() && width != 0.0 { (x - self.domain.0) / width } else { 0.0 };
        let t = if t.is_finite() { t.clamp(0.0, 1.0) } else { 0.0 };
        self.range.0 + t * (self.range.1 - self.range.0)
    }
}

/// Chooses round numbers from at or below `min` to at or above `max`, about `count` steps of 1, 2 or 5 × 10ⁿ.
/// With `whole`, steps are at least 1.
pub(crate) fn ticks(min: f64, max: f64, count: usize, whole: bool) -> Vec<f64> {
    let (min, max) = (finite(min), finite(max));
    if max <= min {
        return vec![min, min + 1.0];
    }
    let raw = (max - min) / count.max(1) as f64;
    let power = 10f64.powf(raw.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].into_iter().map(|m| m * power).find(|s| *s >= raw * 0.999).unwrap_or(raw);
    let step = if whole { step.max(1.0) } else { step };
    let (first, last) = ((min / step).floor() as i64, (max / step - 1e-9).ceil() as i64);
    (first..=last).map(|i| i as f64 * step).collect()
}

fn finite(x: f64) -> f64 {
    if x.is_finite() { x.clamp(-1e300, 1e300) } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_cover() {
        assert_eq!(ticks(0.0, 97.0, 5, false), [0.0, 20.0, 40.0, 60.0, 80.0, 100.0]);
        assert_eq!(ticks(0.0, 100.0, 5, false), [0.0, 20.0, 40.0, 60.0, 80.0, 100.0]);
        assert_eq!(ticks(0.0, 2.0, 5, true), [0.0, 1.0, 2.0]);
        assert_eq!(ticks(-30.0, 70.0, 4, false), [-50.0, 0.0, 50.0, 100.0]);
        assert_eq!(ticks(0.0, 0.0, 5, false).len(), 2);
        assert_eq!(ticks(f64::NAN, f64::INFINITY, 5, false).len(), 2);
        for max in [1e-9, 0.3, 7.0, 1234.5, 9.9e17] {
            let t = ticks(0.0, max, 5, false);
            assert!(t.len() <= 8 && t[t.len() - 1] >= max * 0.999, "{max}: {t:?}");
        }
    }

    #[test]
    fn a_scale_stays_in_its_range() {
        let scale = Linear::new((0.0, 10.0), (100.0, 0.0));
        assert_eq!((scale.at(5.0), scale.at(-3.0), scale.at(99.0)), (50.0, 100.0, 0.0));
        assert_eq!(Linear::new((3.0, 3.0), (7.0, 9.0)).at(3.0), 7.0);
        assert_eq!(scale.at(f64::NAN), 100.0);
    }
}
