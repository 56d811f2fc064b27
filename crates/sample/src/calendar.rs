//! Months, days and how busy they are, in Asia/Shanghai wall-clock time.
//!
//! Instants are seconds since 1970-01-01 00:00 on the wall clock of Shanghai, which has been eight
//! hours ahead of UTC without summer time since 1991.

use crate::random::{Draw, cumulate};
use chrono::{Datelike, Months, NaiveDate, Weekday};

/// Seconds in a day.
pub(crate) const DAY: i64 = 86_400;
/// Seconds that Shanghai is ahead of UTC.
pub(crate) const AHEAD_OF_UTC: i64 = 8 * 3600;
/// Days from 0001-01-01 to 1970-01-01, plus one: chrono's numbering of days.
const EPOCH_FROM_CE: i64 = 719_163;

/// New Year's Day of the Chinese calendar: the month and day it falls on, from 2014 on.
const CHINESE_NEW_YEAR: [(u32, u32); 27] = [
    (1, 31),
    (2, 19),
    (2, 8),
    (1, 28),
    (2, 16),
    (2, 5),
    (1, 25),
    (2, 12),
    (2, 1),
    (1, 22),
    (2, 10),
    (1, 29),
    (2, 17),
    (2, 6),
    (1, 26),
    (2, 13),
    (2, 3),
    (1, 23),
    (2, 11),
    (1, 31),
    (2, 19),
    (2, 8),
    (1, 28),
    (2, 15),
    (2, 4),
    (1, 24),
    (2, 12),
];

/// Where customers come by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Traffic {
    /// Into a shop, by day.
    Shop,
    /// Online, most in the evening.
    Online,
}

/// One calendar month of data.
#[derive(Debug, Clone)]
pub(crate) struct Month {
    /// `2025-04`.
    pub label: String,
    /// First day, counted from 1970-01-01.
    pub first: i64,
    /// Last day with data.
    pub last: i64,
    /// Month of the year, 1 to 12.
    pub of_year: u32,
    shop: DayTable,
    online: DayTable,
}

/// How busy each day of a month is.
#[derive(Debug, Clone)]
struct DayTable {
    cumulative: Vec<u64>,
    factor: f64,
}

/// The months of data.
#[derive(Debug, Clone)]
pub(crate) struct Calendar {
    /// In order.
    pub months: Vec<Month>,
}

impl Calendar {
    /// The `months` months that end with `end`.
    pub fn new(end: NaiveDate, months: u32) -> Self {
        let this = end.with_day(1).unwrap_or(end);
        let months = (0..months)
            .rev()
            .map(|back| {
                let first = this - Months::new(back);
                let last = if back == 0 { number(end) } else { number(first + Months::new(1)) - 1 };
                let first_day = number(first);
                let table = |traffic| DayTable::new(first_day, last, traffic);
                Month {
                    label: first.format("%Y-%m").to_string(),
                    first: first_day,
                    last,
                    of_year: first.month(),
                    shop: table(Traffic::Shop),
                    online: table(Traffic::Online),
                }
            })
            .collect();
        Calendar { months }
    }

    /// First day of data.
    pub fn first(&self) -> i64 {
        self.months.first().map_or(0, |m| m.first)
    }

    /// Last day of data.
    pub fn last(&self) -> i64 {
        self.months.last().map_or(0, |m| m.last)
    }
}

impl Month {
    /// How busy the month is, an average full month being about 1.
    pub fn factor(&self, traffic: Traffic) -> f64 {
        self.table(traffic).factor
    }

    /// Some instant of the month, likely as its day and hour are busy.
    pub fn instant(&self, traffic: Traffic, draw: &mut Draw) -> i64 {
        let day = self.first + draw.weighted(&self.table(traffic).cumulative) as i64;
        day * DAY + time_of_day(traffic, draw)
    }

    /// The month's last second.
    pub fn last_second(&self) -> i64 {
        (self.last + 1) * DAY - 1
    }

    fn table(&self, traffic: Traffic) -> &DayTable {
        match traffic {
            Traffic::Shop => &self.shop,
            Traffic::Online => &self.online,
        }
    }
}

impl DayTable {
    fn new(first: i64, last: i64, traffic: Traffic) -> Self {
        let cumulative = cumulate((first..=last).map(|day| busyness(date(day), traffic)));
        let total = cumulative.last().copied().unwrap_or(0);
        DayTable { cumulative, factor: total as f64 / 3_650.0 }
    }
}

/// Seconds since midnight.
pub(crate) fn time_of_day(traffic: Traffic, draw: &mut Draw) -> i64 {
    // Running totals of per-mille by hour.
    const SHOP: [u64; 24] =
        [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 45, 105, 175, 245, 320, 400, 485, 570, 660, 775, 895, 1000, 1000, 1000];
    const ONLINE: [u64; 24] = [
        25, 37, 44, 48, 51, 55, 65, 85, 115, 155, 205, 250, 300, 350, 395, 440, 485, 530, 580, 645, 725, 825, 920, 1000,
    ];
    let hour = match traffic {
        Traffic::Shop => draw.weighted(&SHOP),
        Traffic::Online => draw.weighted(&ONLINE),
    };
    hour as i64 * 3600 + draw.below(3600) as i64
}

/// How busy a day is; an ordinary weekday is 100.
fn busyness(day: NaiveDate, traffic: Traffic) -> u64 {
    // Apparel by month: quiet after New Year and in high summer, strong in autumn.
    const BY_MONTH: [u64; 12] = [105, 82, 88, 95, 102, 104, 78, 76, 98, 112, 122, 116];
    let mut weight = BY_MONTH[day.month0() as usize];
    if matches!(day.weekday(), Weekday::Sat | Weekday::Sun) {
        weight = weight * if traffic == Traffic::Shop { 165 } else { 115 } / 100;
    }
    let online = traffic == Traffic::Online;
    let festival = match (day.month(), day.day()) {
        (11, 11) => {
            if online {
                900
            } else {
                170
            }
        }
        (11, 1..=3) | (11, 9..=10) => {
            if online {
                300
            } else {
                125
            }
        }
        (6, 18) => {
            if online {
                600
            } else {
                150
            }
        }
        (6, 1) | (6, 15..=17) => {
            if online {
                260
            } else {
                120
            }
        }
        (12, 12) => {
            if online {
                260
            } else {
                115
            }
        }
        (3, 7..=8) => {
            if online {
                190
            } else {
                130
            }
        }
        (10, 1..=7) => {
            if online {
                90
            } else {
                190
            }
        }
        _ => 100,
    };
    weight = weight * festival / 100;
    let Some(&(month, first)) = usize::try_from(day.year() - 2014).ok().and_then(|n| CHINESE_NEW_YEAR.get(n)) else {
        return weight;
    };
    let Some(new_year) = NaiveDate::from_ymd_opt(day.year(), month, first) else {
        return weight;
    };
    match number(day) - number(new_year) {
        -21..=-3 => weight * if online { 130 } else { 185 } / 100,
        -2..=3 => weight * if online { 35 } else { 20 } / 100,
        4..=8 => weight * 70 / 100,
        _ => weight,
    }
}

/// A day's number, counted from 1970-01-01.
pub(crate) fn number(date: NaiveDate) -> i64 {
    i64::from(date.num_days_from_ce()) - EPOCH_FROM_CE
}

/// The day of this number; 1970-01-01 outside chrono's range.
pub(crate) fn date(day: i64) -> NaiveDate {
    i32::try_from(day + EPOCH_FROM_CE).ok().and_then(NaiveDate::from_num_days_from_ce_opt).unwrap_or_default()
}

/// Appends `2025-04-03`.
pub(crate) fn push_day(out: &mut String, day: i64) {
    let date = date(day);
    let year = date.year().unsigned_abs();
    push_two(out, year / 100);
    push_two(out, year % 100);
    out.push('-');
    push_two(out, date.month());
    out.push('-');
    push_two(out, date.day());
}

/// Appends `2025-04-03 14:22:05`, with this character between day and time.
pub(crate) fn push_instant(out: &mut String, seconds: i64, between: char) {
    push_day(out, seconds.div_euclid(DAY));
    out.push(between);
    let time = seconds.rem_euclid(DAY) as u32;
    push_two(out, time / 3600);
    out.push(':');
    push_two(out, time / 60 % 60);
    out.push(':');
    push_two(out, time % 60);
}

fn push_two(out: &mut String, number: u32) {
    out.push(char::from(b'0' + (number / 10 % 10) as u8));
    out.push(char::from(b'0' + (number % 10) as u8));
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::random::Topic;

    fn calendar() -> Calendar {
        Calendar::new(NaiveDate::from_ymd_opt(2026, 3, 15).unwrap(), 18)
    }

    #[test]
    fn months_are_whole_and_the_last_one_is_cut() {
        let calendar = calendar();
        assert_eq!(calendar.months.len(), 18);
        assert_eq!(calendar.months[0].label, "2024-10");
        assert_eq!(calendar.months[17].label, "2026-03");
        assert_eq!(date(calendar.last()).to_string(), "2026-03-15");
        assert!(calendar.months.windows(2).all(|pair| pair[0].last + 1 == pair[1].first));
    }

    #[test]
    fn festivals_show() {
        let calendar = calendar();
        let factor = |label: &str, traffic| calendar.months.iter().find(|m| m.label == label).unwrap().factor(traffic);
        assert!(factor("2025-11", Traffic::Online) > 1.5 * factor("2025-08", Traffic::Online));
        assert!(factor("2025-06", Traffic::Online) > 1.3 * factor("2025-07", Traffic::Online));
        assert!(factor("2025-01", Traffic::Shop) > 1.2 * factor("2025-02", Traffic::Shop));
    }

    #[test]
    fn instants_lie_in_their_month_and_read_as_they_should() {
        let calendar = calendar();
        let month = &calendar.months[17];
        let mut draw = Draw::new(3, Topic::Dirt, 0, 0);
        for _ in 0..500 {
            let at = month.instant(Traffic::Shop, &mut draw);
            assert!(at >= month.first * DAY && at <= month.last_second());
            assert!((10..22).contains(&(at % DAY / 3600)));
        }
        let mut text = String::new();
        push_instant(&mut text, number(NaiveDate::from_ymd_opt(2025, 4, 3).unwrap()) * DAY + 51_725, ' ');
        assert_eq!(text, "2025-04-03 14:22:05");
    }
}
