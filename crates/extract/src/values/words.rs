//! Words: those for true and false, and spellings that differ only in case, width or space.

use arrow::array::{Array, StringArray};
use hashbrown::HashMap;
use lakewarden_dictionary::{BooleanWords, DataType, Field, Folding, Rule};
use lakewarden_privacy::normalise;

/// The usual words, in lower case.
const USUAL: [(&str, bool); 22] = [
    ("true", true),
    ("false", false),
    ("1", true),
    ("0", false),
    ("yes", true),
    ("no", false),
    ("y", true),
    ("n", false),
    ("t", true),
    ("f", false),
    ("on", true),
    ("off", false),
    ("是", true),
    ("否", false),
    ("真", true),
    ("假", false),
    ("对", true),
    ("错", false),
    ("對", true),
    ("錯", false),
    ("√", true),
    ("×", false),
];

/// The words for true and false of a field.
#[derive(Debug, Clone, Default)]
pub(crate) struct BooleanParser {
    /// In lower case; empty: the usual ones.
    words: Vec<(String, bool)>,
}

impl BooleanParser {
    /// Compiles the declared words; without any, the usual ones count.
    pub(crate) fn new(words: Option<&BooleanWords>) -> Self {
        let plain = |words: &[String], value| -> Vec<(String, bool)> {
            let all = StringArray::from_iter_values(words);
            normalise::fold_width(&all).values.iter().flatten().map(|w| (w.to_lowercase(), value)).collect()
        };
        let words = words.map_or_else(Vec::new, |w| [plain(&w.yes, true), plain(&w.no, false)].concat());
        Self { words }
    }

    /// The value of a trimmed, folded word in any case.
    pub(crate) fn parse(&self, text: &str) -> Option<bool> {
        let known = |word: &str| match self.words.as_slice() {
            [] => USUAL.iter().find(|(w, _)| *w == word).map(|(_, value)| *value),
            words => words.iter().find(|(w, _)| w == word).map(|(_, value)| *value),
        };
        // Programs write truth values of a column that has gaps as numbers.
        let whole = || text.strip_suffix(".0").filter(|digit| matches!(*digit, "0" | "1")).and_then(known);
        known(text).or_else(|| known(&text.to_lowercase())).or_else(whole)
    }
}

/// The spellings of a field's `map` and `null_values`, where some differences do not count.
#[derive(Debug)]
pub(crate) struct FoldedWords {
    case: bool,
    width: bool,
    space: bool,
    /// Folded spelling → code; an empty code is null.
    codes: HashMap<String, String>,
}

impl FoldedWords {
    /// Compiles them; `None` where the field has neither.
    pub(crate) fn new(field: &Field) -> Option<Self> {
        let folds = |folding| field.values.fold.iter().any(|f| f.value == folding);
        if field.map.is_empty() && field.null_values.is_empty() {
            return None;
        }
        let mut words = Self {
            case: folds(Folding::Case),
            // Without a declaration too: Ｆ is a spelling of F.
            width: folds(Folding::Width) || field.values.fold.is_empty(),
            space: folds(Folding::Space),
            codes: HashMap::new(),
        };
        for (spelling, code) in &field.map {
            let folded = words.fold(spelling);
            words.codes.entry(folded).or_insert_with(|| code.clone());
        }
        // What is written as declared is what is declared, also where two spellings are folded to one.
        words.codes.extend(field.map.iter().map(|(spelling, code)| (spelling.trim().to_owned(), code.clone())));
        for null in &field.null_values {
            let folded = words.fold(null);
            words.codes.insert(folded, String::new());
        }
        Some(words)
    }

    /// The words of a text field's first `in` rule: a value that is one of them in another width becomes it.
    pub(crate) fn listed(field: &Field) -> Option<Self> {
        if field.data_type.value != DataType::String {
            return None;
        }
        let words = field.rules.iter().find_map(|r| match &r.rule.value {
            Rule::In(words) => Some(words),
            Rule::Required | Rule::Unique | Rule::Matches(_) | Rule::NotInFuture => None,
            Rule::Between { .. } | Rule::References { .. } => None,
        })?;
        let mut listed = Self { case: false, width: true, space: false, codes: HashMap::new() };
        for word in words {
            // Two words that differ in width only are two words.
            if let Some(other) = listed.codes.insert(listed.fold(word), word.clone())
                && other != *word
            {
                return None;
            }
        }
        Some(listed)
    }

    /// Spellings → codes; what is no spelling stays, and what stands for nothing becomes null.
    pub(crate) fn apply(&self, text: &StringArray) -> StringArray {
        let mut out = arrow::array::StringBuilder::with_capacity(text.len(), text.value_data().len());
        // Few different texts fill such columns; each is folded once.
        let mut seen: HashMap<&str, Option<&str>> = HashMap::new();
        for value in text {
            match value {
                None => out.append_null(),
                Some(value) => {
                    let code = match seen.get(value) {
                        Some(code) => *code,
                        None => {
                            let exact = self.codes.get(value.trim());
                            let code = exact.or_else(|| self.codes.get(&self.fold(value))).map(String::as_str);
                            if seen.len() < REMEMBERED {
                                seen.insert(value, code);
                            }
                            code
                        }
                    };
                    match code {
                        Some("") => out.append_null(),
                        Some(code) => out.append_value(code),
                        None => out.append_value(value),
                    }
                }
            }
        }
        out.finish()
    }

    fn fold(&self, text: &str) -> String {
        let mut text = text.trim().to_owned();
        if self.width && !text.is_ascii() {
            let one = normalise::fold_width(&StringArray::from(vec![text]));
            text = one.values.iter().next().flatten().unwrap_or_default().to_owned();
        }
        if self.case {
            text = text.to_lowercase();
        }
        if self.space {
            text.retain(|c| !c.is_whitespace());
        }
        text
    }
}

/// So many different texts of a column are remembered.
const REMEMBERED: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usual_and_declared_words() {
        let usual = BooleanParser::new(None);
        for (word, value) in [
            ("TRUE", Some(true)),
            ("0", Some(false)),
            ("1.0", Some(true)),
            ("0.0", Some(false)),
            ("2.0", None),
            ("true.0", None),
            ("Yes", Some(true)),
            ("N", Some(false)),
            ("是", Some(true)),
            ("否", Some(false)),
            ("2", None),
            ("", None),
            ("maybe", None),
        ] {
            assert_eq!(usual.parse(word), value, "{word}");
        }
        let declared =
            BooleanWords { yes: vec!["在职".into(), "Ｊa".into()], no: vec!["离职".into(), "NEIN".into()] };
        let declared = BooleanParser::new(Some(&declared));
        for (word, value) in
            [("在职", Some(true)), ("JA", Some(true)), ("nein", Some(false)), ("true", None), ("1", None)]
        {
            assert_eq!(declared.parse(word), value, "{word}");
        }
    }
}
