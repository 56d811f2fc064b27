//! Counts since 1970 whose unit is not the declared one.

use super::zone::DAY;
use std::ops::Range;

/// Days before a run, and after it, that times counted since 1970 are likely to be of: thirty years and ten.
const LIKELY_DAYS: (i64, i64) = (10_957, 3_652);
/// The decimal places that turn s, ms, µs and ns into µs.
const UNITS: [i8; 4] = [6, 3, 0, -3];

/// The instants, µs, that a count since 1970 is likely to be in a run of this instant, µs.
pub(super) fn likely_instants(as_of: i64) -> Range<i64> {
    let (before, after) = LIKELY_DAYS;
    as_of.saturating_sub(before * DAY)..as_of.saturating_add(after * DAY)
}

/// Whether an instant, µs, that was counted in the unit of these decimal places, is unlikely, and the same number would
/// be a likely one in another unit.
pub(super) fn is_of_other_unit(likely: &Range<i64>, places: i8, at: i64) -> bool {
    if likely.contains(&at) {
        return false;
    }
    UNITS.iter().filter(|other| **other != places).any(|other| {
        let factor = 10i128.pow(u32::from((other - places).unsigned_abs()));
        let there = if *other > places { i128::from(at) * factor } else { i128::from(at) / factor };
        i64::try_from(there).is_ok_and(|there| likely.contains(&there))
    })
}
