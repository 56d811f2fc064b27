//! One part of a path pattern, ready to be held against names.

use crate::interval::{NoDate, Stamp};
use glob::{MatchOptions, Pattern};
use lakewarden_dictionary::{PathPart, Piece, TimePart, left_behind_extension};
use regex::Regex;

/// Stars stop at slashes, dots must be written.
const MATCH: MatchOptions =
    MatchOptions { case_sensitive: true, require_literal_separator: true, require_literal_leading_dot: true };

/// A part of a pattern, compiled.
#[derive(Debug)]
pub(crate) struct Part {
    declared: PathPart,
    glob: Pattern,
    /// Where in a name that matches the parts of the date stand.
    dates: Option<Regex>,
}

impl Part {
    /// Compiles a part; `None` if it is no pattern, which the dictionary has refused before.
    pub(crate) fn new(declared: &PathPart) -> Option<Self> {
        let (mut glob, mut dates) = (String::new(), "(?s)^".to_owned());
        for piece in &declared.pieces {
            match piece {
                Piece::Glob(text) => {
                    glob.push_str(text);
                    loosely(text, &mut dates);
                }
                Piece::Time(part) => {
                    let digits = if *part == TimePart::Year { 4 } else { 2 };
                    glob.push_str(&"[0-9]".repeat(digits));
                    dates.push_str(&format!("([0-9]{{{digits}}})"));
                }
            }
        }
        dates.push('$');
        let dates = match declared.times().next() {
            Some(_) => Some(Regex::new(&dates).ok()?),
            None => None,
        };
        Some(Self { declared: declared.clone(), glob: Pattern::new(&glob).ok()?, dates })
    }

    /// The name, if nothing is open.
    pub(crate) fn literal(&self) -> Option<&str> {
        self.declared.literal()
    }

    /// Whether it stands for any number of folders.
    pub(crate) fn is_any_folders(&self) -> bool {
        self.declared.is_any_folders()
    }

    /// Whether only the date is open.
    pub(crate) fn is_only_dated(&self) -> bool {
        self.declared.is_only_dated()
    }

    /// Whether it says itself that it takes a file that is left behind elsewhere: `*.tmp`, `_metadata*`.
    pub(crate) fn names_left_behind(&self, name: &str) -> bool {
        let text = |piece: Option<&Piece>| match piece {
            Some(Piece::Glob(text)) => text.clone(),
            Some(Piece::Time(_)) | None => String::new(),
        };
        let (first, last) = (text(self.declared.pieces.first()), text(self.declared.pieces.last()));
        left_behind_extension(name).is_some_and(|end| last.ends_with(end))
            || (name.starts_with('_') && first.starts_with('_'))
    }

    /// The name that it has at a date; `None` if more is open than the date.
    pub(crate) fn at(&self, stamp: &Stamp) -> Option<String> {
        let mut name = String::new();
        for piece in &self.declared.pieces {
            match piece {
                Piece::Glob(text) if text.contains(['*', '?', '[']) => return None,
                Piece::Glob(text) => name.push_str(text),
                Piece::Time(part) => name.push_str(&stamp.written(*part)?),
            }
        }
        Some(name)
    }

    /// Holds a name against it: `None` if it does not match, else the date as far as it is known then.
    pub(crate) fn read(&self, name: &str, before: Stamp) -> Option<Result<Stamp, NoDate>> {
        let matches = match self.literal() {
            Some(literal) => literal == name,
            None => self.glob.matches_with(name, MATCH),
        };
        if !matches {
            return None;
        }
        let Some(dates) = &self.dates else { return Some(Ok(before)) };
        let Some(found) = dates.captures(name) else { return Some(Err(NoDate)) };
        let mut stamp = before;
        for (at, part) in self.declared.times().enumerate() {
            let value = found.get(at + 1).and_then(|digits| digits.as_str().parse().ok());
            match value.ok_or(NoDate).and_then(|value| stamp.with(part, value)) {
                Ok(more) => stamp = more,
                Err(none) => return Some(Err(none)),
            }
        }
        Some(stamp.interval().map(|_| stamp))
    }
}

/// A glob as an expression that takes at least what it takes: only names that match the glob are held against it.
fn loosely(glob: &str, into: &mut String) {
    let mut rest = glob.chars();
    while let Some(sign) = rest.next() {
        match sign {
            '*' => into.push_str(".*?"),
            '?' => into.push('.'),
            '[' => {
                // A class, whose first sign may be the closing one itself.
                let mut first = rest.next();
                if first == Some('!') {
                    first = rest.next();
                }
                if first.is_some() {
                    rest.by_ref().find(|sign| *sign == ']');
                }
                into.push('.');
            }
            sign => into.push_str(&regex::escape(sign.encode_utf8(&mut [0; 4]))),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use lakewarden_dictionary::FilePattern;

    fn part(text: &str) -> Part {
        Part::new(&FilePattern::parse(text).unwrap()[0].parts[0]).unwrap()
    }

    fn read(part: &Part, name: &str) -> Option<Option<String>> {
        let stamp = part.read(name, Stamp::default())?.ok();
        Some(stamp.map(|stamp| stamp.interval().unwrap().map_or(String::new(), |i| i.name(TimePart::Day))))
    }

    #[test]
    fn dates_are_found_between_wildcards() {
        let day = |text: &str| Some(Some(text.to_owned()));
        for pattern in ["pos-{date}*.csv", "*-{date}?[xy!].csv", "*{date}*", "[!q]*{year}-{month}-{day}*"] {
            assert_eq!(read(&part(pattern), "pos-2026-09-30_x.csv"), day("2026-09-30"), "{pattern}");
        }
        assert_eq!(read(&part("{date:%d.%m.%Y}.csv"), "30.09.2026.csv"), day("2026-09-30"));
        assert_eq!(read(&part("店{date}[]*]*"), "店2026-09-30]a"), day("2026-09-30"));
    }

    #[test]
    fn other_names_are_passed_over_and_impossible_dates_are_not() {
        let dated = part("dt={date}");
        assert_eq!(read(&dated, "dt=__none__"), None);
        assert_eq!(read(&dated, "dt=2026-9-30"), None);
        assert_eq!(read(&dated, "dt=2026-02-30"), Some(None));
        assert_eq!(read(&part("{date}_{date}"), "2026-09-30_2026-09-29"), Some(None));
        assert_eq!(read(&part("*"), ".hidden"), None);
        assert_eq!(read(&part("a b.csv"), "a b.csv"), Some(Some(String::new())));
    }

    #[test]
    fn a_pattern_may_name_what_is_left_behind_elsewhere() {
        for (pattern, name, named) in [
            ("*", "a.tmp", false),
            ("*.*", "a.tmp", false),
            ("*.tmp", "a.tmp", true),
            ("{date}.tmp", "2026-09-30.tmp", true),
            ("*", "_SUCCESS", false),
            ("_S*", "_SUCCESS", true),
            ("*.tmp", "_SUCCESS", false),
        ] {
            assert_eq!(part(pattern).names_left_behind(name), named, "{pattern} {name}");
        }
    }

    #[test]
    fn a_name_follows_from_a_date() {
        let stamp = Stamp::default().with(TimePart::Year, 2026).unwrap().with(TimePart::Month, 9).unwrap();
        assert_eq!(part("m={year}{month}").at(&stamp).as_deref(), Some("m=202609"));
        assert_eq!(part("m={date}").at(&stamp), None);
        assert_eq!(part("m={year}*").at(&stamp), None);
    }
}
