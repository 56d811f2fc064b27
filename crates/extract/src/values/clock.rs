//! Times that `strftime` cannot say: serial days of spreadsheets, and Chinese clocks.

use super::time::Moment;
use super::zone::{DAY, SECOND};
use chrono::NaiveDate;

/// The last day of the calendar: 9999-12-31, since 1970.
const LAST_DAY: i32 = 2_932_896;
/// Its first: 1900-01-01. What is older is a placeholder (`0001-01-01`, `1899-12-30`) in every export that was ever seen.
const FIRST_DAY: i32 = -25_567;

/// Whether a moment is in the years 1900 to 9999.
#[inline]
pub(super) fn in_calendar(moment: Moment) -> bool {
    let (Moment::Instant(at) | Moment::Local(at)) = moment else {
        let Moment::Day(day) = moment else { return false };
        return (FIRST_DAY..=LAST_DAY).contains(&day);
    };
    instant_in_calendar(at)
}

/// Whether an instant, µs since 1970, is in the years 1900 to 9999.
#[inline]
pub(crate) fn instant_in_calendar(at: i64) -> bool {
    (FIRST_DAY as i64 * DAY..(LAST_DAY as i64 + 1) * DAY).contains(&at)
}

/// Whether a day since 1970 is in the years 1900 to 9999.
#[inline]
pub(crate) fn day_in_calendar(day: i32) -> bool {
    (FIRST_DAY..=LAST_DAY).contains(&day)
}

/// A serial day of a spreadsheet (`45413`, `45413.3354976852`): days since 1899-12-31, of which Excel believes that 1900
/// had a 29 February (day 60, which is refused), or since 1904-01-01. Fractions are times to the millisecond, which is as
/// fine as they are.
pub(super) fn excel(text: &str, since_1904: bool) -> Option<Moment> {
    let well_formed = text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    let serial: f64 = text.parse().ok().filter(|_| well_formed)?;
    let whole = serial.trunc();
    // 1904-01-01 is day 0 of its system, and 1900-01-01 day 1 of the other.
    let day = match (since_1904, whole) {
        (true, 0.0..3_000_000.0) => whole as i32 - 24_107,
        (false, 61.0..3_000_000.0) => whole as i32 - 25_569,
        (false, 1.0..60.0) => whole as i32 - 25_568,
        _ => return None,
    };
    if !text.contains('.') {
        return Some(Moment::Day(day));
    }
    let millis = ((serial - whole) * 86_400_000.0).round() as i64;
    Some(Moment::Local(i64::from(day) * DAY + millis * (SECOND / 1000)))
}

/// A time as people write it in Chinese: `2024年5月1日`, `2024年5月1日 下午3:05`, `2024-05-01 上午 08:03:07`,
/// `2024/5/1 15点30分`, `2024年5月1日晚上8点半`.
///
/// Of the parts of the day, 下午, 傍晚 and 晚上 add twelve to the hours 1 to 11, 上午, 凌晨, 早上 and 清晨 make 12 zero,
/// and 中午 is from 11 to 1. 晚上12点 is the end of the day for one and its beginning for another, so it is refused.
pub(super) fn chinese(text: &str) -> Option<Moment> {
    let (year, rest) = number(text, 4, 4)?;
    let (month, rest) = number(mark(rest, &["年", "-", "/", "."])?, 1, 2)?;
    let (day, rest) = number(mark(rest, &["月", "-", "/", "."])?, 1, 2)?;
    let rest = mark(rest, &["日", "号"]).unwrap_or(rest).trim_start_matches([' ', ',']);
    let day = NaiveDate::from_ymd_opt(year as i32, month, day)?.to_epoch_days();
    if rest.is_empty() {
        return Some(Moment::Day(day));
    }
    let part = PARTS.iter().find(|(word, _)| rest.starts_with(word));
    let rest = part.map_or(rest, |(word, _)| rest[word.len()..].trim_start());
    let (hour, rest) = number(rest, 1, 2)?;
    let hour = match (part.map(|(_, part)| part), hour) {
        (None, 0..=23) => hour,
        (Some(Part::Morning), 12) => 0,
        (Some(Part::Morning), 0..=11) => hour,
        (Some(Part::Noon), 11 | 12) => hour,
        (Some(Part::Noon), 1) => 13,
        (Some(Part::Afternoon), 12) => 12,
        (Some(Part::Afternoon | Part::Evening), 1..=11) => hour + 12,
        // 下午15:05 says it twice, and rightly.
        (Some(Part::Afternoon | Part::Evening), 13..=23) => hour,
        _ => return None,
    };
    let rest = mark(rest, &[":", "点", "时", "點", "時"])?;
    let (minute, rest) = match rest.strip_prefix('半') {
        Some(rest) => (30, rest),
        None if matches!(rest, "" | "整") => (0, ""),
        None => {
            let (minute, rest) = number(rest, 1, 2)?;
            (minute, mark(rest, &["分"]).unwrap_or(rest))
        }
    };
    let (second, rest) = match rest.strip_prefix(':').unwrap_or(rest) {
        "" => (0, ""),
        rest => {
            let (second, rest) = number(rest, 1, 2)?;
            (second, mark(rest, &["秒"]).unwrap_or(rest))
        }
    };
    if !rest.is_empty() || minute > 59 || second > 59 {
        return None;
    }
    Some(Moment::Local(i64::from(day) * DAY + i64::from(hour * 3600 + minute * 60 + second) * SECOND))
}

#[derive(Debug, Clone, Copy)]
enum Part {
    Morning,
    Noon,
    Afternoon,
    Evening,
}

const PARTS: [(&str, Part); 9] = [
    ("上午", Part::Morning),
    ("凌晨", Part::Morning),
    ("早上", Part::Morning),
    ("清晨", Part::Morning),
    ("中午", Part::Noon),
    ("下午", Part::Afternoon),
    ("傍晚", Part::Evening),
    ("晚上", Part::Evening),
    ("夜间", Part::Evening),
];

/// A number of so many digits, and what follows it.
fn number(text: &str, least: usize, most: usize) -> Option<(u32, &str)> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    if !(least..=most).contains(&digits) {
        return None;
    }
    Some((text[..digits].parse().ok()?, &text[digits..]))
}

/// What follows one of these marks.
fn mark<'t>(text: &'t str, marks: &[&str]) -> Option<&'t str> {
    marks.iter().find_map(|mark| text.strip_prefix(mark))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    fn local(text: &str) -> Option<Moment> {
        let time: chrono::NaiveDateTime = text.parse().unwrap();
        Some(Moment::Local(time.and_utc().timestamp_micros()))
    }

    fn day(text: &str) -> Option<Moment> {
        Some(Moment::Day(text.parse::<NaiveDate>().unwrap().to_epoch_days()))
    }

    #[test]
    fn serial_days() {
        // Day 1, the day before the one that never was and the day after, and one that Microsoft's documentation names:
        // 39448 is 1 January 2008.
        assert_eq!(excel("1", false), day("1900-01-01"));
        assert_eq!(excel("59", false), day("1900-02-28"));
        assert_eq!(excel("60", false), None);
        assert_eq!(excel("61", false), day("1900-03-01"));
        assert_eq!(excel("39448", false), day("2008-01-01"));
        assert_eq!(excel("37986", true), day("2008-01-01"));
        assert_eq!(excel("45413.5", false), local("2024-05-01T12:00:00"));
        assert_eq!(excel("45413.33549768519", false), local("2024-05-01T08:03:07"));
        assert_eq!(excel("45413.999999999", false), local("2024-05-02T00:00:00"));
        for text in ["", "0", "-1", "1e5", "NaN", "inf", "45413.5.1", ".", "昨天", "3000000"] {
            assert_eq!(excel(text, false), None, "{text}");
        }
    }

    #[test]
    fn chinese_clocks() {
        for (text, expected) in [
            ("2024年5月1日", day("2024-05-01")),
            ("2024年05月01号", day("2024-05-01")),
            ("2024年5月1日 下午3:05", local("2024-05-01T15:05:00")),
            ("2024年5月1日下午3时5分7秒", local("2024-05-01T15:05:07")),
            ("2024-05-01 上午 08:03:07", local("2024-05-01T08:03:07")),
            ("2024/5/1 15点30分", local("2024-05-01T15:30:00")),
            ("2024年5月1日晚上8点半", local("2024-05-01T20:30:00")),
            ("2024年5月1日 上午12:30", local("2024-05-01T00:30:00")),
            ("2024年5月1日 下午12:30", local("2024-05-01T12:30:00")),
            ("2024年5月1日 中午12点", local("2024-05-01T12:00:00")),
            ("2024年5月1日 中午1点整", local("2024-05-01T13:00:00")),
            ("2024年5月1日 凌晨2:15", local("2024-05-01T02:15:00")),
            ("2024年5月1日 下午15:05", local("2024-05-01T15:05:00")),
            ("2024年5月1日 23:59:59", local("2024-05-01T23:59:59")),
        ] {
            assert_eq!(chinese(text), expected, "{text}");
        }
        for text in [
            "",
            "5月1日",
            "2024年",
            "2024年13月1日",
            "2024年2月30日",
            "2024年5月1日 晚上12点",
            "2024年5月1日 上午13:00",
            "2024年5月1日 25:00",
            "2024年5月1日 下午",
            "2024年5月1日 12:60",
            "2024年5月1日 12:00:00:00",
            "2024年5月1日昨天",
        ] {
            assert_eq!(chinese(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(seconds in -2_000_000_000i64..200_000_000_000) {
            let at = chrono::DateTime::from_timestamp(seconds, 0).unwrap().naive_utc();
            let expected = Some(Moment::Local(seconds * SECOND));
            prop_assert_eq!(chinese(&at.format("%Y年%-m月%-d日 %H时%M分%S秒").to_string()), expected);
            let half = if at.format("%P").to_string() == "am" { "上午" } else { "下午" };
            prop_assert_eq!(chinese(&at.format(&format!("%Y/%m/%d {half}%I:%M:%S")).to_string()), expected);
            let serial = (seconds as f64) / 86_400.0 + 25_569.0;
            if seconds > -2_200_000_000 && serial > 61.0 {
                prop_assert_eq!(excel(&format!("{serial:.9}"), false), expected);
            }
        }

        #[test]
        fn no_text_panics(text in "[0-9年月日时分秒点半上下午晚: /.-]{0,24}|\\PC{0,20}") {
            chinese(&text);
            excel(&text, true);
        }
    }
}
