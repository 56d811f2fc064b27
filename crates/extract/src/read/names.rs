//! Names of fields: the declared ones, and those that nobody declared.

use lakewarden_dictionary::Dataset;
use std::collections::{BTreeMap, HashMap};

/// Undeclared names remembered a file.
pub(crate) const MAX_UNDECLARED: usize = 1000;
const OTHERS: &str = "(others)";
const WITHHELD: &str = "(name withheld)";

/// The declared names, for looking up.
pub(crate) struct FieldNames<'a> {
    by_name: HashMap<&'a str, usize>,
}

impl<'a> FieldNames<'a> {
    pub(crate) fn new(dataset: &'a Dataset) -> Self {
        Self { by_name: dataset.fields.iter().enumerate().map(|(i, f)| (f.name.value.as_str(), i)).collect() }
    }

    /// The place of a declared field.
    pub(crate) fn get(&self, name: &str) -> Option<usize> {
        self.by_name.get(name).copied()
    }
}

/// Counts of undeclared names, of a bounded number of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct NameCounts {
    counts: BTreeMap<String, u64>,
    others: u64,
}

impl NameCounts {
    /// Adds to a name. Names that look like a value rather than a name (people do use phone numbers as
    /// JSON keys) are not repeated.
    pub(crate) fn add(&mut self, name: &str, count: u64) {
        if count == 0 {
            return;
        }
        let name = presentable(name);
        if let Some(known) = self.counts.get_mut(name) {
            *known += count;
        } else if self.counts.len() < MAX_UNDECLARED {
            self.counts.insert(name.to_owned(), count);
        } else {
            self.others += count;
        }
    }

    /// Adds occurrences of names that were not remembered.
    pub(crate) fn add_others(&mut self, count: u64) {
        self.others += count;
    }

    /// Adds another's counts.
    pub(crate) fn merge(&mut self, other: &Self) {
        for (name, count) in &other.counts {
            self.add(name, *count);
        }
        self.others += other.others;
    }

    /// Whether some names were not remembered.
    pub(crate) fn overflowed(&self) -> bool {
        self.others > 0
    }

    /// The names, without those that were not remembered.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.counts.keys().map(String::as_str)
    }

    /// The counts by name; those not remembered under `(others)`.
    pub(crate) fn into_counts(mut self) -> BTreeMap<String, u64> {
        if self.others > 0 {
            *self.counts.entry(OTHERS.to_owned()).or_default() += self.others;
        }
        self.counts
    }
}

/// The name, unless it may be a person's number or address, or is no name at all.
pub(crate) fn presentable(name: &str) -> &str {
    let mut digits = 0;
    let mut run = 0;
    for c in name.chars() {
        // A number is one however it is grouped.
        let within = matches!(c, ' ' | '-' | '.' | '(' | ')' | '\u{2010}'..='\u{2015}');
        run = if c.is_numeric() {
            run + 1
        } else if within {
            run
        } else {
            0
        };
        digits = digits.max(run);
    }
    if name.is_empty() || name.len() > 128 || digits >= 6 || name.contains(['@', '＠']) { WITHHELD } else { name }
}

/// The one of `candidates` that is spelled most like `name`, if it is at least as like as `least` (0 to 1).
pub(crate) fn nearest<'a>(name: &str, candidates: impl Iterator<Item = &'a str>, least: f64) -> Option<String> {
    let folded = name.to_lowercase();
    candidates
        .map(|c| {
            let other = c.to_lowercase();
            let likeness =
                strsim::jaro_winkler(&folded, &other).max(strsim::normalized_damerau_levenshtein(&folded, &other));
            (likeness, c)
        })
        .filter(|(likeness, c)| *likeness >= least && *c != WITHHELD)
        .max_by(|a, b| a.0.total_cmp(&b.0).then_with(|| b.1.cmp(a.1)))
        .map(|(_, c)| c.to_owned())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_nearest_is_the_renamed_one() {
        let has = ["姓名", "手机", "邮箱地址"];
        assert_eq!(nearest("手机号", has.into_iter(), 0.5).unwrap(), "手机");
        assert_eq!(nearest("邮箱", has.into_iter(), 0.5).unwrap(), "邮箱地址");
        assert_eq!(nearest("Phone_No", ["phone no", "sku"].into_iter(), 0.5).unwrap(), "phone no");
        assert_eq!(nearest("sku", ["姓名"].into_iter(), 0.5), None);
    }

    #[test]
    fn names_are_bounded_and_values_are_no_names() {
        let mut counts = NameCounts::default();
        for i in 0..MAX_UNDECLARED as u64 + 5 {
            counts.add(&format!("n{}x{}", i / 100, i % 100), 2);
        }
        counts.add("n0x0", 1);
        counts.add("n0x1", 0);
        assert!(counts.overflowed());
        let counts = counts.into_counts();
        assert_eq!((counts.len(), counts[OTHERS], counts["n0x0"], counts["n0x1"]), (MAX_UNDECLARED + 1, 10, 3, 2));
        for value in ["13812345678", "person@example.com", "", "１３８１２３４"] {
            assert_eq!(presentable(value), WITHHELD);
        }
        assert_eq!(presentable("clipboard"), "clipboard");
    }
}
