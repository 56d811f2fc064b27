//! Terms that are written as text and mean a value: lengths of time, types, sizes.

use crate::model::{
    DataType, DatabaseAddress, ExactNumber, NoticeVersion, Overlap, Percent, Period, RecordsPath, Within,
};
use std::fmt;
use std::str::FromStr;

/// Why a text is not the term it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TermError {
    /// Not a length of time.
    #[error("`{0}` is not a length of time; write `P`, a number and one of `Y`, `M`, `W`, `D`, such as `P18M`")]
    Period(String),
    /// Not a type.
    #[error(
        "`{0}` is not a type; write `string`, `integer`, `double`, `decimal(12, 2)`, `boolean`, `date` or `timestamp`"
    )]
    DataType(String),
    /// Not a version of a notice.
    #[error("`{0}` is not a version; write one to four whole numbers, such as `3`, `v2.1` or `2026-03`")]
    NoticeVersion(String),
    /// A decimal type out of range.
    #[error("`{0}` is out of range; a decimal has 1 to 38 digits, of which at most as many after the point")]
    Decimal(String),
    /// Not an exact number.
    #[error("`{0}` is not a number; write up to 18 digits, at most 9 of them after the point, such as `5000.00`")]
    Number(String),
    /// Not a way through a JSON document.
    #[error("`{0}` is no path; write `$` and the names on the way to the array, such as `$.data.items`")]
    RecordsPath(String),
    /// Neither where an address is found, nor one. The text is not kept: it may be a password.
    #[error("this is not where a database's address is found; write `env:NAME`, `file:~/…` or `postgres://…`")]
    DatabaseAddress,
    /// Not a length of time in days, hours, minutes and seconds.
    #[error("`{0}` is not a length of time; write days, hours, minutes and seconds, such as `PT10M` or `P1DT6H`")]
    Duration(String),
    /// Not a share.
    #[error(
        "`{0}` is not a share; write a number from 0 to 100 with at most four digits after the point and `%`, such as `1%` or `0.5%`"
    )]
    Percent(String),
    /// Not a length of time of hours or days.
    #[error(
        "`{0}` is not a length of time; write `PT` and a number of `S`, `M` or `H`, or `P` and a number of `D`, such as `PT30M` or `P7D`"
    )]
    Within(String),
    /// Not a number of bytes.
    #[error("`{0}` is not a size; write a number of bytes or one with a unit, such as `512MB` or `1GiB`")]
    ByteSize(String),
}

impl FromStr for Period {
    type Err = TermError;

    /// Parses `P5Y`, `P18M`, `P2W`, `P30D`: ISO 8601 with one unit, longer than nothing.
    ///
    /// # Errors
    /// [`TermError::Period`] for anything else, and for lengths that do not fit.
    fn from_str(text: &str) -> Result<Self, TermError> {
        let wrong = || TermError::Period(text.to_owned());
        let rest = text.strip_prefix('P').ok_or_else(wrong)?;
        let unit = rest.chars().next_back().ok_or_else(wrong)?;
        let digits = &rest[..rest.len() - unit.len_utf8()];
        if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(wrong());
        }
        let number: u32 = digits.parse().map_err(|_| wrong())?;
        let (months, days) = match unit {
            'Y' => (number.checked_mul(12).ok_or_else(wrong)?, 0),
            'M' => (number, 0),
            'W' => (0, number.checked_mul(7).ok_or_else(wrong)?),
            'D' => (0, number),
            _ => return Err(wrong()),
        };
        if number == 0 {
            return Err(wrong());
        }
        Ok(Self { months, days })
    }
}

impl fmt::Display for Period {
    /// Writes it the ISO 8601 way: `P5Y`, `P18M`, `P30D`; both units if it has both (`P1M2D`).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("P")?;
        match (self.months, self.days) {
            (0, days) => write!(f, "{days}D"),
            (months, 0) if months % 12 == 0 => write!(f, "{}Y", months / 12),
            (months, 0) => write!(f, "{months}M"),
            (months, days) => write!(f, "{months}M{days}D"),
        }
    }
}

impl FromStr for NoticeVersion {
    type Err = TermError;

    /// Takes the numbers in a text from left to right; everything between them separates them.
    ///
    /// # Errors
    /// [`TermError::NoticeVersion`] if there is none, if there are more than four, or one of 2³² and more.
    fn from_str(text: &str) -> Result<Self, TermError> {
        let wrong = || TermError::NoticeVersion(text.to_owned());
        let mut parts = [0; 4];
        let mut numbers = text.split(|c: char| !c.is_ascii_digit()).filter(|n| !n.is_empty());
        parts[0] = numbers.next().and_then(|n| n.parse().ok()).ok_or_else(wrong)?;
        for (at, number) in numbers.enumerate() {
            *parts.get_mut(at + 1).ok_or_else(wrong)? = number.parse().map_err(|_| wrong())?;
        }
        Ok(Self(parts))
    }
}

impl FromStr for ExactNumber {
    type Err = TermError;

    /// Parses `20`, `-5`, `5000.00`: digits with at most one point between them, no exponent.
    ///
    /// # Errors
    /// [`TermError::Number`] for anything else, and for more than 18 digits or 9 after the point.
    fn from_str(text: &str) -> Result<Self, TermError> {
        let wrong = || TermError::Number(text.to_owned());
        let digits = text.strip_prefix('-').unwrap_or(text);
        let (whole, rest) = digits.split_once('.').map_or((digits, None), |(whole, rest)| (whole, Some(rest)));
        let are_digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        let rest = match rest {
            Some(rest) if !are_digits(rest) || rest.len() > 9 => return Err(wrong()),
            rest => rest.unwrap_or_default(),
        };
        if !are_digits(whole) || whole.len() + rest.len() > 18 {
            return Err(wrong());
        }
        let units: i64 = format!("{whole}{rest}").parse().map_err(|_| wrong())?;
        Ok(Self { units: if digits.len() < text.len() { -units } else { units }, scale: rest.len() as u8 })
    }
}

impl FromStr for Percent {
    type Err = TermError;

    /// Parses `1%`, `0.5%`, `100%`.
    ///
    /// # Errors
    /// [`TermError::Percent`] for anything else.
    fn from_str(text: &str) -> Result<Self, TermError> {
        let wrong = || TermError::Percent(text.to_owned());
        let number: ExactNumber =
            text.strip_suffix('%').map(str::trim_end).ok_or_else(wrong)?.parse().map_err(|_| wrong())?;
        let millionths = number.at_scale(4).and_then(|n| u32::try_from(n).ok()).ok_or_else(wrong)?;
        if millionths > 1_000_000 { Err(wrong()) } else { Ok(Self { millionths }) }
    }
}

impl FromStr for Within {
    type Err = TermError;

    /// Parses `PT90S`, `PT30M`, `PT2H`, `P7D`: ISO 8601 with one unit, from a second to a year.
    ///
    /// # Errors
    /// [`TermError::Within`] for anything else.
    fn from_str(text: &str) -> Result<Self, TermError> {
        const LONGEST: u32 = 366 * 86_400;
        let wrong = || TermError::Within(text.to_owned());
        let rest = text.strip_prefix('P').ok_or_else(wrong)?;
        let (digits, unit) = match rest.strip_prefix('T') {
            Some(time) => {
                [('S', 1), ('M', 60), ('H', 3600)].iter().find_map(|(u, s)| Some((time.strip_suffix(*u)?, *s)))
            }
            None => rest.strip_suffix('D').map(|days| (days, 86_400)),
        }
        .ok_or_else(wrong)?;
        if !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(wrong());
        }
        let seconds = digits.parse::<u32>().ok().and_then(|n| n.checked_mul(unit)).ok_or_else(wrong)?;
        if (1..=LONGEST).contains(&seconds) { Ok(Self { seconds }) } else { Err(wrong()) }
    }
}

impl fmt::Display for Within {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.seconds {
            s if s % 86_400 == 0 => write!(f, "P{}D", s / 86_400),
            s if s % 3600 == 0 => write!(f, "PT{}H", s / 3600),
            s if s % 60 == 0 => write!(f, "PT{}M", s / 60),
            s => write!(f, "PT{s}S"),
        }
    }
}

/// The types that are one word.
pub(crate) const PLAIN_TYPES: [(&str, DataType); 6] = [
    ("string", DataType::String),
    ("integer", DataType::Integer),
    ("double", DataType::Double),
    ("boolean", DataType::Boolean),
    ("date", DataType::Date),
    ("timestamp", DataType::Timestamp),
];

impl FromStr for DataType {
    type Err = TermError;

    /// Parses a type as dictionaries write it: one word, or `decimal(precision, scale)`.
    ///
    /// # Errors
    /// [`TermError::DataType`] if it is none, [`TermError::Decimal`] if its digits are out of range.
    fn from_str(text: &str) -> Result<Self, TermError> {
        if let Some((_, plain)) = PLAIN_TYPES.iter().find(|(word, _)| *word == text) {
            return Ok(*plain);
        }
        let wrong = || TermError::DataType(text.to_owned());
        let inner = text.strip_prefix("decimal").map(str::trim).ok_or_else(wrong)?;
        let inner = inner.strip_prefix('(').and_then(|i| i.strip_suffix(')')).ok_or_else(wrong)?;
        let (precision, scale) = inner.split_once(',').ok_or_else(wrong)?;
        let number = |digits: &str| digits.trim().parse::<u8>().map_err(|_| wrong());
        let (precision, scale) = (number(precision)?, number(scale)?);
        if !(1..=38).contains(&precision) || scale > precision {
            return Err(TermError::Decimal(text.to_owned()));
        }
        let scale = i8::try_from(scale).map_err(|_| wrong())?;
        Ok(Self::Decimal { precision, scale })
    }
}

impl fmt::Display for DataType {
    /// Writes it as dictionaries do.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Decimal { precision, scale } => write!(f, "decimal({precision}, {scale})"),
            plain => {
                let word = PLAIN_TYPES.iter().find(|(_, t)| t == plain).map_or("", |(word, _)| word);
                f.write_str(word)
            }
        }
    }
}

impl DataType {
    /// Whether its values are numbers.
    pub fn is_numeric(self) -> bool {
        matches!(self, Self::Integer | Self::Double | Self::Decimal { .. })
    }

    /// Whether its values lie in time.
    pub fn is_temporal(self) -> bool {
        matches!(self, Self::Date | Self::Timestamp)
    }
}

impl FromStr for RecordsPath {
    type Err = TermError;

    /// Parses `$`, `$.data.items` and `$['data']["items"]`: names only, no wildcards, no places in arrays.
    ///
    /// # Errors
    /// [`TermError::RecordsPath`] for anything else.
    fn from_str(text: &str) -> Result<Self, TermError> {
        let wrong = || TermError::RecordsPath(text.to_owned());
        let mut rest = text.trim().strip_prefix('$').ok_or_else(wrong)?;
        let mut steps = Vec::new();
        while !rest.is_empty() {
            let (step, after) = if let Some(name) = rest.strip_prefix('.') {
                name.split_at(name.find(['.', '[']).unwrap_or(name.len()))
            } else {
                let inner = rest.strip_prefix('[').ok_or_else(wrong)?;
                let quote = inner.chars().next().filter(|c| matches!(c, '\'' | '"')).ok_or_else(wrong)?;
                let (name, after) = inner[1..].split_once(quote).ok_or_else(wrong)?;
                (name, after.strip_prefix(']').ok_or_else(wrong)?)
            };
            let bracketed = rest.starts_with('[');
            if step.is_empty() || !bracketed && step.contains(['*', ']', '\'', '"', ' ']) {
                return Err(wrong());
            }
            steps.push(step.to_owned());
            rest = after;
        }
        Ok(Self(steps))
    }
}

impl fmt::Display for RecordsPath {
    /// Writes it as dictionaries do.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("$")?;
        for step in &self.0 {
            if step.contains(['.', '[', ']', '*', '\'', '"', ' ']) {
                write!(f, "[{step:?}]")?;
            } else {
                write!(f, ".{step}")?;
            }
        }
        Ok(())
    }
}

/// Parses a length of time, `P1D`, `PT10M`, `P1DT6H30M`, to seconds.
///
/// # Errors
/// [`TermError::Duration`] for anything else, for nothing, and for more than 100 years.
pub fn duration(text: &str) -> Result<u64, TermError> {
    const LONGEST: u64 = 100 * 366 * 86_400;
    let wrong = || TermError::Duration(text.to_owned());
    let rest = text.strip_prefix('P').ok_or_else(wrong)?;
    let (days, clock) = rest.split_once('T').map_or((rest, None), |(days, clock)| (days, Some(clock)));
    let mut seconds = 0u64;
    let mut parts = |mut text: &str, units: &[(char, u64)]| -> Option<()> {
        for (unit, length) in units {
            let Some((number, rest)) = text.split_once(*unit) else { continue };
            let whole = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
            let number: u64 = whole.then(|| number.parse().ok()).flatten()?;
            seconds = seconds.checked_add(number.checked_mul(*length)?)?;
            text = rest;
        }
        text.is_empty().then_some(())
    };
    parts(days, &[('D', 86_400)]).ok_or_else(wrong)?;
    if let Some(clock) = clock {
        parts(clock, &[('H', 3600), ('M', 60), ('S', 1)]).ok_or_else(wrong)?;
    }
    if (1..=LONGEST).contains(&seconds) { Ok(seconds) } else { Err(wrong()) }
}

impl FromStr for Overlap {
    type Err = TermError;

    /// Parses a whole number, or a length of time.
    ///
    /// # Errors
    /// [`TermError::Duration`] for anything else.
    fn from_str(text: &str) -> Result<Self, TermError> {
        if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
            return text.parse().map(Self::Steps).map_err(|_| TermError::Duration(text.to_owned()));
        }
        duration(text).map(Self::Seconds)
    }
}

impl FromStr for DatabaseAddress {
    type Err = TermError;

    /// Parses `env:NAME`, `file:PATH` or a URL of a database.
    ///
    /// # Errors
    /// [`TermError::DatabaseAddress`] for anything else.
    fn from_str(text: &str) -> Result<Self, TermError> {
        let sound = |name: &str| {
            name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
                && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        };
        if let Some(name) = text.strip_prefix("env:").filter(|name| sound(name)) {
            return Ok(Self::Environment(name.to_owned()));
        }
        if let Some(path) = text.strip_prefix("file:").filter(|path| !path.is_empty()) {
            return Ok(Self::File(path.to_owned()));
        }
        let known = ["postgres://", "postgresql://", "mysql://", "mariadb://"];
        if known.iter().any(|scheme| text.len() > scheme.len() && text.starts_with(scheme)) {
            return Ok(Self::Url(text.to_owned()));
        }
        Err(TermError::DatabaseAddress)
    }
}

/// Parses a size in bytes: a whole number, alone or with `B`, `kB`, `MB`, `GB`, `TB` (powers of 1000) or
/// `KiB`, `MiB`, `GiB`, `TiB` (powers of 1024).
///
/// # Errors
/// [`TermError::ByteSize`] for anything else, for zero, and for sizes of 2⁶⁴ bytes and more.
pub fn byte_size(text: &str) -> Result<u64, TermError> {
    let wrong = || TermError::ByteSize(text.to_owned());
    let trimmed = text.trim();
    let digits = trimmed.bytes().take_while(u8::is_ascii_digit).count();
    let number: u64 = trimmed[..digits].parse().map_err(|_| wrong())?;
    let factor: u64 = match trimmed[digits..].trim_start() {
        "" | "B" => 1,
        "kB" | "KB" => 1_000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        "TB" => 1_000_000_000_000,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        "TiB" => 1 << 40,
        _ => return Err(wrong()),
    };
    number.checked_mul(factor).filter(|bytes| *bytes > 0).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn periods_are_read_and_written() {
        for (text, months, days) in
            [("P5Y", 60, 0), ("P18M", 18, 0), ("P30D", 0, 30), ("P2W", 0, 14), ("P1M", 1, 0), ("P007D", 0, 7)]
        {
            assert_eq!(text.parse(), Ok(Period { months, days }), "{text}");
        }
        for (period, text) in [((60, 0), "P5Y"), ((18, 0), "P18M"), ((0, 30), "P30D"), ((13, 2), "P13M2D")] {
            assert_eq!(Period { months: period.0, days: period.1 }.to_string(), text);
        }
    }

    #[test]
    fn what_is_no_period_is_refused() {
        for text in [
            "",
            "P",
            "5Y",
            "P5",
            "PY",
            "P0D",
            "P-1D",
            "P+1D",
            "P5y",
            "P1Y6M",
            "PT5H",
            "P4294967295Y",
            "P99999999999D",
            "P５Y",
            "P5年",
        ] {
            assert_eq!(text.parse::<Period>(), Err(TermError::Period(text.to_owned())), "{text}");
        }
    }

    #[test]
    fn versions_are_compared_number_by_number() {
        let version = |text: &str| text.parse::<NoticeVersion>();
        for (older, newer) in [("v2", "v10"), ("2025-09", "2026-03"), ("2.1", "2.1.1"), ("v1.9.9", "第2版")] {
            assert!(version(older).unwrap() < version(newer).unwrap(), "{older} {newer}");
        }
        assert_eq!(version("v2").unwrap(), version(" 2.0 ").unwrap());
        for text in ["", "draft", "1.2.3.4.5", "4294967296", "v1-4294967296"] {
            assert_eq!(version(text), Err(TermError::NoticeVersion(text.to_owned())), "{text}");
        }
    }

    #[test]
    fn types_are_read_and_written() {
        for (text, written) in [
            ("string", "string"),
            ("timestamp", "timestamp"),
            ("decimal(12, 2)", "decimal(12, 2)"),
            ("decimal( 38,38 )", "decimal(38, 38)"),
            ("decimal (1,0)", "decimal(1, 0)"),
        ] {
            assert_eq!(text.parse::<DataType>().unwrap().to_string(), written);
        }
        for text in ["", "text", "String", "decimal", "decimal(12)", "decimal(12,2", "decimal(a,b)", "decimal(1,-1)"] {
            assert!(matches!(text.parse::<DataType>(), Err(TermError::DataType(_))), "{text}");
        }
        for text in ["decimal(0,0)", "decimal(39,2)", "decimal(5,6)"] {
            assert!(matches!(text.parse::<DataType>(), Err(TermError::Decimal(_))), "{text}");
        }
    }

    #[test]
    fn paths_are_read_and_written() {
        for (text, steps) in [
            ("$", vec![]),
            ("$.data.items", vec!["data", "items"]),
            ("$['data'][\"a.b\"].c", vec!["data", "a.b", "c"]),
            ("$.数据", vec!["数据"]),
        ] {
            let path: RecordsPath = text.parse().unwrap();
            assert_eq!(path.0, steps, "{text}");
            assert_eq!(path.to_string().parse(), Ok(path), "{text}");
        }
        for text in ["", "data", "$.", "$..a", "$.a[0]", "$.*", "$[*]", "$['a'", "$['a", "$[a]", "$a", "$.a b"] {
            assert_eq!(text.parse::<RecordsPath>(), Err(TermError::RecordsPath(text.to_owned())), "{text}");
        }
    }

    #[test]
    fn lengths_of_time_are_read() {
        for (text, seconds) in [("PT10M", 600), ("P1D", 86_400), ("PT1H30M", 5400), ("P1DT6H", 108_000), ("PT7S", 7)] {
            assert_eq!(duration(text), Ok(seconds), "{text}");
            assert_eq!(text.parse(), Ok(Overlap::Seconds(seconds)));
        }
        for text in ["", "P", "PT", "PT0S", "10M", "PT10", "PT-1M", "PTM", "PT1M1H", "P1M", "PT99999999999999999999S"] {
            assert_eq!(duration(text), Err(TermError::Duration(text.to_owned())), "{text}");
        }
        assert_eq!("1000".parse(), Ok(Overlap::Steps(1000)));
    }

    #[test]
    fn passwords_in_addresses_are_seen() {
        let has = |text: &str| text.parse::<DatabaseAddress>().unwrap().has_password();
        for text in [
            "postgres://shop:hunter2@db.example.com/shop",
            "mysql://shop:@db.example.com/shop",
            "postgres://db.example.com/shop?user=a&password=hunter2",
            "postgres://shop:hun/ter2@db.example.com/shop",
            "postgres://db.example.com/shop?PASSWORD=hunter2",
            "postgres://shop:hun?ter2@db.example.com/shop",
        ] {
            assert!(has(text), "{text}");
            assert!(!format!("{:?}", text.parse::<DatabaseAddress>().unwrap()).contains("hun"));
        }
        for text in ["postgres://shop@db.example.com:5432/shop", "env:SHOP", "file:/etc/shop.url", "mysql://db:3306/a"]
        {
            assert!(!has(text), "{text}");
        }
    }

    #[test]
    fn sizes_are_read() {
        for (text, bytes) in
            [("1GiB", 1 << 30), ("512MB", 512_000_000), ("1024", 1024), ("2 KiB", 2048), ("7B", 7), ("1kB", 1000)]
        {
            assert_eq!(byte_size(text), Ok(bytes), "{text}");
        }
        for text in ["", "GiB", "0", "0MB", "1.5GiB", "-1", "1gb", "20000000TiB", "1 GiB x"] {
            assert_eq!(byte_size(text), Err(TermError::ByteSize(text.to_owned())), "{text}");
        }
    }
}
