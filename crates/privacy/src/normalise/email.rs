//! E-mail addresses.

use super::text::{fold_width, is_blank, visible, without_apostrophes};
use crate::rewrite::Becomes;

/// Lengths that RFC 5321 § 4.5.3.1 allows, in bytes.
const LONGEST: usize = 254;
const LONGEST_LOCAL: usize = 64;
const LONGEST_LABEL: usize = 63;

pub(super) fn email<'a>(value: &'a str, scratch: &mut String) -> Becomes<'a> {
    let value = without_apostrophes(value);
    if value.is_empty() {
        return Becomes::Null;
    }
    if value.is_ascii() {
        if !is_email(value) {
            return Becomes::Invalid;
        }
        if !value.bytes().any(|b| b.is_ascii_uppercase()) {
            return Becomes::Part(value);
        }
        scratch.push_str(value);
        scratch.make_ascii_lowercase();
        return Becomes::Scratch;
    }
    // A lower-case letter may itself have a compatibility form; two rounds reach the end, which `idempotent` checks.
    let mut folded = visible(value);
    for _ in 0..2 {
        scratch.clear();
        fold_width(&folded, scratch);
        folded = scratch.to_lowercase();
    }
    scratch.clear();
    fold_width(without_apostrophes(&visible(&folded)), scratch);
    if scratch.is_empty() {
        return Becomes::Null;
    }
    if let Some((local, host)) = scratch.split_once('@')
        && !host.is_ascii()
    {
        let Some(host) = ascii_host(host) else { return Becomes::Invalid };
        scratch.truncate(local.len() + 1);
        scratch.push_str(&host);
    }
    if is_email(scratch) { Becomes::Scratch } else { Becomes::Invalid }
}

/// The one spelling of a host name that has characters outside ASCII: as mail servers are asked for it (IDNA, UTS 46).
/// Exports hold either, `bücher.example` or `xn--bcher-kva.example`.
fn ascii_host(host: &str) -> Option<String> {
    // The library also reads percent signs, as URLs have them.
    let name = (!host.contains('%')).then(|| url::Host::parse(host))?;
    match name {
        Ok(url::Host::Domain(name)) => Some(name),
        Ok(url::Host::Ipv4(_) | url::Host::Ipv6(_)) | Err(_) => None,
    }
}

/// Whether a text has the shape of an address: the check finds fields that hold something else, not mailboxes that
/// do not exist.
fn is_email(text: &str) -> bool {
    let Some((local, host)) = text.split_once('@') else {
        return false;
    };
    let bad =
        |c: char| is_blank(c) || matches!(c, '@' | ',' | ';' | ':' | '<' | '>' | '(' | ')' | '[' | ']' | '"' | '\\');
    let label = |label: &str| {
        !label.is_empty()
            && label.len() <= LONGEST_LABEL
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || (!c.is_ascii() && !bad(c)))
    };
    text.len() <= LONGEST
        && !local.is_empty()
        && local.len() <= LONGEST_LOCAL
        && !local.starts_with('.')
        && !local.ends_with('.')
        && !local.chars().any(bad)
        && host.contains('.')
        && host.split('.').all(label)
}

#[cfg(test)]
mod tests {
    use crate::normalise::email;
    use arrow::array::StringArray;
    use proptest::prelude::*;

    #[test]
    fn spellings_become_one() {
        for given in ["li.hua@example.com", " Li.Hua@Example.COM\t", "ｌｉ.hua＠example．com", "LI.HUA@EXAMPLE.COM"]
        {
            let out = email(&StringArray::from(vec![given]));
            assert_eq!(out.values, StringArray::from(vec!["li.hua@example.com"]), "{given}");
        }
        let values = StringArray::from(vec![Some("a@b.example"), None]);
        assert_eq!(email(&values).values.values().as_ptr(), values.values().as_ptr());
    }

    #[test]
    fn one_address_has_one_spelling() {
        for (given, expected) in [
            ("'a@shop.example", "a@shop.example"),
            ("a\u{200B}@shop.example", "a@shop.example"),
            ("a\u{2011}b@shop.example", "a-b@shop.example"),
            ("b@münchen.example", "b@xn--mnchen-3ya.example"),
            ("b@MÜNCHEN.example", "b@xn--mnchen-3ya.example"),
            ("b@mu\u{308}nchen.example", "b@xn--mnchen-3ya.example"),
            ("B@XN--MNCHEN-3YA.example", "b@xn--mnchen-3ya.example"),
            ("a@例子。example", "a@xn--fsqu00a.example"),
            ("张三@例子.example", "张三@xn--fsqu00a.example"),
        ] {
            let out = email(&StringArray::from(vec![given]));
            assert_eq!(out.values, StringArray::from(vec![Some(expected)]), "{given}");
        }
    }

    #[test]
    fn what_is_no_address_is_invalid() {
        let long = format!("{}@example.com", "a".repeat(65));
        for given in [
            "unknown",
            "@",
            "a@",
            "@example.com",
            "a@example",
            "a@.example",
            "a@example.",
            "a b@example.com",
            "a@b@example.com",
            "a@exa mple.com",
            "a@-x.example",
            ".a@example.com",
            "<a@example.com>",
            "a@example.com,b@example.com",
            "无",
            long.as_str(),
        ] {
            let out = email(&StringArray::from(vec![Some("x@example.com"), Some(given)]));
            assert_eq!(out.values, StringArray::from(vec![Some("x@example.com"), None]), "{given}");
            assert_eq!(out.invalid, [1], "{given}");
        }
        for given in ["张三@example.com", "a@例子.example", "a+b_c'd@sub.example.com"] {
            assert!(email(&StringArray::from(vec![given])).invalid.is_empty(), "{given}");
        }
        for given in ["a@ü%41.example", "a@ü_b.example", "a@１.2.3.٤"] {
            assert_eq!(email(&StringArray::from(vec![given])).invalid, [0], "{given}");
        }
        assert_eq!(email(&StringArray::from(vec![" "])).invalid, [0; 0]);
    }

    proptest! {
        #[test]
        fn idempotent(values in prop::collection::vec("\\PC{0,6}[@＠]\\PC{1,5}[.．]\\PC{1,4}|.*", 1..20)) {
            let once = email(&StringArray::from(values));
            let twice = email(&once.values);
            prop_assert_eq!(&twice.values, &once.values);
            prop_assert!(twice.invalid.is_empty());
        }

        #[test]
        fn ascii_and_other_text_take_the_same_way(local in "[A-Za-z0-9.+-]{1,9}", host in "[A-Za-z-]{1,6}[.][A-Za-z]{1,4}") {
            let ascii = format!("{local}@{host}");
            let wide = format!("{local}＠{host}");
            let out = email(&StringArray::from(vec![ascii, wide]));
            prop_assert_eq!(out.invalid.len() % 2, 0);
            if out.invalid.is_empty() {
                prop_assert_eq!(out.values.value(0), out.values.value(1));
            }
        }
    }
}
