//! Counts of people that are too small to be shown, and those that would give them away.
//!
//! A count from 1 up to, not including, the project's minimum is shown as *fewer than* the minimum. Where the sum of
//! several counts can be known, one such count alone could be computed from the others: then the next smallest is hidden
//! too, until at least two are, and until those hidden stand for the minimum of people together.

use crate::format::integer;
use crate::language::Language;
use crate::words;

/// A count as it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ShownCount {
    /// The count.
    Exact(u64),
    /// Fewer than this.
    Fewer(u64),
    /// At least this: shown so that another count cannot be computed.
    AtLeast(u64),
}

impl ShownCount {
    /// Writes it.
    pub(crate) fn text(self, language: Language) -> String {
        match self {
            Self::Exact(count) => integer(count),
            Self::Fewer(least) => words::FEWER_THAN.with(language, &[&integer(least)]),
            Self::AtLeast(least) => words::AT_LEAST.with(language, &[&integer(least)]),
        }
    }

    /// The count, if it is shown.
    pub(crate) fn exact(self) -> Option<u64> {
        match self {
            Self::Exact(count) => Some(count),
            Self::Fewer(_) | Self::AtLeast(_) => None,
        }
    }
}

fn is_few(count: u64, least: u64) -> bool {
    count > 0 && count < least
}

/// One count whose complement nobody can compute.
pub(crate) fn single(count: u64, least: u64) -> ShownCount {
    if is_few(count, least) { ShownCount::Fewer(least) } else { ShownCount::Exact(count) }
}

/// Counts whose sum is shown, or can be computed.
pub(crate) fn parts(counts: &[u64], least: u64) -> Vec<ShownCount> {
    let mut shown: Vec<ShownCount> = counts.iter().map(|count| single(*count, least)).collect();
    let hidden = |shown: &[ShownCount]| {
        let of = shown.iter().zip(counts).filter(|(shown, _)| shown.exact().is_none());
        of.fold((0usize, 0u64), |(cells, sum), (_, count)| (cells + 1, sum.saturating_add(*count)))
    };
    loop {
        let (cells, sum) = hidden(&shown);
        if cells == 0 || (cells > 1 && sum >= least) {
            return shown;
        }
        let next =
            (0..counts.len()).filter(|i| counts[*i] > 0 && shown[*i].exact().is_some()).min_by_key(|i| counts[*i]);
        match next {
            Some(next) => shown[next] = ShownCount::AtLeast(least),
            None => return shown,
        }
    }
}

/// A whole and the part of it that is left when a small part is taken off: neither may give the small one away.
/// Returns the part that is taken off and the part that is left.
pub(crate) fn taken_and_left(whole: u64, taken: u64, least: u64) -> (ShownCount, ShownCount) {
    let left = whole.saturating_sub(taken);
    match single(taken, least) {
        ShownCount::Exact(taken) => (ShownCount::Exact(taken), ShownCount::Exact(left)),
        few @ (ShownCount::Fewer(_) | ShownCount::AtLeast(_)) => {
            (few, ShownCount::AtLeast(whole.saturating_sub(least.saturating_sub(1))))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ShownCount::{AtLeast, Exact, Fewer};

    #[test]
    fn small_counts_are_not_shown_and_zero_is() {
        assert_eq!(single(4, 5), Fewer(5));
        assert_eq!(single(5, 5), Exact(5));
        assert_eq!(single(0, 5), Exact(0));
        assert_eq!(single(1, 0), Exact(1), "a project without a minimum");
        assert_eq!(Fewer(5).text(Language::English), "<\u{a0}5");
    }

    #[test]
    fn one_small_count_among_others_is_hidden_together_with_the_next() {
        assert_eq!(parts(&[60, 3, 37], 5), [Exact(60), Fewer(5), AtLeast(5)]);
        assert_eq!(parts(&[60, 0, 3], 5), [AtLeast(5), Exact(0), Fewer(5)], "zero hides nothing");
        assert_eq!(parts(&[60, 37], 5), [Exact(60), Exact(37)]);
    }

    #[test]
    fn small_counts_that_are_few_together_take_one_more() {
        assert_eq!(parts(&[1, 2, 50], 5), [Fewer(5), Fewer(5), AtLeast(5)]);
        assert_eq!(parts(&[3, 4, 50], 5), [Fewer(5), Fewer(5), Exact(50)]);
        assert_eq!(parts(&[3], 5), [Fewer(5)]);
    }

    #[test]
    fn no_small_count_can_be_computed_from_what_is_shown() {
        for counts in [[1, 9, 20, 300], [4, 4, 4, 4], [1, 1, 1, 500], [2, 0, 0, 7], [0, 0, 6, 1]] {
            let shown = parts(&counts, 5);
            let total: u64 = counts.iter().sum();
            let known: u64 = shown.iter().filter_map(|s| s.exact()).sum();
            let hidden: Vec<u64> =
                shown.iter().zip(counts).filter(|(s, _)| s.exact().is_none()).map(|(_, c)| c).collect();
            assert!(hidden.is_empty() || (hidden.len() > 1 && total - known >= 5), "{counts:?}: {shown:?}");
            assert!(shown.iter().zip(counts).all(|(s, c)| s.exact().is_none() || c == 0 || c >= 5));
        }
    }

    #[test]
    fn what_is_left_does_not_give_away_what_was_taken() {
        assert_eq!(taken_and_left(1_000, 3, 5), (Fewer(5), AtLeast(996)));
        assert_eq!(taken_and_left(1_000, 40, 5), (Exact(40), Exact(960)));
        assert_eq!(taken_and_left(1_000, 0, 5), (Exact(0), Exact(1_000)));
        assert_eq!(taken_and_left(2, 2, 5), (Fewer(5), AtLeast(0)));
    }
}
