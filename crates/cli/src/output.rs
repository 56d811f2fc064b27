//! The one place that prints: people's text to stderr, results to stdout.

use crate::args::Format;
use crate::failure::Failure;
use serde::Serialize;
use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::sync::OnceLock;

/// The first error of stdout, for a result that nobody got is no success.
static LOST: OnceLock<io::ErrorKind> = OnceLock::new();

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
        tell(text.as_ref());
    }

    /// Gives a result as text, unless JSON was asked for (stdout).
    pub fn text(&self, text: impl AsRef<str>) {
        if !self.is_json() {
            give(|out| writeln!(out, "{}", text.as_ref()));
        }
    }

    /// Gives a result as JSON, if that was asked for (stdout).
    pub fn json(&self, value: &impl Serialize) {
        if self.is_json() {
            give(|out| {
                serde_json::to_writer_pretty(&mut *out, value)?;
                writeln!(out)
            });
        }
    }

    /// Gives raw bytes (stdout).
    pub fn raw(&self, bytes: &[u8]) {
        give(|out| out.write_all(bytes));
    }

    /// What kept a result from stdout. That its reader went away (`lakewarden status | head -1`) is no failure.
    pub fn lost(&self) -> Option<Failure> {
        give(|out| out.flush());
        match LOST.get()? {
            io::ErrorKind::BrokenPipe => None,
            why => Some(Failure::file("write", Path::new("stdout"))((*why).into())),
        }
    }
}

/// Says a line on stderr.
pub fn tell(text: &str) {
    // A closed stderr is nobody to tell.
    let _ = writeln!(io::stderr().lock(), "{text}");
}

fn give(write: impl FnOnce(&mut io::StdoutLock<'static>) -> io::Result<()>) {
    if let Err(error) = write(&mut io::stdout().lock()) {
        // Only the first is told.
        let _ = LOST.set(error.kind());
    }
}

/// So many of something: `1 file`, `1,234 files`.
pub fn counted(number: u64, word: &str) -> String {
    format!("{} {word}{}", grouped(number), if number == 1 { "" } else { "s" })
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
