//! Numbers: exact ones, shares, sizes, versions.

use super::TermError;
use crate::model::{ExactNumber, NoticeVersion, Percent};
use std::str::FromStr;

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
