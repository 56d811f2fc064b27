//! How rows are divided among connections: by ranges that cover every value there can be.

/// A range of a column of numbers: from its lower bound, included, up to its upper bound, excluded. The first has no
/// lower bound and takes what is null, the last has no upper bound: whatever the least and greatest value were when
/// they were asked for, no row lies in none or in two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Range {
    pub from: Option<i128>,
    pub below: Option<i128>,
}

impl Range {
    /// The range of everything.
    pub const ALL: Self = Self { from: None, below: None };
}

/// Divides `least` to `greatest`, both included, into at most `parts` ranges of about the same width.
pub(super) fn divide(least: i128, greatest: i128, parts: u32) -> Vec<Range> {
    let Some(width) = greatest.checked_sub(least).filter(|w| *w >= 0).and_then(|w| w.checked_add(1)) else {
        return vec![Range::ALL];
    };
    let parts = i128::from(parts.max(1)).min(width);
    // Quotient and remainder apart: the product of width and part may be too great.
    let (step, rest) = (width / parts, width % parts);
    let bound = |part: i128| least + step * part + rest.min(part);
    (0..parts)
        .map(|part| Range { from: (part > 0).then(|| bound(part)), below: (part + 1 < parts).then(|| bound(part + 1)) })
        .collect()
}

/// A whole number as a database writes one, with or without zeros after the point.
pub(super) fn whole(text: &str) -> Option<i128> {
    let (number, fraction) = text.split_once('.').unwrap_or((text, ""));
    if fraction.bytes().any(|b| b != b'0') { None } else { number.parse().ok() }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn holds(range: &Range, value: i128) -> bool {
        range.from.is_none_or(|from| value >= from) && range.below.is_none_or(|below| value < below)
    }

    #[test]
    fn every_value_is_in_one_range() {
        for (least, greatest) in [(1, 1000), (-7, 3), (5, 5), (0, 2), (i64::MIN.into(), i64::MAX.into())] {
            for parts in [1, 2, 3, 7, 64] {
                let ranges = divide(least, greatest, parts);
                assert!(!ranges.is_empty() && ranges.len() <= parts as usize);
                let edges = [least - 1, least, least + 1, (least + greatest) / 2, greatest - 1, greatest, greatest + 9];
                let edges = edges.into_iter().chain(ranges.iter().flat_map(|r| [r.from, r.below]).flatten());
                for value in edges {
                    assert_eq!(ranges.iter().filter(|r| holds(r, value)).count(), 1, "{value} in {ranges:?}");
                }
            }
        }
        assert_eq!(divide(3, 2, 4), [Range::ALL]);
        assert_eq!(divide(i128::MIN, i128::MAX, 4), [Range::ALL]);
    }

    #[test]
    fn whole_numbers() {
        assert_eq!((whole("17"), whole("-3.00"), whole("1.5"), whole("NaN")), (Some(17), Some(-3), None, None));
    }
}
