//! Names of fields: the declared ones, and those that nobody declared.

use lakewarden_dictionary::Dataset;
use lakewarden_privacy::{KeyRing, Tokeniser};
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use unicode_normalization::UnicodeNormalization;

/// Undeclared names remembered a file.
pub(crate) const MAX_UNDECLARED: usize = 1000;
const OTHERS: &str = "(others)";
const WITHHELD: &str = "(name withheld)";

/// A name without the white space and the invisible signs around it.
pub(crate) fn trim_name(name: &str) -> &str {
    name.trim_matches(|c: char| c.is_whitespace() || matches!(c, '\u{feff}' | '\u{200b}'..='\u{200f}' | '\u{2060}'))
}

/// A name in one spelling: full-width letters are letters, and a no-break space is a space.
fn fold(name: &str) -> Cow<'_, str> {
    let name = trim_name(name);
    if name.is_ascii() {
        Cow::Borrowed(name)
    } else {
        Cow::Owned(trim_name(&name.nfkc().collect::<String>()).to_owned())
    }
}

/// The declared names, for looking up.
pub(crate) struct FieldNames<'a> {
    by_name: HashMap<&'a str, usize>,
    /// By folded name; `None` where several fields have the same.
    by_fold: HashMap<String, Option<usize>>,
}

impl<'a> FieldNames<'a> {
    pub(crate) fn new(dataset: &'a Dataset) -> Self {
        let mut by_fold: HashMap<String, Option<usize>> = HashMap::new();
        for (field, declared) in dataset.fields.iter().enumerate() {
            let folded = fold(&declared.name.value).into_owned();
            by_fold.entry(folded).and_modify(|several| *several = None).or_insert(Some(field));
        }
        let by_name = dataset.fields.iter().enumerate().map(|(i, f)| (trim_name(&f.name.value), i)).collect();
        Self { by_name, by_fold }
    }

    /// The place of a declared field. White space around names and the width of their letters do not count.
    pub(crate) fn get(&self, name: &str) -> Option<usize> {
        let exact = self.by_name.get(trim_name(name)).copied();
        exact.or_else(|| self.by_fold.get(fold(name).as_ref()).copied().flatten())
    }
}

/// Labels of undeclared fields: equal for equal names of one dataset, and without meaning for whoever lacks the key. A name
/// that the dictionary ignores is its own label, since it is written there.
pub(crate) struct FieldLabels<'d> {
    dataset: &'d Dataset,
    tokeniser: Tokeniser,
}

impl<'d> FieldLabels<'d> {
    pub(crate) fn new(dataset: &'d Dataset, keys: &KeyRing) -> Self {
        Self { dataset, tokeniser: keys.tokeniser("lakewarden/undeclared-field") }
    }

    /// The label of a name.
    pub(crate) fn label(&self, name: &str) -> String {
        if self.dataset.drift.ignores(name) {
            return name.to_owned();
        }
        let token = self.tokeniser.token_of(&format!("{}/{name}", self.dataset.name.value));
        let digits = token.char_indices().rev().nth(11).map_or(token.as_str(), |(at, _)| &token[at..]);
        format!("field-{digits}")
    }
}

/// Counts of undeclared names, of a bounded number of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct NameCounts {
    counts: BTreeMap<String, u64>,
    others: u64,
}

impl NameCounts {
    /// Adds to a name.
    pub(crate) fn add(&mut self, name: &str, count: u64) {
        if count == 0 {
            return;
        }
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

    /// The names with their counts, without those that were not remembered.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, u64)> {
        self.counts.iter().map(|(name, count)| (name.as_str(), *count))
    }

    /// The counts by label; those not remembered under `(others)`.
    pub(crate) fn labelled(&self, labels: &FieldLabels<'_>) -> BTreeMap<String, u64> {
        let mut counts = BTreeMap::new();
        for (name, count) in &self.counts {
            *counts.entry(labels.label(name)).or_default() += count;
        }
        if self.others > 0 {
            *counts.entry(OTHERS.to_owned()).or_default() += self.others;
        }
        counts
    }
}

/// The name, unless it may be a person's number or address, or is no name at all. For names of files, which are shown, and
/// for proposals of entries; names of undeclared fields have labels instead.
pub(crate) fn presentable(name: &str) -> &str {
    let (mut most, mut run) = (0, 0);
    for c in name.chars() {
        // A number is one however it is grouped.
        if c.is_numeric() || "〇零一二三四五六七八九壹贰叁肆伍陆柒捌玖".contains(c) {
            run += 1;
        } else if c.is_alphabetic() {
            run = 0;
        }
        most = most.max(run);
    }
    if name.is_empty() || name.len() > 128 || most >= 6 || name.contains(['@', '＠']) { WITHHELD } else { name }
}

/// The one of `candidates` with the name that is spelled most like `name`, if it is at least as like as `least` (0 to 1).
pub(crate) fn nearest<'a, K>(name: &str, candidates: impl Iterator<Item = (K, &'a str)>, least: f64) -> Option<K> {
    let folded = name.to_lowercase();
    candidates
        .map(|(key, candidate)| {
            let other = candidate.to_lowercase();
            let likeness =
                strsim::jaro_winkler(&folded, &other).max(strsim::normalized_damerau_levenshtein(&folded, &other));
            (likeness, key, candidate)
        })
        .filter(|(likeness, ..)| *likeness >= least)
        .max_by(|a, b| a.0.total_cmp(&b.0).then_with(|| b.2.cmp(a.2)))
        .map(|(_, key, _)| key)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_nearest_is_the_renamed_one() {
        let has = ["姓名", "手机", "邮箱地址"];
        let of = |name: &str, names: &[&'static str]| nearest(name, names.iter().map(|n| (*n, *n)), 0.5);
        assert_eq!(of("手机号", &has), Some("手机"));
        assert_eq!(of("邮箱", &has), Some("邮箱地址"));
        assert_eq!(of("Phone_No", &["phone no", "sku"]), Some("phone no"));
        assert_eq!(of("sku", &["姓名"]), None);
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
        assert_eq!((counts.counts.len(), counts.others), (MAX_UNDECLARED, 10));
        assert_eq!((counts.counts["n0x0"], counts.counts["n0x1"]), (3, 2));
        for value in ["13812345678", "person@example.com", "", "１３８１２３４"] {
            assert_eq!(presentable(value), WITHHELD);
        }
        assert_eq!(presentable("clipboard"), "clipboard");
    }
}
