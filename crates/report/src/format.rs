//! Numbers, amounts, sizes and times as people read them.

use crate::language::Language;
use chrono::{DateTime, Datelike, FixedOffset, NaiveDate, Timelike};

/// Writes a count with thousands separators: `1,234,567`.
pub(crate) fn integer(n: u64) -> String {
    group(&n.to_string())
}

/// Writes a signed count with thousands separators.
pub(crate) fn signed(n: i128) -> String {
    let digits = group(&n.unsigned_abs().to_string());
    if n < 0 { format!("−{digits}") } else { digits }
}

/// Writes a number with so many decimals and thousands separators; `–` if it is not finite.
pub(crate) fn decimal(x: f64, places: usize) -> String {
    if !x.is_finite() {
        return "–".to_owned();
    }
    let text = format!("{:.places$}", x.abs());
    let (whole, fraction) = text.split_once('.').map_or((text.as_str(), None), |(w, f)| (w, Some(f)));
    let sign = if x < 0.0 && text.bytes().any(|b| (b'1'..=b'9').contains(&b)) { "−" } else { "" };
    match fraction {
        Some(fraction) => format!("{sign}{}.{fraction}", group(whole)),
        None => format!("{sign}{}", group(whole)),
    }
}

fn group(digits: &str) -> String {
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}

/// Writes a share (0 to 1) as a percentage that never rounds something to nothing or all.
pub(crate) fn percent(share: f64) -> String {
    match share {
        s if !s.is_finite() => "–".to_owned(),
        0.0 => "0%".to_owned(),
        1.0 => "100%".to_owned(),
        s if s > 0.0 && s < 0.0001 => "<0.01%".to_owned(),
        s if s > 0.9999 && s < 1.0 => ">99.99%".to_owned(),
        s if (0.1..0.9).contains(&s) => format!("{}%", decimal(s * 100.0, 1)),
        s => format!("{}%", decimal(s * 100.0, 2)),
    }
}

/// Writes a share for an axis: a whole percentage where it is one.
pub(crate) fn axis_percent(share: f64) -> String {
    let percents = share * 100.0;
    let whole = (percents - percents.round()).abs() < 1e-6;
    format!("{}%", decimal(percents, if whole { 0 } else { 1 }))
}

/// Writes a share of counts; `–` where the whole is nothing.
pub(crate) fn percent_of(part: u64, whole: u64) -> String {
    if part != whole && whole > 0 {
        // A share so near 0 or 1 that a double rounds it there is still not 0 or 1.
        let share = part as f64 / whole as f64;
        return percent(if part == 0 { 0.0 } else { share.clamp(f64::MIN_POSITIVE, 1.0 - f64::EPSILON) });
    }
    crate::data::share(part, whole).map_or_else(|| "–".to_owned(), percent)
}

/// Writes a number in few characters: `950`, `12.3k`, `4.5M`; `12.3万`, `4.5亿` in Chinese.
pub(crate) fn compact(x: f64, language: Language) -> String {
    let steps: &[(f64, &str)] = match language {
        Language::Chinese => &[(1e8, "亿"), (1e4, "万")],
        Language::English => &[(1e9, "bn"), (1e6, "M"), (1e3, "k")],
    };
    let text = |x: f64| {
        let text = decimal(x, if x.abs() < 100.0 { 1 } else { 0 });
        text.strip_suffix(".0").map(str::to_owned).unwrap_or(text)
    };
    if x.is_finite() && x.abs() >= 1e15 {
        return format!("{x:.1e}").replace('-', "−");
    }
    match steps.iter().find(|(unit, _)| x.abs() >= *unit * 0.99995) {
        Some((unit, sign)) => format!("{}{sign}", text(x / unit)),
        None => text(x),
    }
}

/// Writes an amount of money in few characters.
pub(crate) fn money(x: f64, currency: Option<&str>, language: Language) -> String {
    let amount = compact(x.abs(), language);
    let sign = if x < 0.0 { "−" } else { "" };
    match currency.map(str::trim).filter(|c| !c.is_empty()) {
        None => format!("{sign}{amount}"),
        Some(code) => match code {
            "CNY" | "JPY" => format!("{sign}¥{amount}"),
            "EUR" => format!("{sign}€{amount}"),
            "GBP" => format!("{sign}£{amount}"),
            "USD" => format!("{sign}${amount}"),
            other => format!("{sign}{other}\u{a0}{amount}"),
        },
    }
}

/// Writes a size in powers of 1000: `820 B`, `4.2 MB`.
pub(crate) fn bytes(n: u64) -> String {
    let units = [(1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB")];
    match units.iter().find(|(unit, _)| n as f64 >= *unit * 0.99995) {
        Some((unit, name)) => {
            let x = n as f64 / unit;
            format!("{}\u{a0}{name}", decimal(x, if x < 100.0 { 1 } else { 0 }))
        }
        None => format!("{n}\u{a0}B"),
    }
}

/// Writes a time span given in milliseconds: `340 ms`, `2.4 s`, `3 min 12 s`, `2 h 05 min`.
pub(crate) fn span(ms: u64) -> String {
    let seconds = ms / 1000;
    match ms {
        0..1_000 => format!("{ms}\u{a0}ms"),
        1_000..59_950 => format!("{:.1}\u{a0}s", ms as f64 / 1000.0),
        59_950..3_600_000 => format!("{}\u{a0}min\u{a0}{:02}\u{a0}s", seconds.max(60) / 60, seconds.max(60) % 60),
        _ => format!("{}\u{a0}h\u{a0}{:02}\u{a0}min", seconds / 3600, seconds % 3600 / 60),
    }
}

/// Writes an instant to the second, with its offset.
pub(crate) fn instant(at: DateTime<FixedOffset>, language: Language) -> String {
    let offset = at.format("UTC%:z").to_string();
    let offset = offset.strip_suffix("+00:00").map(str::to_owned).unwrap_or(offset);
    let time = format!("{:02}:{:02}:{:02}", at.hour(), at.minute(), at.second());
    format!("{} {time} {offset}", day(at.date_naive(), language))
}

/// Writes a day.
pub(crate) fn day(day: NaiveDate, language: Language) -> String {
    match language {
        Language::Chinese => format!("{}年{}月{}日", day.year(), day.month(), day.day()),
        Language::English => day.format("%-d %b %Y").to_string(),
    }
}

/// Writes a month, short enough for an axis.
pub(crate) fn month(day: NaiveDate, language: Language) -> String {
    match language {
        Language::Chinese => format!("{}年{}月", day.year(), day.month()),
        Language::English => day.format("%b %Y").to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Language::{Chinese, English};

    #[test]
    fn counts_have_separators() {
        assert_eq!(integer(0), "0");
        assert_eq!(integer(1_000), "1,000");
        assert_eq!(integer(u64::MAX), "18,446,744,073,709,551,615");
        assert_eq!(signed(-12_345), "−12,345");
        assert_eq!(decimal(-1234.5, 2), "−1,234.50");
        assert_eq!(decimal(-0.001, 1), "0.0");
        assert_eq!(decimal(f64::NAN, 1), "–");
    }

    #[test]
    fn a_small_loss_is_not_rounded_to_none_and_a_near_whole_not_to_all() {
        assert_eq!(percent_of(1, 5_000_000), "<0.01%");
        assert_eq!(percent_of(4_999_999, 5_000_000), ">99.99%");
        assert_eq!(percent_of(u64::MAX - 1, u64::MAX), ">99.99%");
        assert_eq!(percent_of(0, 7), "0%");
        assert_eq!(percent_of(7, 7), "100%");
        assert_eq!(percent_of(1, 0), "–");
        assert_eq!(percent(0.4567), "45.7%");
        assert_eq!(percent(0.0325), "3.25%");
        assert_eq!(percent(f64::INFINITY), "–");
    }

    #[test]
    fn short_forms_follow_the_language() {
        assert_eq!(compact(950.0, English), "950");
        assert_eq!(compact(12_345.0, English), "12.3k");
        assert_eq!(compact(12_345.0, Chinese), "1.2万");
        assert_eq!(compact(999_999.0, English), "1M");
        assert_eq!(compact(-3.21e300, Chinese), "−3.2e300");
        assert_eq!(compact(3.2e8, Chinese), "3.2亿");
        assert_eq!(money(-1500.0, Some("GBP"), English), "−£1.5k");
        assert_eq!(money(1500.0, Some("SEK"), English), "SEK\u{a0}1.5k");
        assert_eq!(bytes(999), "999\u{a0}B");
        assert_eq!(bytes(4_200_000), "4.2\u{a0}MB");
    }

    #[test]
    fn spans_and_instants() {
        assert_eq!(span(999), "999\u{a0}ms");
        assert_eq!(span(59_940), "59.9\u{a0}s");
        assert_eq!(span(59_960), "1\u{a0}min\u{a0}00\u{a0}s");
        assert_eq!(span(7_500_000), "2\u{a0}h\u{a0}05\u{a0}min");
        let at = DateTime::parse_from_rfc3339("2026-07-01T09:30:05+08:00").expect("an instant");
        assert_eq!(instant(at, English), "1 Jul 2026 09:30:05 UTC+08:00");
        assert_eq!(instant(at, Chinese), "2026年7月1日 09:30:05 UTC+08:00");
    }
}
