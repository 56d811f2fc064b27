//! Forms of the texts under `format`.

use super::{Form, Malformed};
use crate::model::RecordsPath;

/// The word for files that enclose no values.
pub(crate) const NO_QUOTE: &str = "none";

/// A single ASCII character around a CSV value, or none.
pub(crate) static QUOTE_SIGN: Form = Form {
    name: "a quotation mark: one ASCII sign, or `none`",
    pattern: Some("^([!-/:-@\\[-`{-~]|none)$"),
    examples: &["\"", "'", "none"],
    numbers: false,
    check: |text| match text.as_bytes() {
        _ if text == NO_QUOTE => Ok(()),
        [byte] if byte.is_ascii_punctuation() => Ok(()),
        _ => {
            Err(Malformed::new("a quotation mark is one ASCII sign, or `none`").hint("write `'\"'`, `\"'\"` or `none`"))
        }
    },
};

/// A regular expression.
pub(crate) static PATTERN: Form = Form {
    name: "a regular expression",
    pattern: None,
    examples: &["合计|总计", "(?i)(grand )?total.*"],
    numbers: false,
    check: |text| {
        let hint = "write one such as `合计|总计`; where a sign is meant as itself, put `\\` before it";
        match regex::Regex::new(&format!("^(?:{text})$")) {
            Ok(pattern) if pattern.is_match("") => {
                Err(Malformed::new("the regular expression matches an empty value")
                    .hint("let it match at least one sign"))
            }
            Ok(_) => Ok(()),
            Err(_) => Err(Malformed::new(format!("`{text}` is not a regular expression")).hint(hint)),
        }
    },
};

/// Where an array is in a JSON document.
pub(crate) static RECORDS_PATH: Form = Form {
    name: "a path through a JSON document: `$` and names",
    pattern: Some("^\\$(\\.[^.\\[\\]*'\" ]+|\\['[^']+'\\]|\\[\"[^\"]+\"\\])*$"),
    examples: &["$.data.items", "$['order list']"],
    numbers: false,
    check: |text| Ok(text.parse::<RecordsPath>().map(|_| ())?),
};

/// Which members of an archive.
pub(crate) static MEMBERS: Form = Form {
    name: "a pattern of names, with `*`, `?` and `**`",
    pattern: Some("^[^/\\[\\]{}\\\\][^\\[\\]{}\\\\]*$"),
    examples: &["*.csv", "orders/**/*.json"],
    numbers: false,
    check: |text| {
        let steps_up = text.split('/').any(|part| part == "..");
        if text.is_empty() || text.starts_with('/') || steps_up || text.contains(['[', ']', '{', '}', '\\']) {
            return Err(Malformed::new("names are relative, and only `*`, `?` and `**` stand for others")
                .hint("write a pattern such as `*.csv`"));
        }
        Ok(())
    },
};

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn examples_have_the_form_they_are_examples_of() {
        for form in [&QUOTE_SIGN, &PATTERN, &RECORDS_PATH, &MEMBERS] {
            for example in form.examples {
                assert_eq!((form.check)(example), Ok(()), "{example}");
                let pattern = form.pattern.map(|p| regex::Regex::new(p).unwrap());
                assert!(pattern.is_none_or(|p| p.is_match(example)), "{example}");
            }
        }
    }

    #[test]
    fn what_has_not_the_form_is_told_with_a_hint() {
        for (form, texts) in [
            (&QUOTE_SIGN, ["", "ab", "“"]),
            (&PATTERN, ["(", ".*", "a{2,1}"]),
            (&RECORDS_PATH, ["data", "$.a[0]", "$.*"]),
            (&MEMBERS, ["/a.csv", "../a.csv", "[ab].csv"]),
        ] {
            for text in texts {
                assert!((form.check)(text).unwrap_err().hint.is_some(), "{text}");
            }
        }
    }
}
