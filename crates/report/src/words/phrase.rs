//! Phrases and counted nouns in both languages.

use crate::format::integer;
use crate::language::Language;

/// A phrase in both languages.
#[derive(Clone, Copy)]
pub(crate) struct Phrase {
    pub(super) zh: &'static str,
    pub(super) en: &'static str,
}

impl Phrase {
    /// Says the phrase.
    pub(crate) fn say(self, language: Language) -> &'static str {
        match language {
            Language::Chinese => self.zh,
            Language::English => self.en,
        }
    }

    /// Says the phrase with its values filled in, in order.
    pub(crate) fn with(self, language: Language, values: &[&str]) -> String {
        fill(self.say(language), values)
    }
}

/// A counted noun: `1 row`, `2 rows`, `2 行`.
#[derive(Clone, Copy)]
pub(crate) struct Counted {
    pub(super) zh: &'static str,
    pub(super) one: &'static str,
    pub(super) many: &'static str,
}

impl Counted {
    /// Says how many.
    pub(crate) fn say(self, language: Language, count: u64) -> String {
        let pattern = match (language, count) {
            (Language::Chinese, _) => self.zh,
            (Language::English, 1) => self.one,
            (Language::English, _) => self.many,
        };
        fill(pattern, &[&integer(count)])
    }
}

fn fill(pattern: &str, values: &[&str]) -> String {
    let mut out = String::with_capacity(pattern.len() + 16);
    let mut values = values.iter();
    let mut parts = pattern.split("{}");
    out.push_str(parts.next().unwrap_or_default());
    for part in parts {
        out.push_str(values.next().copied().unwrap_or("–"));
        out.push_str(part);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_filled_in_order_and_never_read_as_slots() {
        assert_eq!(fill("{} of {}", &["{}", "b"]), "{} of b");
        assert_eq!(fill("{} and {}", &["a"]), "a and –");
    }
}
