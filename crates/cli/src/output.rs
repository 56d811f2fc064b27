//! The one place that prints: people's text to stderr, results to stdout.

use crate::args::Format;
use serde::Serialize;
use std::io::{IsTerminal, Write};

/// Where text goes.
#[derive(Debug, Clone, Copy)]
pub struct Output {
    format: Format,
}

impl Output {
    /// Prints results in this form.
    pub fn new(format: Format) -> Self {
        Self { format }
    }

    /// Whether results are JSON.
    pub fn is_json(&self) -> bool {
        self.format == Format::Json
    }

    /// Whether stderr takes colours.
    pub fn colours(&self) -> bool {
        std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty())
    }

    /// Whether progress may be drawn.
    pub fn draws(&self) -> bool {
        std::io::stderr().is_terminal()
    }

    /// Tells a person something (stderr).
    pub fn say(&self, text: impl AsRef<str>) {
        // A closed stderr is nobody to tell.
        let _ = writeln!(std::io::stderr().lock(), "{}", text.as_ref());
    }

    /// Gives a result as text, unless JSON was asked for (stdout).
    pub fn text(&self, text: impl AsRef<str>) {
        if !self.is_json() {
            let _ = writeln!(std::io::stdout().lock(), "{}", text.as_ref());
        }
    }

    /// Gives a result as JSON, if that was asked for (stdout).
    pub fn json(&self, value: &impl Serialize) {
        if self.is_json() {
            let mut out = std::io::stdout().lock();
            if serde_json::to_writer_pretty(&mut out, value).is_ok() {
                let _ = writeln!(out);
            }
        }
    }

    /// Gives raw bytes (stdout).
    pub fn raw(&self, bytes: &[u8]) {
        let _ = std::io::stdout().lock().write_all(bytes);
    }
}

/// A number with thousands separators.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Bytes in the largest fitting unit.
pub fn bytes(count: u64) -> String {
    let units = ["B", "KiB", "MiB", "GiB", "TiB"];
    let mut value = count as f64;
    let mut unit = 0;
    while value >= 1024.0 && unit + 1 < units.len() {
        value /= 1024.0;
        unit += 1;
    }
    if unit == 0 { format!("{count} B") } else { format!("{value:.1} {}", units[unit]) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!([grouped(0), grouped(999), grouped(1_000), grouped(1_234_567)], ["0", "999", "1,000", "1,234,567"]);
        assert_eq!([bytes(0), bytes(1023), bytes(1536)], ["0 B", "1023 B", "1.5 KiB"]);
    }
}
