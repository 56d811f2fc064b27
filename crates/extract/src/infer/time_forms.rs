//! How days and times are written.

use crate::values::{TimeParser, Zone, ZoneCache, integer};
use std::collections::BTreeMap;
use std::sync::OnceLock;

/// Formats of days and times that exports use, ISO 8601 apart. Those that read a day first come before those that read a month
/// first; `%Y-%m-%d` and a time are ISO 8601.
const FORMATS: [&str; 36] = [
    "%Y-%m-%d %H:%M:%S %z",
    "%Y-%m-%d %H:%M:%S%.f %z",
    "%Y-%m-%dT%H:%M:%S%z",
    "%Y-%m-%dT%H:%M:%S%.f%z",
    "%Y/%m/%d %H:%M:%S",
    "%Y/%m/%d %H:%M:%S%.f",
    "%Y/%m/%d %H:%M:%S %z",
    "%Y/%m/%d %H:%M",
    "%Y/%m/%d",
    "%Y.%m.%d %H:%M:%S",
    "%Y.%m.%d",
    "%Y%m%d%H%M%S",
    "%Y%m%d %H:%M:%S",
    "%Y%m%d",
    "%Y年%m月%d日 %H:%M:%S",
    "%Y年%m月%d日 %H:%M",
    "%Y年%m月%d日",
    "chinese",
    "%d.%m.%Y %H:%M:%S",
    "%d.%m.%Y %H:%M",
    "%d.%m.%Y",
    "%d/%m/%Y %H:%M:%S",
    "%d/%m/%Y %H:%M",
    "%d/%m/%Y",
    "%d-%m-%Y %H:%M:%S",
    "%d-%m-%Y",
    "%m/%d/%Y %H:%M:%S",
    "%m/%d/%Y %H:%M",
    "%m/%d/%Y %I:%M:%S %p",
    "%m/%d/%Y",
    "%m-%d-%Y",
    "%d/%b/%Y:%H:%M:%S %z",
    "%a, %d %b %Y %H:%M:%S %z",
    "%a %b %d %H:%M:%S %z %Y",
    "%d-%b-%Y",
    "%b %d, %Y",
];

/// Formats of which one reads as a day what the other reads as a month.
const RIVALS: [(&str, &str); 4] = [
    ("%d/%m/%Y %H:%M:%S", "%m/%d/%Y %H:%M:%S"),
    ("%d/%m/%Y %H:%M", "%m/%d/%Y %H:%M"),
    ("%d/%m/%Y", "%m/%d/%Y"),
    ("%d-%m-%Y", "%m-%d-%Y"),
];

/// Seconds of the years 2000 to 2100.
const EPOCH: std::ops::Range<i64> = 946_684_800..4_102_444_800;
/// Units of counts since 1970, and how many of them a second has.
const UNITS: [(&str, i64); 4] =
    [("epoch_s", 1), ("epoch_ms", 1_000), ("epoch_us", 1_000_000), ("epoch_ns", 1_000_000_000)];

/// How many values of a column are written in which way.
#[derive(Debug, Clone, Default)]
pub(super) struct TimeForms {
    pub iso_days: u64,
    pub iso_times: u64,
    /// By format.
    formats: BTreeMap<&'static str, u64>,
    epochs: [u64; 4],
    /// Formats worth a try: none that the first values did not fit.
    tried: u64,
}

/// So many values show which formats a column may have.
const ENOUGH: u64 = 2_000;

impl TimeForms {
    /// Looks at a value.
    pub fn observe(&mut self, value: &str) {
        let bytes = value.as_bytes();
        if !(6..=40).contains(&bytes.len()) || bytes.iter().filter(|b| b.is_ascii_digit()).count() < 4 {
            return;
        }
        if bytes.iter().all(u8::is_ascii_digit) {
            if let Some(number) = integer(value) {
                for (at, (_, per_second)) in UNITS.iter().enumerate() {
                    self.epochs[at] += u64::from(EPOCH.contains(&(number / per_second)));
                }
            }
            if !matches!(bytes.len(), 8 | 14) {
                return;
            }
        } else if !bytes.iter().any(|b| b"-/.: ".contains(b)) && value.is_ascii() {
            return;
        }
        self.tried += 1;
        let (zone, iso, others) = parsers();
        let mut cache = ZoneCache::new(*zone);
        if iso.instant(value, &mut cache).is_some() {
            *(if bytes.len() <= 10 { &mut self.iso_days } else { &mut self.iso_times }) += 1;
            return;
        }
        for (format, parser) in others {
            let hopeless = self.tried > ENOUGH && !self.formats.contains_key(format);
            if !hopeless && parser.instant(value, &mut cache).is_some() {
                *self.formats.entry(format).or_default() += 1;
            }
        }
    }

    /// The format that the most values fit, and how many.
    pub fn most_frequent(&self) -> Option<(&'static str, u64)> {
        let order = |format: &str| FORMATS.iter().position(|f| *f == format);
        let most = self.formats.iter().max_by_key(|(f, count)| (**count, std::cmp::Reverse(order(f))))?;
        Some((most.0, *most.1))
    }

    /// Another format that all those values fit as well, with day and month in the other order.
    pub fn rival(&self, format: &str) -> Option<&'static str> {
        let other = RIVALS.iter().find_map(|(a, b)| match format {
            f if f == *a => Some(*b),
            f if f == *b => Some(*a),
            _ => None,
        })?;
        (self.formats.get(other) == self.formats.get(format)).then_some(other)
    }

    /// The unit of counts since 1970 that the most values fit, and how many.
    pub fn epoch(&self) -> Option<(&'static str, u64)> {
        let most = UNITS.iter().zip(self.epochs).max_by_key(|(_, count)| *count).filter(|(_, count)| *count > 0)?;
        Some((most.0.0, most.1))
    }
}

/// The zone, ISO 8601, and the other formats.
type Parsers = (Zone, TimeParser, Vec<(&'static str, TimeParser)>);

fn parsers() -> &'static Parsers {
    static PARSERS: OnceLock<Parsers> = OnceLock::new();
    PARSERS.get_or_init(|| {
        let zone = Zone(chrono_tz::UTC);
        let parser = |formats: &[String]| TimeParser::compile(formats, zone).ok();
        let others = FORMATS.iter().filter_map(|f| Some((*f, parser(&[(*f).to_owned()])?))).collect();
        // Without formats there is ISO 8601, which always compiles.
        (zone, parser(&[]).unwrap_or_else(|| unreachable!("ISO 8601 compiles")), others)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn forms(values: &[&str]) -> TimeForms {
        let mut forms = TimeForms::default();
        values.iter().for_each(|value| forms.observe(value));
        forms
    }

    #[test]
    fn every_format_compiles() {
        assert_eq!(parsers().2.len(), FORMATS.len());
    }

    #[test]
    fn formats_are_recognised() {
        for (value, format) in [
            ("2026/09/30 08:00:00", "%Y/%m/%d %H:%M:%S"),
            ("30/09/2026", "%d/%m/%Y"),
            ("20260930", "%Y%m%d"),
            ("30/Sep/2026:08:00:00 +0800", "%d/%b/%Y:%H:%M:%S %z"),
            ("Wed, 30 Sep 2026 08:00:00 +0800", "%a, %d %b %Y %H:%M:%S %z"),
            ("2026-09-30 08:00:00 +0800", "%Y-%m-%d %H:%M:%S %z"),
            ("2026/09/30 08:00:00.250", "%Y/%m/%d %H:%M:%S%.f"),
            ("2026年9月30日", "%Y年%m月%d日"),
            ("2026年9月30日 下午3:05", "chinese"),
        ] {
            assert_eq!(forms(&[value]).most_frequent(), Some((format, 1)), "{value}");
        }
        assert_eq!(forms(&["2026-09-30", "2026-09-30T08:00:00Z"]).iso_times, 1);
        for (value, unit) in [
            ("1790000000", "epoch_s"),
            ("1790000000000", "epoch_ms"),
            ("1790000000000000", "epoch_us"),
            ("1790000000000000000", "epoch_ns"),
        ] {
            assert_eq!(forms(&[value]).epoch(), Some((unit, 1)), "{value}");
        }
        assert_eq!(forms(&["lucky 12345", "A1-2345"]).most_frequent(), None);
    }

    #[test]
    fn a_day_that_may_be_a_month_has_a_rival() {
        assert_eq!(forms(&["01/02/2026", "03/04/2026"]).rival("%d/%m/%Y"), Some("%m/%d/%Y"));
        assert_eq!(forms(&["01/02/2026", "30/04/2026"]).rival("%d/%m/%Y"), None);
    }
}
