//! Days and instants from text, in declared formats.

use super::clock;
use super::compact::compact_width;
use super::epoch;
use super::iso::iso;
use super::number::decimal;
use super::zone::{DAY, SECOND, Zone, ZoneCache};
use chrono::NaiveDate;
use chrono::format::{Fixed, Item, Numeric, Parsed, StrftimeItems};
use chrono_tz::Tz;
use std::ops::Range;

/// The greatest magnitude of an instant that chrono can hold, µs.
const FAR: i64 = 8_200_000_000_000_000_000;

/// What a text says about time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moment {
    /// An instant, µs since 1970 UTC.
    Instant(i64),
    /// What a clock shows, µs since 1970 as if it were UTC.
    Local(i64),
    /// A day, since 1970.
    Day(i32),
}

/// The formats of one field, compiled.
#[derive(Debug, Clone)]
pub(crate) struct TimeParser {
    formats: Vec<TimeFormat>,
    zone: Zone,
    /// The instants, µs, that a count since 1970 is likely to be; `None`: it is read as declared.
    likely: Option<Range<i64>>,
    /// Of each format whether its years have two digits.
    two_digits: Vec<bool>,
    /// The last day, since 1970, that a year of two digits may be of; `None`: any.
    last_day: Option<i64>,
}

#[derive(Debug, Clone)]
enum TimeFormat {
    /// A count of units since 1970; the value is how many decimal places turn units into µs.
    Epoch(i8),
    /// ISO 8601.
    Iso,
    /// Serial days of a spreadsheet; whether they are counted since 1904.
    Excel(bool),
    /// `2024年5月1日 下午3:05`.
    Chinese,
    /// strftime with 上午 or 下午 for `%p`.
    HalfDays(Vec<Item<'static>>),
    /// Another format, and behind it a zone's IANA name (`%Z`).
    Zoned(Box<TimeFormat>),
    /// strftime without separators, and how many digits it has.
    Compact(usize, Box<TimeFormat>),
    /// strftime; the first is the fast way for fixed widths, the second chrono's, which also takes `7` for `07`.
    Strftime(Option<Vec<Piece>>, Vec<Item<'static>>),
}

/// A part of a fixed-width format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Piece {
    Year,
    Month,
    Day,
    Hour,
    Minute,
    Second,
    Literal(u8),
}

impl TimeParser {
    /// Compiles formats (chrono strftime, `epoch_s` to `epoch_ns`, `excel`, `excel_1904`, `chinese`; none: ISO 8601); the
    /// first that is none is returned.
    pub(crate) fn compile(formats: &[String], zone: Zone) -> Result<Self, String> {
        let mut compiled =
            formats.iter().map(|f| TimeFormat::compile(f).ok_or_else(|| f.clone())).collect::<Result<Vec<_>, _>>()?;
        if compiled.is_empty() {
            compiled.push(TimeFormat::Iso);
        }
        let mut two_digits: Vec<bool> = formats.iter().map(|format| has_two_digit_year(format)).collect();
        two_digits.resize(compiled.len(), false);
        Ok(Self { formats: compiled, zone, likely: None, two_digits, last_day: None })
    }

    /// The same, but refusing counts since 1970 that are unlikely in their declared unit and would be likely in another:
    /// seconds among milliseconds are times of January 1970. `as_of` is the run's instant, µs.
    pub(crate) fn judging_units(mut self, as_of: i64) -> Self {
        self.likely = Some(epoch::likely_instants(as_of));
        self
    }

    /// The same, but refusing times after the day of `as_of`, µs, where years have two digits: 65 would be 2065, and was
    /// 1965. Another clock's day may be one later.
    pub(crate) fn judging_centuries(mut self, as_of: i64) -> Self {
        self.last_day = Some(as_of.div_euclid(DAY) + 1);
        self
    }

    /// The same, but taking ISO 8601 as well: workbooks hold times, which are written out so.
    pub(crate) fn or_iso(&self) -> Self {
        let mut with_iso = self.clone();
        if !with_iso.formats.iter().any(|f| matches!(f, TimeFormat::Iso)) {
            with_iso.formats.push(TimeFormat::Iso);
            with_iso.two_digits.push(false);
        }
        with_iso
    }

    /// The zone of times that do not say theirs.
    pub(crate) fn zone(&self) -> Zone {
        self.zone
    }

    /// The decimal places that turn an epoch number into µs, if only one unit is declared, and before other formats.
    pub(crate) fn epoch_places(&self) -> Option<i8> {
        let mut units = self.formats.iter().map(|format| match format {
            TimeFormat::Epoch(places) => Some(*places),
            TimeFormat::Iso | TimeFormat::Excel(_) | TimeFormat::Chinese => None,
            TimeFormat::HalfDays(_) | TimeFormat::Zoned(_) | TimeFormat::Compact(..) | TimeFormat::Strftime(..) => None,
        });
        let first = units.next()??;
        units.flatten().next().is_none().then_some(first)
    }

    fn moment(&self, text: &str) -> Option<Moment> {
        let sound = |f: &TimeFormat, two_digits: bool, at: Moment| {
            clock::in_calendar(at) && !self.mistakes_unit(f, at) && !(two_digits && self.is_in_future(at))
        };
        let mut formats = self.formats.iter().zip(&self.two_digits);
        formats.find_map(|(f, two_digits)| f.parse(text).filter(|at| sound(f, *two_digits, *at)))
    }

    fn is_in_future(&self, at: Moment) -> bool {
        let day = match at {
            Moment::Instant(at) | Moment::Local(at) => at.div_euclid(DAY),
            Moment::Day(day) => day.into(),
        };
        self.last_day.is_some_and(|last| day > last)
    }

    /// Whether a text is a time with a year of two digits that would lie in the future.
    pub(crate) fn is_of_doubtful_century(&self, text: &str) -> bool {
        let mut formats = self.formats.iter().zip(&self.two_digits).filter(|(_, two_digits)| **two_digits);
        formats.any(|(f, _)| f.parse(text).is_some_and(|at| self.is_in_future(at)))
    }

    /// Whether a text is a count since 1970 in another unit than any that is declared.
    pub(crate) fn is_of_other_unit(&self, text: &str) -> bool {
        self.formats.iter().any(|f| f.parse(text).is_some_and(|at| self.mistakes_unit(f, at)))
    }

    /// Whether an instant, read by one of the formats, is a count in another unit.
    fn mistakes_unit(&self, format: &TimeFormat, at: Moment) -> bool {
        match (format, at) {
            (TimeFormat::Epoch(places), Moment::Instant(at)) => self.is_unlikely(*places, at),
            _ => false,
        }
    }

    /// Whether an instant, µs, that was counted in the unit of these decimal places, is unlikely, and the same number
    /// would be a likely one in another unit.
    pub(crate) fn is_unlikely(&self, places: i8, at: i64) -> bool {
        self.likely.as_ref().is_some_and(|likely| epoch::is_of_other_unit(likely, places, at))
    }

    /// Whether a text names a time, but one before 1900 or after 9999.
    pub(crate) fn is_beyond_calendar(&self, text: &str) -> bool {
        self.formats.iter().any(|f| f.parse(text).is_some_and(|at| !clock::in_calendar(at)))
    }

    /// The instant (µs, UTC) a text names; a day is its first moment in the zone.
    #[inline]
    pub(crate) fn instant(&self, text: &str, cache: &mut ZoneCache) -> Option<i64> {
        match self.moment(text)? {
            Moment::Instant(at) => Some(at),
            Moment::Local(local) => cache.instant(local),
            Moment::Day(day) => cache.instant(i64::from(day) * DAY),
        }
    }

    /// The day a text names; of an instant or a time the day in the zone.
    #[inline]
    pub(crate) fn day(&self, text: &str, cache: &mut ZoneCache) -> Option<i32> {
        match self.moment(text)? {
            Moment::Instant(at) => Some(cache.zone().day(at)),
            Moment::Local(local) => i32::try_from(local.div_euclid(DAY)).ok(),
            Moment::Day(day) => Some(day),
        }
    }
}

impl TimeFormat {
    fn compile(format: &str) -> Option<Self> {
        match format {
            "epoch_s" => return Some(Self::Epoch(6)),
            "epoch_ms" => return Some(Self::Epoch(3)),
            "epoch_us" => return Some(Self::Epoch(0)),
            "epoch_ns" => return Some(Self::Epoch(-3)),
            "excel" => return Some(Self::Excel(false)),
            "excel_1904" => return Some(Self::Excel(true)),
            "chinese" => return Some(Self::Chinese),
            "" => return None,
            _ => {}
        }
        if let Some(width) = compact_width(format) {
            return Self::strftime(format).map(|f| Self::Compact(width.into(), Box::new(f)));
        }
        if let Some(before) = format.strip_suffix("%Z") {
            return Self::compile(before.trim_end()).map(|f| Self::Zoned(Box::new(f)));
        }
        Self::strftime(format)
    }

    fn strftime(format: &str) -> Option<Self> {
        let items: Vec<Item<'static>> = StrftimeItems::new(format).parse_to_owned().ok()?;
        let mut pieces = Some(Vec::new());
        let mut names_time = false;
        // chrono reads over a zone's name as if it said nothing.
        if items.iter().any(|item| matches!(item, Item::Fixed(Fixed::TimezoneName))) {
            return None;
        }
        let half_days = |item: &Item<'_>| matches!(item, Item::Fixed(Fixed::LowerAmPm | Fixed::UpperAmPm));
        if items.iter().any(half_days) {
            return Some(Self::HalfDays(items));
        }
        for item in &items {
            names_time |= matches!(item, Item::Numeric(..) | Item::Fixed(_));
            let piece: Option<Vec<Piece>> = match item {
                Item::Numeric(Numeric::Year, _) => Some(vec![Piece::Year]),
                Item::Numeric(Numeric::Month, _) => Some(vec![Piece::Month]),
                Item::Numeric(Numeric::Day, _) => Some(vec![Piece::Day]),
                Item::Numeric(Numeric::Hour, _) => Some(vec![Piece::Hour]),
                Item::Numeric(Numeric::Minute, _) => Some(vec![Piece::Minute]),
                Item::Numeric(Numeric::Second, _) => Some(vec![Piece::Second]),
                Item::Literal(text) | Item::Space(text) => Some(text.bytes().map(Piece::Literal).collect()),
                Item::OwnedLiteral(text) | Item::OwnedSpace(text) => Some(text.bytes().map(Piece::Literal).collect()),
                _ => None,
            };
            pieces = pieces.zip(piece).map(|(mut all, some): (Vec<Piece>, _)| {
                all.extend(some);
                all
            });
        }
        let dated = |pieces: &Vec<Piece>| [Piece::Year, Piece::Month, Piece::Day].iter().all(|p| pieces.contains(p));
        names_time.then(|| Self::Strftime(pieces.filter(dated), items))
    }

    fn parse(&self, text: &str) -> Option<Moment> {
        match self {
            Self::Epoch(places) => {
                let at = match places {
                    // What is finer than a microsecond is cut off.
                    ..0 => decimal(text.as_bytes(), 38, 0)?.div_euclid(10i128.pow(u32::from(places.unsigned_abs()))),
                    _ => decimal(text.as_bytes(), 19, *places)?,
                };
                let at = i64::try_from(at).ok()?;
                (at.abs() <= FAR).then_some(Moment::Instant(at))
            }
            Self::Iso => iso(text.as_bytes()),
            Self::Excel(since_1904) => clock::excel(text, *since_1904),
            Self::Chinese => clock::chinese(text),
            Self::HalfDays(items) => match ["上午", "下午"].iter().position(|half| text.contains(half)) {
                Some(half) => by_chrono(items, &text.replace(["上午", "下午"][half], ["AM", "PM"][half])),
                None => by_chrono(items, text),
            },
            Self::Zoned(format) => {
                let (time, zone) = text.trim_end().rsplit_once(char::is_whitespace)?;
                // An abbreviation such as CST is of several zones, and IANA knows none of that name.
                let zone: Tz = zone.parse().ok()?;
                match format.parse(time.trim_end())? {
                    Moment::Instant(_) => None,
                    Moment::Local(local) => ZoneCache::new(Zone(zone)).instant(local).map(Moment::Instant),
                    Moment::Day(day) => ZoneCache::new(Zone(zone)).instant(i64::from(day) * DAY).map(Moment::Instant),
                }
            }
            Self::Compact(width, format) => {
                let digits = text.len() == *width && text.bytes().all(|b| b.is_ascii_digit());
                digits.then(|| format.parse(text)).flatten()
            }
            Self::Strftime(fixed, items) => fixed
                .as_ref()
                .and_then(|pieces| fixed_width(pieces, text.as_bytes()))
                .or_else(|| by_chrono(items, text)),
        }
    }
}

/// Whether a format has years without their century, and no century besides.
fn has_two_digit_year(format: &str) -> bool {
    let mut items = StrftimeItems::new(format);
    let is = |item: &Item<'_>, numeric: &[Numeric]| matches!(item, Item::Numeric(found, _) if numeric.contains(found));
    let century = [Numeric::YearDiv100, Numeric::IsoYearDiv100];
    items.clone().any(|item| is(&item, &[Numeric::YearMod100, Numeric::IsoYearMod100]))
        && !items.any(|item| is(&item, &century))
}

/// Two digits.
#[inline]
pub(super) fn two(bytes: &[u8]) -> Option<u32> {
    match bytes {
        [a @ b'0'..=b'9', b @ b'0'..=b'9'] => Some(u32::from(a - b'0') * 10 + u32::from(b - b'0')),
        _ => None,
    }
}

#[inline]
pub(super) fn day_of(year: i32, month: u32, day: u32) -> Option<i32> {
    NaiveDate::from_ymd_opt(year, month, day).map(|d| d.to_epoch_days())
}

#[inline]
pub(super) fn clock(hour: u32, minute: u32, second: u32) -> Option<i64> {
    (hour < 24 && minute < 60 && second < 60).then(|| i64::from(hour * 3600 + minute * 60 + second) * SECOND)
}

fn fixed_width(pieces: &[Piece], mut text: &[u8]) -> Option<Moment> {
    let (mut year, mut month, mut day, mut hour, mut minute, mut second, mut timed) = (0, 0, 0, 0, 0, 0, false);
    for piece in pieces {
        if let Piece::Literal(expected) = piece {
            let (found, rest) = text.split_first()?;
            if found != expected {
                return None;
            }
            text = rest;
            continue;
        }
        let width = if *piece == Piece::Year { 4 } else { 2 };
        let (digits, rest) = text.split_at_checked(width)?;
        text = rest;
        match piece {
            Piece::Year => year = (two(&digits[..2])? * 100 + two(&digits[2..])?) as i32,
            Piece::Month => month = two(digits)?,
            Piece::Day => day = two(digits)?,
            Piece::Hour => (hour, timed) = (two(digits)?, true),
            Piece::Minute => (minute, timed) = (two(digits)?, true),
            Piece::Second => (second, timed) = (two(digits)?, true),
            Piece::Literal(_) => {}
        }
    }
    if !text.is_empty() {
        return None;
    }
    let day = day_of(year, month, day)?;
    Some(if timed { Moment::Local(i64::from(day) * DAY + clock(hour, minute, second)?) } else { Moment::Day(day) })
}

fn by_chrono(items: &[Item<'static>], text: &str) -> Option<Moment> {
    let mut parsed = Parsed::new();
    chrono::format::parse(&mut parsed, text, items.iter()).ok()?;
    let at = if parsed.offset().is_some() || parsed.timestamp().is_some() {
        if parsed.offset().is_none() {
            parsed.set_offset(0).ok()?;
        }
        Moment::Instant(parsed.to_datetime().ok()?.timestamp_micros())
    } else if let Ok(local) = parsed.to_naive_datetime_with_offset(0) {
        Moment::Local(local.and_utc().timestamp_micros())
    } else if parsed.hour_div_12().is_none() && parsed.minute().is_none() {
        Moment::Day(parsed.to_naive_date().ok()?.to_epoch_days())
    } else {
        // An hour without minutes: the rest is zero.
        parsed.set_minute(0).ok()?;
        Moment::Local(parsed.to_naive_datetime_with_offset(0).ok()?.and_utc().timestamp_micros())
    };
    let (Moment::Instant(at_micros) | Moment::Local(at_micros)) = at else {
        return Some(at);
    };
    (at_micros.abs() <= FAR).then_some(at)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    const ZONE: Zone = Zone(chrono_tz::Asia::Shanghai);

    fn parser(formats: &[&str]) -> TimeParser {
        TimeParser::compile(&formats.iter().map(|f| (*f).to_owned()).collect::<Vec<_>>(), ZONE).unwrap()
    }

    fn at(formats: &[&str], text: &str) -> Option<i64> {
        parser(formats).instant(text, &mut ZoneCache::new(ZONE))
    }

    fn utc(text: &str) -> Option<i64> {
        Some(chrono::DateTime::parse_from_rfc3339(text).unwrap().timestamp_micros())
    }

    #[test]
    fn years_of_two_digits_are_of_no_future() {
        let as_of = 20_500 * DAY; // 2026-02-16
        let zone = Zone(chrono_tz::UTC);
        let formats = |all: &[&str]| all.iter().map(|f| (*f).to_owned()).collect::<Vec<_>>();
        let parser = TimeParser::compile(&formats(&["%d.%m.%y", "%Y-%m-%d"]), zone).unwrap().judging_centuries(as_of);
        let mut cache = ZoneCache::new(zone);
        for (text, read) in [
            ("01.05.72", true),
            ("01.05.25", true),
            ("17.02.26", true),
            ("18.02.26", false),
            ("01.05.65", false),
            ("01.05.48", false),
            ("2065-05-01", true),
        ] {
            assert_eq!(parser.day(text, &mut cache).is_some(), read, "{text}");
            assert_eq!(parser.is_of_doubtful_century(text), !read, "{text}");
        }
        for (format, two_digits) in [
            ("%y%m%d", true),
            ("%D", true),
            ("%x", true),
            ("%d.%m.%Y", false),
            ("%C%y-%m", false),
            ("excel", false),
            ("epoch_s", false),
        ] {
            assert_eq!(has_two_digit_year(format), two_digits, "{format}");
        }
    }

    #[test]
    fn declared_formats() {
        let wall = ["%Y-%m-%d %H:%M:%S"];
        assert_eq!(at(&wall, "2024-05-01 08:03:07"), utc("2024-05-01T00:03:07Z"));
        assert_eq!(at(&wall, "2024-5-1 8:03:07"), utc("2024-05-01T00:03:07Z"));
        assert_eq!(at(&["%Y/%m/%d %H:%M"], "2024/05/01 08:03"), utc("2024-05-01T00:03:00Z"));
        assert_eq!(at(&["%Y年%m月%d日"], "2024年05月01日"), utc("2024-04-30T16:00:00Z"));
        assert_eq!(at(&["%d.%m.%Y %H:%M:%S%.f"], "01.05.2024 08:03:07.250"), utc("2024-05-01T00:03:07.250Z"));
        assert_eq!(at(&["%Y-%m-%d %H:%M:%S %z"], "2024-05-01 08:03:07 +0200"), utc("2024-05-01T06:03:07Z"));
        assert_eq!(at(&["epoch_ms"], "1714521787123"), utc("2024-05-01T00:03:07.123Z"));
        assert_eq!(at(&["epoch_s"], "1714521787.5"), utc("2024-05-01T00:03:07.500Z"));
        assert_eq!(at(&["%Y%m%d", "epoch_ms"], "20240501"), utc("2024-04-30T16:00:00Z"));
        for text in ["昨天", "", "2024-13-01 00:00:00", "2024-02-30 00:00:00", "2024-05-01 24:00:00", "2024-05-01"] {
            assert_eq!(at(&wall, text), None, "{text}");
        }
        assert_eq!(at(&["epoch_ms"], "99999999999999999999"), None);
    }

    #[test]
    fn iso_is_the_default() {
        for (text, same) in [
            ("2024-05-01", "2024-04-30T16:00:00Z"),
            ("2024-05-01T08:03", "2024-05-01T00:03:00Z"),
            ("2024-05-01 08:03:07.1234567", "2024-05-01T00:03:07.123456Z"),
            ("2024-05-01T08:03:07Z", "2024-05-01T08:03:07Z"),
            ("2024-05-01T08:03:07-05:30", "2024-05-01T13:33:07Z"),
            ("2024-05-01T08:03:07+08", "2024-05-01T00:03:07Z"),
        ] {
            assert_eq!(at(&[], text), utc(same), "{text}");
        }
        for text in [
            "2024-05-01T",
            "2024-05-01X08:03",
            "2024-05-01T08:03:07.",
            "2024-05-01T08:03:07+8",
            "20240501",
            "2024-05-01T08:60",
        ] {
            assert_eq!(at(&[], text), None, "{text}");
        }
        let mut cache = ZoneCache::new(ZONE);
        assert_eq!(parser(&[]).day("2024-05-01", &mut cache), Some(19_844));
        assert_eq!(parser(&["epoch_ms"]).day("1714521787123", &mut cache), Some(19_844));
    }

    #[test]
    fn words_for_formats() {
        assert_eq!(at(&["epoch_us"], "1714521787123456"), utc("2024-05-01T00:03:07.123456Z"));
        assert_eq!(at(&["epoch_ns"], "1714521787123456789"), utc("2024-05-01T00:03:07.123456Z"));
        assert_eq!(at(&["epoch_ns"], "-1"), utc("1969-12-31T23:59:59.999999Z"));
        assert_eq!(at(&["excel"], "45413.5"), utc("2024-05-01T04:00:00Z"));
        assert_eq!(at(&["chinese"], "2024年5月1日 下午3:05"), utc("2024-05-01T07:05:00Z"));
        let half = ["%Y/%m/%d %p%I:%M"];
        assert_eq!(at(&half, "2024/5/1 下午3:05"), utc("2024-05-01T07:05:00Z"));
        assert_eq!(at(&half, "2024/05/01 AM03:05"), utc("2024-04-30T19:05:00Z"));
        assert_eq!(at(&half, "2024/05/01 上午12:05"), utc("2024-04-30T16:05:00Z"));
        assert_eq!(at(&half, "2024/05/01 中午12:05"), None);
        let zoned = ["%Y-%m-%d %H:%M %Z"];
        assert_eq!(at(&zoned, "2024-05-01 08:03 Europe/Berlin"), utc("2024-05-01T06:03:00Z"));
        assert_eq!(at(&zoned, "2024-01-01 08:03 UTC"), utc("2024-01-01T08:03:00Z"));
        // Central, China or Cuba?
        assert_eq!(at(&zoned, "2024-05-01 08:03 CST"), None);
        assert_eq!(at(&zoned, "2024-05-01 08:03"), None);
    }

    #[test]
    fn the_calendar_has_two_ends() {
        for text in ["1899-12-31", "0001-01-01", "1899-12-31 23:59:59"] {
            assert_eq!(at(&[], text), None, "{text}");
            assert!(parser(&[]).is_beyond_calendar(text), "{text}");
        }
        assert_eq!(at(&["epoch_ms"], "253402300800000"), None);
        assert_eq!(at(&["epoch_ms"], "253402300799999"), utc("9999-12-31T23:59:59.999Z"));
        assert!(at(&[], "1900-01-01").is_some() && at(&[], "9999-12-31").is_some());
        assert!(!parser(&[]).is_beyond_calendar("yesterday"));
    }

    #[test]
    fn compact_dates_have_all_their_digits() {
        assert_eq!(at(&["%Y%m%d"], "20241101"), utc("2024-10-31T16:00:00Z"));
        assert_eq!(at(&["%y%m%d"], "240501"), utc("2024-04-30T16:00:00Z"));
        assert_eq!(at(&["%Y%m%d%H%M%S"], "20240501080307"), utc("2024-05-01T00:03:07Z"));
        for (format, text) in [
            ("%Y%m%d", "2024111"),
            ("%Y%m%d", "20240230"),
            ("%y%m%d", "60501"),
            ("%d%m%Y", "1052024"),
            ("%y%m%d", "+60501"),
        ] {
            assert_eq!(at(&[format], text), None, "{text}");
        }
    }

    #[test]
    fn counts_in_another_unit_are_refused() {
        let as_of = utc("2026-11-30T00:00:00Z").unwrap();
        let one = |formats: &[&str], text: &str| {
            let parser = parser(formats).judging_units(as_of);
            (parser.instant(text, &mut ZoneCache::new(ZONE)), parser.is_of_other_unit(text))
        };
        let numbers = ["1777600800", "1777600800000", "1777600800000000", "1777600800000000000"];
        let expected = utc("2026-05-01T02:00:00Z");
        for (at, unit) in ["epoch_s", "epoch_ms", "epoch_us", "epoch_ns"].into_iter().enumerate() {
            for (other, number) in numbers.iter().enumerate() {
                let (found, _) = one(&[unit], number);
                assert_eq!(found, expected.filter(|_| at == other), "{number} as {unit}");
            }
        }
        assert!(one(&["epoch_ms"], numbers[0]).1 && one(&["epoch_ms"], numbers[2]).1);
        // Both units declared: each number is read in its own.
        for number in &numbers[..2] {
            assert_eq!(one(&["epoch_ms", "epoch_s"], number).0, expected, "{number}");
        }
        // Birthdays are far from the run in every unit.
        for (number, day) in [("483753600000", "1985-05-01T00:00:00Z"), ("-86400000", "1969-12-31T00:00:00Z")] {
            assert_eq!(one(&["epoch_ms"], number), (utc(day), false), "{number}");
        }
        assert_eq!(at(&["epoch_ms"], "1777600800"), utc("1970-01-21T13:46:40.800Z"));
    }

    #[test]
    fn formats_that_are_none() {
        for format in ["", "%Q", "yesterday", "%", "%Z %Y", "%Z"] {
            assert_eq!(TimeParser::compile(&[format.to_owned()], ZONE).unwrap_err(), format);
        }
    }

    proptest! {
        #[test]
        fn fixed_widths_agree_with_chrono(seconds in -2_000_000_000i64..4_000_000_000) {
            let at = chrono::DateTime::from_timestamp(seconds, 0).unwrap();
            let format = "%Y-%m-%d %H:%M:%S";
            let text = at.format(format).to_string();
            let TimeFormat::Strftime(Some(pieces), items) = TimeFormat::compile(format).unwrap() else { panic!("not fixed") };
            prop_assert_eq!(fixed_width(&pieces, text.as_bytes()), Some(Moment::Local(seconds * SECOND)));
            prop_assert_eq!(by_chrono(&items, &text), Some(Moment::Local(seconds * SECOND)));
            prop_assert_eq!(iso(text.as_bytes()), Some(Moment::Local(seconds * SECOND)));
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,30}") {
            for format in ["%Y-%m-%d %H:%M:%S", "%c %z", "epoch_s", "%s"] {
                at(&[format], &text);
            }
            at(&[], &text);
        }
    }
}
