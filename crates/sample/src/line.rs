//! One row of a CSV file before it is written, reused for the next.

use crate::calendar::{push_day, push_instant};
use std::fmt::Write;

/// The fields of a row, in declared order.
#[derive(Default)]
pub(crate) struct Line {
    text: String,
    ends: Vec<usize>,
}

impl Line {
    /// Begins a new row.
    pub fn clear(&mut self) {
        self.text.clear();
        self.ends.clear();
    }

    /// Adds a field that this writes.
    pub fn with(&mut self, write: impl FnOnce(&mut String)) {
        write(&mut self.text);
        self.ends.push(self.text.len());
    }

    /// Adds a text.
    pub fn text(&mut self, text: &str) {
        self.with(|out| out.push_str(text));
    }

    /// Adds an empty field.
    pub fn empty(&mut self) {
        self.with(|_| ());
    }

    /// Adds a whole number.
    pub fn number(&mut self, number: i64) {
        self.with(|out| push_number(out, number));
    }

    /// Adds an amount given in fen.
    pub fn money(&mut self, fen: i64) {
        self.with(|out| push_fixed(out, fen, 2));
    }

    /// Adds a number given in units of the last of `scale` decimals.
    pub fn fixed(&mut self, units: i64, scale: usize) {
        self.with(|out| push_fixed(out, units, scale));
    }

    /// Adds a day.
    pub fn day(&mut self, day: i64) {
        self.with(|out| push_day(out, day));
    }

    /// Adds an instant as `2025-04-03 14:22:05`.
    pub fn instant(&mut self, seconds: i64) {
        self.with(|out| push_instant(out, seconds, ' '));
    }

    /// Adds an instant as `2025-04-03T14:22:05+08:00`.
    pub fn offset_instant(&mut self, seconds: i64) {
        self.with(|out| push_offset_instant(out, seconds));
    }

    /// A field's text; empty for one that was not added.
    pub fn get(&self, column: usize) -> &str {
        let start = if column == 0 { 0 } else { self.ends.get(column - 1).copied().unwrap_or(0) };
        self.ends.get(column).map_or("", |&end| &self.text[start..end])
    }
}

/// Appends an instant as `2025-04-03T14:22:05+08:00`.
pub(crate) fn push_offset_instant(out: &mut String, seconds: i64) {
    push_instant(out, seconds, 'T');
    out.push_str("+08:00");
}

/// Appends a whole number.
pub(crate) fn push_number(out: &mut String, number: i64) {
    // Writing to a string cannot fail.
    let _ = write!(out, "{number}");
}

/// Appends a number given in units of the last of `scale` decimals: (-1250, 2) is `-12.50`.
pub(crate) fn push_fixed(out: &mut String, units: i64, scale: usize) {
    let one = 10u64.pow(scale as u32);
    if units < 0 {
        out.push('-');
    }
    let size = units.unsigned_abs();
    let _ = write!(out, "{}.{:0scale$}", size / one, size % one);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_keep_their_places() {
        let mut line = Line::default();
        line.text("a");
        line.empty();
        line.money(-1250);
        line.fixed(45, 3);
        line.number(-7);
        assert_eq!([0, 1, 2, 3, 4, 5].map(|n| line.get(n)), ["a", "", "-12.50", "0.045", "-7", ""]);
        line.clear();
        assert_eq!(line.get(0), "");
    }
}
