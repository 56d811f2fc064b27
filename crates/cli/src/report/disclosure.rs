//! Keeps money off small groups: nothing about fewer than [`LEAST`] customers is shown with an amount.
//!
//! Small groups are merged with others, or their amount is left out, in such a way that a difference of the
//! numbers shown does not give it back either. Counts stay whole.

use super::names;
use chrono::NaiveDate;
use lakewarden_report::data::{ChannelRevenue, RfmCell, Segment, SpendBin};
use std::collections::BTreeMap;

/// The fewest customers that are shown with money.
pub(super) const LEAST: u64 = 5;

fn is_few(customers: u64, least: u64) -> bool {
    customers > 0 && customers < least
}

/// Merges bins, which adjoin each other in rising order, until each has no customer or at least `least`.
/// Nothing is left if all together are fewer.
pub(super) fn merge_bins(bins: impl IntoIterator<Item = SpendBin>, least: u64) -> Vec<SpendBin> {
    let mut merged: Vec<SpendBin> = Vec::new();
    for bin in bins {
        match merged.last_mut() {
            Some(last) if is_few(last.customers, least) => {
                last.to = bin.to;
                last.customers += bin.customers;
            }
            _ => merged.push(bin),
        }
    }
    while let Some(last) = merged.pop_if(|last| is_few(last.customers, least)) {
        let Some(below) = merged.last_mut() else {
            break;
        };
        below.to = last.to;
        below.customers += last.customers;
    }
    merged
}

/// Takes the mean spend off small cells, and off so many others that what is hidden is about [`LEAST`]
/// customers or more.
pub(super) fn hide_small_means(cells: &mut [RfmCell]) {
    let mut hidden = 0;
    for cell in cells.iter_mut().filter(|c| c.customers < LEAST) {
        cell.mean_money = None;
        hidden += cell.customers;
    }
    while is_few(hidden, LEAST) {
        let shown = cells.iter_mut().filter(|c| c.mean_money.is_some());
        let Some(next) = shown.min_by_key(|c| c.customers) else {
            break;
        };
        next.mean_money = None;
        hidden += next.customers;
    }
}

/// Puts small segments together, with the next smallest if need be. Nothing is left if all together are
/// fewer than [`LEAST`].
pub(super) fn fold_segments(segments: Vec<Segment>) -> Vec<Segment> {
    let (few, mut shown): (Vec<_>, Vec<_>) =
        segments.into_iter().filter(|s| s.customers > 0).partition(|s| is_few(s.customers, LEAST));
    if few.is_empty() {
        return shown;
    }
    let mut other = Segment {
        name: names::OTHER.to_owned(),
        label: names::segment(names::OTHER),
        customers: few.iter().map(|s| s.customers).sum(),
        revenue_share: few.iter().map(|s| s.revenue_share).sum(),
    };
    while other.customers < LEAST {
        let smallest = shown.iter().enumerate().min_by_key(|(_, s)| s.customers).map(|(i, _)| i);
        let Some(next) = smallest.map(|i| shown.remove(i)) else {
            return Vec::new();
        };
        other.customers += next.customers;
        other.revenue_share += next.revenue_share;
    }
    shown.push(other);
    shown
}

/// What one channel sold in one month, and to how many customers that are known.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct MonthSold {
    pub(super) channel: String,
    pub(super) month: NaiveDate,
    pub(super) customers: u64,
    pub(super) amount: f64,
}

/// Adds the amount of a month with few customers to the next month of its channel that has enough, or else
/// to the last. A channel that never has enough is left out.
pub(super) fn fold_months(sold: Vec<MonthSold>) -> Vec<ChannelRevenue> {
    let mut channels: BTreeMap<String, Vec<MonthSold>> = BTreeMap::new();
    for month in sold {
        channels.entry(month.channel.clone()).or_default().push(month);
    }
    channels.into_values().flat_map(fold_channel).collect()
}

fn fold_channel(mut sold: Vec<MonthSold>) -> Vec<ChannelRevenue> {
    sold.sort_by_key(|s| s.month);
    let mut shown: Vec<ChannelRevenue> = Vec::new();
    let (mut waiting, mut any_waits) = (0.0, false);
    let mut enough: Option<usize> = None;
    for month in sold {
        if is_few(month.customers, LEAST) {
            waiting += month.amount;
            any_waits = true;
            continue;
        }
        let mut amount = month.amount;
        if month.customers >= LEAST {
            amount += std::mem::take(&mut waiting);
            any_waits = false;
            enough = Some(shown.len());
        }
        shown.push(ChannelRevenue { channel: month.channel, month: month.month, amount });
    }
    match enough {
        Some(last) => shown[last].amount += waiting,
        None if any_waits => shown.clear(),
        None => {}
    }
    shown
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn bins(customers: &[u64]) -> Vec<SpendBin> {
        let bin = |(i, customers): (usize, &u64)| SpendBin {
            from: i as f64,
            to: Some(i as f64 + 1.0),
            customers: *customers,
        };
        customers.iter().enumerate().map(bin).collect()
    }

    #[test]
    fn bins_keep_their_sum_and_adjoin() {
        for given in [vec![1, 2, 9, 0, 3, 40, 2], vec![9, 0, 2], vec![0, 4, 0, 0, 6], vec![5], vec![8, 1, 0, 0, 3]] {
            let merged = merge_bins(bins(&given), LEAST);
            let sum: u64 = merged.iter().map(|b| b.customers).sum();
            assert_eq!(sum, given.iter().sum::<u64>(), "{given:?}");
            assert!(merged.iter().all(|b| !is_few(b.customers, LEAST)), "{merged:?}");
            assert_eq!(merged[0].from, 0.0);
            assert_eq!(merged.last().unwrap().to, Some(given.len() as f64));
            assert!(merged.windows(2).all(|w| w[0].to == Some(w[1].from)), "{merged:?}");
        }
        assert_eq!(merge_bins(bins(&[1, 0, 3]), LEAST), []);
        assert_eq!(merge_bins(bins(&[]), LEAST), []);
    }

    #[test]
    fn a_single_hidden_mean_hides_another() {
        let cell = |customers| RfmCell { recency: 1, frequency: 1, customers, mean_money: Some(10.0) };
        let mut cells = [cell(3), cell(90), cell(7), cell(50)];
        hide_small_means(&mut cells);
        let shown: Vec<_> = cells.iter().map(|c| c.mean_money.is_some()).collect();
        assert_eq!(shown, [false, true, false, true]);
        assert_eq!(cells.iter().map(|c| c.customers).sum::<u64>(), 150, "counts stay");
        let mut enough = [cell(5), cell(90)];
        hide_small_means(&mut enough);
        assert!(enough.iter().all(|c| c.mean_money.is_some()));
    }

    #[test]
    fn small_segments_are_shown_together() {
        let segment = |name: &str, customers, revenue_share| Segment {
            name: name.into(),
            customers,
            revenue_share,
            ..Segment::default()
        };
        let folded = fold_segments(vec![segment("a", 90, 0.5), segment("b", 3, 0.25), segment("c", 6, 0.25)]);
        let own: Vec<_> = folded.iter().map(|s| (s.name.as_str(), s.customers, s.revenue_share)).collect();
        assert_eq!(own, [("a", 90, 0.5), (names::OTHER, 9, 0.5)]);
        let whole = vec![segment("a", 90, 0.5), segment("b", 5, 0.5)];
        assert_eq!(fold_segments(whole.clone()), whole);
        assert_eq!(fold_segments(vec![segment("a", 2, 0.5), segment("b", 2, 0.5)]), []);
    }

    #[test]
    fn months_of_few_customers_join_others_of_their_channel() {
        let month = |channel: &str, month: u32, customers, amount| MonthSold {
            channel: channel.into(),
            month: NaiveDate::from_ymd_opt(2026, month, 1).unwrap(),
            customers,
            amount,
        };
        let folded = fold_months(vec![
            month("store", 1, 2, 10.0),
            month("store", 2, 0, 7.0), // walk-ins: about nobody who is known
            month("store", 3, 50, 100.0),
            month("store", 4, 4, 1.0),
            month("tmall", 1, 3, 5.0),
            month("tmall", 2, 0, 5.0),
        ]);
        let own: Vec<_> =
            folded.iter().map(|r| (r.channel.as_str(), r.month.format("%m").to_string(), r.amount)).collect();
        assert_eq!(own, [("store", "02".to_owned(), 7.0), ("store", "03".to_owned(), 111.0)]);
    }
}
