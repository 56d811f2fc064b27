//! Lengths of time.

use super::TermError;
use crate::model::{Grace, Overlap, Period, Within};
use std::fmt;
use std::str::FromStr;

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

impl FromStr for Grace {
    type Err = TermError;

    /// Parses `P7D`, `P2W`, `P0D`: ISO 8601 with one unit, at most 100 years.
    ///
    /// # Errors
    /// [`TermError::Grace`] for anything else.
    fn from_str(text: &str) -> Result<Self, TermError> {
        const LONGEST: u32 = 100 * 366;
        let wrong = || TermError::Grace(text.to_owned());
        let rest = text.strip_prefix('P').ok_or_else(wrong)?;
        let (digits, unit) = match (rest.strip_suffix('D'), rest.strip_suffix('W')) {
            (Some(digits), _) => (digits, 1),
            (None, Some(digits)) => (digits, 7),
            (None, None) => return Err(wrong()),
        };
        if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(wrong());
        }
        let days = digits.parse::<u32>().ok().and_then(|number| number.checked_mul(unit)).ok_or_else(wrong)?;
        if days <= LONGEST { Ok(Self { days }) } else { Err(wrong()) }
    }
}

impl fmt::Display for Grace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "P{}D", self.days)
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
    fn a_grace_is_a_number_of_days_and_may_be_none() {
        for (text, days) in [("P7D", 7), ("P2W", 14), ("P0D", 0), ("P036D", 36)] {
            assert_eq!(text.parse(), Ok(Grace { days }), "{text}");
        }
        assert_eq!(Grace { days: 14 }.to_string(), "P14D");
        for text in ["", "P", "7D", "PD", "P-1D", "P1M", "P1Y", "PT0S", "P1D1W", "P36601D", "P4294967295W", "P７D"] {
            assert_eq!(text.parse::<Grace>(), Err(TermError::Grace(text.to_owned())), "{text}");
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
}
