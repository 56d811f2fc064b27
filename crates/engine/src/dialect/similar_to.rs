//! `SIMILAR TO`, the SQL standard's regular expressions (ISO/IEC 9075-2, 8.6), as anchored regular expressions.
//!
//! DataFusion 55.2 runs the pattern as an unanchored regular expression, in which `%` and `_` are letters.

use super::span_start;
use crate::error::SqlProblem;
use datafusion::sql::sqlparser::ast::{BinaryOperator, Expr, Spanned, Value, ValueWithSpan};

/// Returns `expr ~ '^(?:…)$'`, or `expr !~ …` if negated.
pub(super) fn rewrite_similar_to(
    negated: bool,
    expr: &Expr,
    pattern: &Expr,
    escape: Option<&ValueWithSpan>,
) -> Result<Expr, SqlProblem> {
    let problem = |message: &str| SqlProblem {
        code: Some("LW3122"),
        message: message.to_owned(),
        at: span_start(pattern.span()).or_else(|| span_start(expr.span())),
        hint: Some("write a literal SQL pattern, or use regexp_like(text, 'regular expression') or LIKE".to_owned()),
    };
    let Expr::Value(ValueWithSpan { value: Value::SingleQuotedString(text), span }) = pattern else {
        return Err(problem("the pattern of SIMILAR TO is not a text literal"));
    };
    let escape = match escape.map(|e| &e.value) {
        None => Some('\\'),
        Some(Value::SingleQuotedString(one)) => {
            let mut characters = one.chars();
            match (characters.next(), characters.next()) {
                (first, None) => first,
                (_, Some(_)) => return Err(problem("ESCAPE takes one character")),
            }
        }
        Some(_) => return Err(problem("ESCAPE takes a text literal of one character")),
    };
    let regex = translate_pattern(text, escape).ok_or_else(|| problem("the pattern of SIMILAR TO is not valid"))?;
    let op = if negated { BinaryOperator::PGRegexNotMatch } else { BinaryOperator::PGRegexMatch };
    let right = Expr::Value(ValueWithSpan { value: Value::SingleQuotedString(regex), span: *span });
    Ok(Expr::Nested(Box::new(Expr::BinaryOp {
        left: Box::new(Expr::Nested(Box::new(expr.clone()))),
        op,
        right: Box::new(right),
    })))
}

/// Translates a pattern of the standard to a regular expression over the whole text; `None` if it is not valid.
fn translate_pattern(pattern: &str, escape: Option<char>) -> Option<String> {
    let mut regex = String::from("^(?s:");
    let mut characters = pattern.chars();
    let mut in_class = false;
    while let Some(c) = characters.next() {
        if Some(c) == escape {
            push_literal(&mut regex, characters.next()?);
        } else if in_class {
            match c {
                ']' => {
                    in_class = false;
                    regex.push(']');
                }
                '^' | '-' | ':' => regex.push(c),
                '[' => {
                    // A named class such as [:alpha:] passes; a lone bracket has to be escaped for the regex crate.
                    let named = characters.as_str().starts_with(':');
                    regex.push_str(if named { "[" } else { "\\[" });
                    if named {
                        let (class, rest) = characters.as_str().split_once(":]")?;
                        regex.push_str(class);
                        regex.push_str(":]");
                        characters = rest.chars();
                    }
                }
                other => push_literal(&mut regex, other),
            }
        } else {
            match c {
                '%' => regex.push_str(".*"),
                '_' => regex.push('.'),
                '[' => {
                    in_class = true;
                    regex.push('[');
                }
                '(' => regex.push_str("(?:"),
                '|' | '*' | '+' | '?' | '{' | '}' | ')' => regex.push(c),
                other => push_literal(&mut regex, other),
            }
        }
    }
    regex.push_str(")$");
    let whole = !in_class && regex::Regex::new(&regex).is_ok();
    whole.then_some(regex)
}

fn push_literal(regex: &mut String, c: char) {
    regex.push_str(&regex::escape(c.encode_utf8(&mut [0; 4])));
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn matches(pattern: &str, text: &str) -> bool {
        regex::Regex::new(&translate_pattern(pattern, Some('\\')).unwrap()).unwrap().is_match(text)
    }

    /// The examples of PostgreSQL's manual (9.7.2), and the characters that mean something else in regular expressions.
    #[test]
    fn patterns_match_as_the_standard_says() {
        for (text, pattern, expected) in [
            ("abc", "abc", true),
            ("abc", "a", false),
            ("abc", "%(b|d)%", true),
            ("abc", "(b|c)%", false),
            ("GROCERY1", "GROC%", true),
            ("GROCERY1", "GROC", false),
            ("a.c", "a.c", true),
            ("abc", "a.c", false),
            ("a^b$", "a^b$", true),
            ("a%b", "a\\%b", true),
            ("axb", "a\\%b", false),
            ("a\nb", "a%b", true),
            ("a1", "[a-c][0-9]", true),
            ("d1", "[^d-z][0-9]", false),
            ("aaa", "a{3}", true),
            ("aa", "a{3}", false),
            ("x", "[[:alpha:]]", true),
            ("张三", "张_", true),
            ("a&&b", "a[&]&b", true),
        ] {
            assert_eq!(matches(pattern, text), expected, "{text:?} SIMILAR TO {pattern:?}");
        }
    }

    #[test]
    fn invalid_patterns_are_errors() {
        for pattern in ["(a", "a)", "[a", "a\\", "*"] {
            assert_eq!(translate_pattern(pattern, Some('\\')), None, "{pattern}");
        }
    }
}
