//! E-mail addresses in a text.

use super::{Found, Kind};

/// Last parts of international host names that people write.
const UNICODE_ENDS: [&str; 8] = ["中国", "中國", "公司", "网络", "集团", "在线", "香港", "台湾"];

/// Appends the addresses in a folded text: an ASCII local part, and a host of at least two parts.
pub(super) fn find(text: &str, found: &mut Vec<Found>) {
    let bytes = text.as_bytes();
    let mut end = 0;
    for (at, _) in text.match_indices('@') {
        let is_local = |b: &u8| b.is_ascii_alphanumeric() || b"._%+'-".contains(b);
        let start = at - bytes[end..at].iter().rev().take_while(|b| is_local(b)).count();
        // It begins with a letter or digit.
        let Some(start) = (start..at).find(|place| bytes[*place].is_ascii_alphanumeric()) else { continue };
        if let Some(host) = host(&text[at + 1..]) {
            end = at + 1 + host;
            found.push((start..end, Kind::Email));
        }
    }
}

/// How long the host at the beginning of a text is.
fn host(text: &str) -> Option<usize> {
    let (mut at, mut labels) = (0, 0);
    loop {
        let rest = &text[at..];
        let label = label(rest);
        if label == 0 {
            // The point before was the end of a sentence.
            at = at.saturating_sub(1);
            break;
        }
        labels += 1;
        at += label;
        if !text[at..].starts_with('.') {
            break;
        }
        at += 1;
    }
    (labels > 1).then_some(at)
}

/// How long the part of a host at the beginning of a text is.
fn label(text: &str) -> usize {
    let ascii = text.bytes().take_while(|b| b.is_ascii_alphanumeric() || *b == b'-').count();
    let ascii = text[..ascii].trim_end_matches('-').len();
    if ascii > 0 {
        return if text.starts_with('-') { 0 } else { ascii };
    }
    if let Some(end) = UNICODE_ENDS.iter().find(|end| text.starts_with(**end)) {
        return end.len();
    }
    // An international name counts only before a point: behind it a sentence may go on.
    let end = text.find(|c: char| !c.is_alphabetic() || c.is_ascii()).unwrap_or(text.len());
    if end > 0 && end <= 63 && text[end..].starts_with('.') { end } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str) -> Vec<&str> {
        let mut found = vec![];
        find(text, &mut found);
        found.into_iter().map(|(range, _)| &text[range]).collect()
    }

    #[test]
    fn addresses_are_found() {
        for (text, expected) in [
            ("邮箱li.hua@example.com谢谢", vec!["li.hua@example.com"]),
            ("a@b.example、c+d@e.example.", vec!["a@b.example", "c+d@e.example"]),
            ("-x@y.example-", vec!["x@y.example"]),
            ("写到a@例子.example吧", vec!["a@例子.example"]),
            ("写到a@例子.中国吧", vec!["a@例子.中国"]),
            ("A@B", vec![]),
            ("@张三 你好", vec![]),
            ("a@@b.example", vec![]),
            ("a@b.c@d.example", vec!["a@b.c"]),
            ("", vec![]),
        ] {
            assert_eq!(all(text), expected, "{text}");
        }
    }
}
