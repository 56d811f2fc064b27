//! What an earlier read left in the lake, beside the rows it brought and in the same commit.
//!
//! It stands in the names of Delta application transactions, which stay through every later commit of whatever kind.
//! A name is `lakewarden/mark/<source>/<number>/<kind>/<rows>/<what>`, and a second one,
//! `lakewarden/read/<source>/<number>`, is the same for two runs that read the same at once.

use sha2::{Digest, Sha256};
use std::fmt::Write;

const MARK: &str = "lakewarden/mark/";
const READ: &str = "lakewarden/read/";

/// How far an earlier read came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watermark {
    /// The how many-th read of the source it was, from 1.
    pub(super) number: u64,
    pub(super) reached: Reached,
}

/// What was reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reached {
    /// Everything up to this value of the incremental column, as the server writes it; so many rows lay in the part that
    /// the next read looks at again.
    Value { greatest: String, again: u64 },
    /// Everything; so many rows, and the sum of their hashes.
    Whole { rows: u64, fingerprint: u128 },
    /// There was no row.
    Nothing,
}

/// Names a source, so that the watermark of another is never taken for its own: kind, host and database, what is read,
/// and by which column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SourceId(String);

impl SourceId {
    pub(super) fn new(address: &str, relation: &str, incremental: Option<&str>) -> Self {
        let mut hash = Sha256::new();
        for part in [address, relation, incremental.unwrap_or_default()] {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part.as_bytes());
        }
        Self(hex(&hash.finalize()[..16]))
    }
}

impl Watermark {
    /// Finds the latest among the names of a table's transactions. What cannot be read counts as absent: then everything
    /// is read again, and what the lake has falls out by key.
    pub(super) fn find<'t>(source: &SourceId, transactions: impl Iterator<Item = &'t str>) -> Option<Self> {
        let of_source = transactions.filter_map(|name| {
            let (id, rest) = name.strip_prefix(MARK)?.split_once('/')?;
            (id == source.0).then(|| Self::parse(rest)).flatten()
        });
        of_source.max_by_key(|mark| mark.number)
    }

    fn parse(text: &str) -> Option<Self> {
        let parts: Vec<&str> = text.split('/').collect();
        let &[number, kind, rows, what] = parts.as_slice() else { return None };
        let rows = rows.parse().ok()?;
        let reached = match kind {
            "value" => Reached::Value { greatest: unhex(what)?, again: rows },
            "whole" => Reached::Whole { rows, fingerprint: u128::from_str_radix(what, 16).ok()? },
            "nothing" => Reached::Nothing,
            _ => return None,
        };
        Some(Self { number: number.parse().ok()?, reached })
    }

    /// The transactions to commit with the rows.
    pub(super) fn transactions(&self, source: &SourceId) -> Vec<(String, i64)> {
        let Self { number, reached } = self;
        let state = match reached {
            Reached::Value { greatest, again } => format!("value/{again}/{}", hex(greatest.as_bytes())),
            Reached::Whole { rows, fingerprint } => format!("whole/{rows}/{fingerprint:032x}"),
            Reached::Nothing => "nothing/0/0".to_owned(),
        };
        let version = i64::try_from(*number).unwrap_or(i64::MAX);
        vec![
            (format!("{READ}{}/{number}", source.0), version),
            (format!("{MARK}{}/{number}/{state}", source.0), version),
        ]
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn unhex(text: &str) -> Option<String> {
    let pairs = text.as_bytes().chunks(2);
    let bytes: Option<Vec<u8>> =
        pairs.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect();
    String::from_utf8(bytes?).ok().filter(|_| text.len().is_multiple_of(2))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_latest_of_the_same_source_is_found() {
        let source = SourceId::new("postgres://h/d", "public.orders", Some("updated_at"));
        let other = SourceId::new("postgres://h/d", "public.orders", None);
        assert_ne!(source, other);
        assert_ne!(SourceId::new("ab", "c", None), SourceId::new("a", "bc", None));
        let mut names = vec!["lakewarden/file/00".to_owned(), "lakewarden/mark/x".to_owned()];
        let mark = |number, reached| Watermark { number, reached };
        let value = |text: &str| Reached::Value { greatest: text.to_owned(), again: 3 };
        for (of, mark) in [
            (&source, mark(1, Reached::Nothing)),
            (&source, mark(10, value("2026-09-30 10:00:00.5+00"))),
            (&source, mark(9, value("2026/9"))),
            (&other, mark(11, Reached::Whole { rows: 7, fingerprint: u128::MAX })),
        ] {
            names.extend(mark.transactions(of).into_iter().map(|(name, _)| name));
        }
        let find = |source: &SourceId| Watermark::find(source, names.iter().map(String::as_str));
        assert_eq!(find(&source).unwrap(), mark(10, value("2026-09-30 10:00:00.5+00")));
        assert_eq!(find(&other).unwrap(), mark(11, Reached::Whole { rows: 7, fingerprint: u128::MAX }));
        assert_eq!(find(&SourceId::new("", "", None)), None);
    }

    #[test]
    fn what_cannot_be_read_is_absent() {
        for text in
            ["", "1", "1/value/1/0", "1/value/1/zz", "x/value/1/30", "1/value/-1/30", "1/other/1/30", "1/whole/1/x"]
        {
            assert_eq!(Watermark::parse(text), None, "{text}");
        }
    }
}
