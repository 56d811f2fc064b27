//! How numbers are written that are not plain: currencies, thousands, decimal commas, percent signs, Chinese units.

use crate::values::currencies_of;
use std::collections::BTreeMap;

/// Longer texts are no numbers.
const LONGEST: usize = 40;
/// Different marks remembered.
const MARKS: usize = 8;
const UNITS: [char; 5] = ['万', '亿', '萬', '億', '千'];

/// What may stand before a fraction or between thousands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Separator {
    Comma,
    Point,
    Space,
    Apostrophe,
}

/// Counts of the ways in which the numbers of a column are written.
#[derive(Debug, Clone, Default)]
pub(super) struct NumberForms {
    /// Numbers that are not plain.
    pub numbers: u64,
    /// By the mark of a currency: its known codes, comma between, and how many numbers have it.
    marks: BTreeMap<String, u64>,
    pub percents: u64,
    accounting: u64,
    units: u64,
    /// Commas and points that can only stand before a fraction.
    fractions: [u64; 2],
    /// Separators that can only stand between thousands.
    groups: [u64; 4],
    /// Commas and points that may be either: `1,234`.
    either: [u64; 2],
    /// Digits of a number, at most.
    pub digits: u8,
    /// Digits after the last comma and after the last point, at most.
    tails: [u8; 2],
}

/// How the numbers of a column seem to be written.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct FoundForm {
    /// The value of `number_format`, without its braces, as the dictionary writes it; empty for plain numbers.
    pub keys: Vec<String>,
    /// Codes of the currencies that the marks are of; several where the marks do not say which.
    pub currencies: Vec<&'static str>,
    /// What a comma or point is cannot be told: it may stand between thousands, or before a fraction.
    pub is_ambiguous: bool,
    /// Digits after the decimal mark, at most.
    pub scale: u8,
    pub is_percent: bool,
}

impl NumberForms {
    /// Counts a plain number: its point may turn out to stand between thousands.
    pub fn observe_plain(&mut self, point: bool, whole: u8, written: u8) {
        if !point {
            return;
        }
        self.tails[1] = self.tails[1].max(written);
        if written == 3 && (1..=3).contains(&whole) {
            self.either[1] += 1;
        } else {
            self.fractions[1] += 1;
        }
    }

    /// Counts a value that is no plain number, if it is a number all the same.
    pub fn observe(&mut self, value: &str) {
        if value.len() > LONGEST || !value.bytes().any(|b| b.is_ascii_digit()) {
            return;
        }
        let (mut text, mut accounting, mut percent, mut unit) = (value.trim(), false, false, false);
        if let Some(inside) = text.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) {
            (text, accounting) = (inside, true);
        }
        if let Some(before) = text.strip_suffix('-') {
            (text, accounting) = (before.trim_end(), true);
        }
        let is_sign = |c: char| matches!(c, '-' | '+' | '\u{2212}' | ' ' | '\u{A0}');
        text = text.trim_start_matches(is_sign);
        let start = text.find(|c: char| c.is_ascii_digit() || c == '.' && text.starts_with('.')).unwrap_or(0);
        let end = text.rfind(|c: char| c.is_ascii_digit()).map_or(0, |at| at + 1);
        if start >= end {
            return;
        }
        let front = text[..start].trim_matches(is_sign);
        let mut back = text[end..].trim();
        if let Some(before) = back.strip_suffix('%') {
            (back, percent) = (before.trim(), true);
        }
        if let Some(after) = back.strip_prefix(UNITS) {
            (back, unit) = (after.trim_start_matches(UNITS), true);
        }
        let mark = match (front, back) {
            ("", "") => None,
            (mark, "") | ("", mark) => Some(mark),
            _ => return,
        };
        let codes = mark.map(currencies_of);
        if codes.as_ref().is_some_and(Vec::is_empty) || !self.body(&text[start..end]) {
            return;
        }
        self.numbers += 1;
        if let Some(codes) = codes {
            let codes = codes.join(",");
            if self.marks.len() < MARKS || self.marks.contains_key(&codes) {
                *self.marks.entry(codes).or_default() += 1;
            }
        }
        self.percents += u64::from(percent);
        self.accounting += u64::from(accounting);
        self.units += u64::from(unit);
    }

    /// Counts the separators of digits; `false` if it is not digits and separators.
    fn body(&mut self, text: &str) -> bool {
        let (mut separators, mut run, mut runs, mut digits) = (Vec::new(), 0u8, Vec::new(), 0u8);
        for c in text.chars() {
            let separator = match c {
                '0'..='9' => {
                    run = run.saturating_add(1);
                    digits = digits.saturating_add(1);
                    continue;
                }
                ',' => Separator::Comma,
                '.' => Separator::Point,
                ' ' | '\u{A0}' | '\u{202F}' | '\u{2009}' => Separator::Space,
                '\'' | '\u{2019}' => Separator::Apostrophe,
                _ => return false,
            };
            separators.push(separator);
            runs.push(std::mem::take(&mut run));
        }
        runs.push(run);
        let mut kinds = separators.clone();
        kinds.dedup();
        // Thousands are cut in threes.
        let grouped = |runs: &[u8]| (1..=3).contains(&runs[0]) && runs[1..].iter().all(|run| *run == 3);
        let tail = run;
        let place = |separator: Separator| match separator {
            Separator::Comma => Some(0),
            Separator::Point => Some(1),
            Separator::Space | Separator::Apostrophe => None,
        };
        match kinds.as_slice() {
            [] => {}
            [one] => match (place(*one), separators.len()) {
                (Some(at), 1) => {
                    self.tails[at] = self.tails[at].max(tail);
                    if grouped(&runs) {
                        self.either[at] += 1;
                    } else {
                        self.fractions[at] += 1;
                    }
                }
                _ if grouped(&runs) => self.groups[*one as usize] += 1,
                _ => return false,
            },
            [group, last] if separators.iter().filter(|s| *s == last).count() == 1 => {
                let Some(at) = place(*last).filter(|_| grouped(&runs[..runs.len() - 1])) else { return false };
                self.groups[*group as usize] += 1;
                self.fractions[at] += 1;
                self.tails[at] = self.tails[at].max(tail);
            }
            _ => return false,
        }
        self.digits = self.digits.max(digits);
        true
    }

    /// How the numbers seem to be written. `simplified`: the file is not of a place that writes traditional characters.
    pub fn found(&self, simplified: bool) -> FoundForm {
        let mut found = FoundForm::default();
        let comma_is_decimal = self.fractions[0] > self.fractions[1];
        let at = usize::from(!comma_is_decimal);
        let mut group = [(Separator::Space, "space"), (Separator::Apostrophe, "apostrophe")]
            .into_iter()
            .find(|(separator, _)| self.groups[*separator as usize] > 0)
            .map(|(_, word)| word);
        let other = usize::from(comma_is_decimal);
        if self.groups[other] > 0 || self.either[other] > 0 {
            group = Some(if comma_is_decimal { "point" } else { "comma" });
        }
        let certain = self.fractions.iter().chain(&self.groups).sum::<u64>() > 0;
        found.is_ambiguous = !certain && self.either[0] > 0;
        found.scale = self.tails[at];
        if !comma_is_decimal && self.fractions[1] == 0 && self.groups[Separator::Point as usize] > 0 {
            // Points between thousands, and no fraction anywhere.
            (group, found.scale) = (Some("point"), 0);
            found.keys.push("decimal: comma".to_owned());
        }
        if comma_is_decimal {
            found.keys.push("decimal: comma".to_owned());
        }
        found.keys.extend(group.map(|group| format!("group: {group}")));
        found.currencies = self.currencies(simplified, found.scale);
        found.keys.extend(found.currencies.first().map(|code| format!("currency: {code}")));
        if self.percents > 0 {
            found.is_percent = true;
            found.keys.push("percent: fraction".to_owned());
        }
        if self.accounting > 0 {
            found.keys.push("accounting: true".to_owned());
        }
        if self.units > 0 {
            found.keys.push("chinese_units: true".to_owned());
        }
        found
    }

    /// The currencies that all marks may be of.
    fn currencies(&self, simplified: bool, scale: u8) -> Vec<&'static str> {
        let mut common: Option<Vec<&'static str>> = None;
        for codes in self.marks.keys() {
            let of_mark: Vec<&str> = codes.split(',').collect();
            let known = common.take().unwrap_or_else(|| currencies_of_all(&of_mark));
            common = Some(known.into_iter().filter(|code| of_mark.contains(code)).collect());
        }
        let mut codes = common.unwrap_or_default();
        // Yen have no fractions.
        if scale > 0 {
            codes.retain(|code| *code != "JPY" && *code != "KRW");
        }
        if simplified && codes.contains(&"CNY") {
            codes.retain(|code| *code != "TWD");
        }
        codes
    }
}

/// The codes as the dictionary's own.
fn currencies_of_all(codes: &[&str]) -> Vec<&'static str> {
    codes.iter().filter_map(|code| currencies_of(code).into_iter().find(|known| known == code)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(values: &[&str]) -> FoundForm {
        let mut forms = NumberForms::default();
        values.iter().for_each(|value| forms.observe(value));
        forms.found(true)
    }

    #[test]
    fn money_is_recognised() {
        for (values, keys, currencies) in [
            (&["¥1,234.50", "¥12.00"][..], &["group: comma", "currency: CNY"][..], &["CNY"][..]),
            (&["1.234,50 €", "12,5 €"], &["decimal: comma", "group: point", "currency: EUR"], &["EUR"]),
            (&["(12.00)", "$3.50"], &["currency: HKD", "accounting: true"], &[]),
            (&["1 234,5", "12,50"], &["decimal: comma", "group: space"], &[]),
            (&["12.5%", "3%"], &["percent: fraction"], &[]),
            (&["1.2万", "300元"], &["currency: CNY", "chinese_units: true"], &["CNY"]),
            (&["1.234.567", "12.345.678"], &["decimal: comma", "group: point"], &[]),
            (&["US$12", "$3"], &["currency: USD"], &["USD"]),
        ] {
            let form = found(values);
            assert_eq!(form.keys, keys, "{values:?}");
            if !currencies.is_empty() {
                assert_eq!(form.currencies, currencies, "{values:?}");
            }
            assert!(!form.is_ambiguous, "{values:?}");
        }
        assert!(found(&["$3", "$4.50"]).currencies.len() > 1, "of which country is not known");
        assert!(found(&["1,234", "5,678"]).is_ambiguous);
        assert!(!found(&["1,234", "5,678.50"]).is_ambiguous);
    }

    #[test]
    fn what_is_no_number_is_not_counted() {
        let mut forms = NumberForms::default();
        for value in ["abc", "A1", "2026-09-30", "12:30", "1,2,3", "12 34", "3 Main St", "x@y.z", "", "1/2", "--"] {
            forms.observe(value);
        }
        assert_eq!(forms.numbers, 0);
    }
}
