//! The one place that prints: people's text to stderr, results to stdout.

use crate::args::Format;
use crate::failure::Failure;
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serde::Serialize;
use std::borrow::Cow;
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

    /// Whether results are CSV.
    pub fn is_csv(&self) -> bool {
        self.format == Format::Csv
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

    /// Tells a person something that has colours, if stderr takes them. Only text of our own making may have any.
    pub fn say_styled(&self, text: impl AsRef<str>) {
        if self.colours() { write_line(&visible(text.as_ref(), Colours::Kept)) } else { tell(text.as_ref()) }
    }

    /// Gives a result as text, unless JSON was asked for (stdout).
    pub fn text(&self, text: impl AsRef<str>) {
        if self.format == Format::Text {
            give(|out| writeln!(out, "{}", visible(text.as_ref(), Colours::Shown)));
        }
    }

    /// Gives a result as JSON, if that was asked for (stdout).
    pub fn json(&self, value: &impl Serialize) {
        if self.is_json() {
            give(|out| {
                let text = serde_json::to_string_pretty(value)?;
                writeln!(out, "{}", json_visible(&text))
            });
        }
    }

    /// Gives raw bytes (stdout).
    pub fn raw(&self, bytes: &[u8]) {
        give(|out| out.write_all(bytes));
    }

    /// Gives CSV (stdout): exactly to a file or another program, and without control characters to a terminal.
    pub fn csv(&self, text: &str) {
        give(|out| out.write_all(csv_for(text, io::stdout().is_terminal()).as_bytes()));
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
    write_line(&visible(text, Colours::Shown));
}

fn write_line(text: &str) {
    // Without a stderr no user reads it.
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// What becomes of the control sequences of colours.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Colours {
    /// They are shown as text, like every control character.
    Shown,
    /// They reach the terminal.
    Kept,
}

/// Whether a character changes what a terminal shows of other text: control characters, and those that turn the direction
/// of writing or cannot be seen.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
        || matches!(c, '\u{fdd0}'..='\u{fdef}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// Text as it may reach a terminal: what [`is_hidden`] is written as its code, save line ends and tabs.
fn visible(text: &str, colours: Colours) -> Cow<'_, str> {
    let hidden = |c: char| is_hidden(c) && !matches!(c, '\n' | '\t');
    if !text.contains(hidden) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if let Some(length) = colour_sequence(rest).filter(|_| colours == Colours::Kept) {
            out.push_str(&rest[..length]);
            rest = &rest[length..];
            continue;
        }
        if hidden(c) {
            out.extend(c.escape_unicode())
        } else {
            out.push(c)
        }
        rest = &rest[c.len_utf8()..];
    }
    Cow::Owned(out)
}

/// CSV as it is given to a terminal, or to whatever else reads it.
fn csv_for(text: &str, terminal: bool) -> Cow<'_, str> {
    if terminal { visible(text, Colours::Shown) } else { Cow::Borrowed(text) }
}

/// The length of the sequence for a colour that a text begins with.
fn colour_sequence(text: &str) -> Option<usize> {
    let inside = text.strip_prefix("\u{1b}[")?;
    let length = inside.find(|c: char| !c.is_ascii_digit() && c != ';')?;
    inside[length..].starts_with('m').then_some(2 + length + 1)
}

/// A name that others chose, in one line: line ends and tabs are written as codes as well.
pub fn name_visible(name: &str) -> String {
    name.chars().flat_map(|c| if is_hidden(c) { c.escape_unicode().collect() } else { vec![c] }).collect()
}

/// JSON with the codes of hidden characters. Outside of strings, only line ends are among them.
fn json_visible(text: &str) -> Cow<'_, str> {
    let hidden = |c: char| is_hidden(c) && c != '\n';
    if !text.contains(hidden) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if hidden(c) {
            let mut units = [0; 2];
            c.encode_utf16(&mut units).iter().for_each(|unit| out.push_str(&format!("\\u{unit:04x}")));
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
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

/// An instant in the project's time zone: `2026-10-01 08:00:00 CST`.
pub fn local(at: DateTime<Utc>, zone: Tz) -> String {
    at.with_timezone(&zone).format("%F %T %Z").to_string()
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
    fn no_text_steers_the_terminal() {
        let text = "a\u{1b}[2J\u{1b}[31mred\n\t\u{202e}gpj\r\u{9b}1m";
        let shown = "a\\u{1b}[2J\\u{1b}[31mred\n\t\\u{202e}gpj\\u{d}\\u{9b}1m";
        assert_eq!(visible(text, Colours::Shown), shown);
        assert_eq!(visible(text, Colours::Kept), shown.replace("\\u{1b}[31m", "\u{1b}[31m"));
        assert_eq!(name_visible("a\nerror[LW0000]: forged\u{1b}"), "a\\u{a}error[LW0000]: forged\\u{1b}");
        assert_eq!(json_visible("{\n\"a\": \"\u{7f}上\u{e0041}\"}"), "{\n\"a\": \"\\u007f上\\udb40\\udc41\"}");
    }

    #[test]
    fn csv_is_exact_but_on_a_terminal() {
        let text = "order_no,sku\n1,\u{1b}[2J\u{7}=cmd\n";
        assert_eq!(csv_for(text, false), text);
        assert_eq!(csv_for(text, true), "order_no,sku\n1,\\u{1b}[2J\\u{7}=cmd\n");
    }

    #[test]
    fn numbers_read_well() {
        assert_eq!([grouped(0), grouped(999), grouped(1_000), grouped(1_234_567)], ["0", "999", "1,000", "1,234,567"]);
        assert_eq!([bytes(0), bytes(1023), bytes(1536)], ["0 B", "1023 B", "1.5 KiB"]);
    }
}
