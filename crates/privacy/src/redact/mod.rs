//! Takes identifiers out of free text.
//!
//! What is found is replaced by a placeholder of its kind: `[email]`, `[phone]`, `[resident_id]`, `[bank_card]`.
//! Text is looked at as a reader sees it: full-width and other digits count as digits, and invisible characters between
//! them as nothing. In doubt it is taken out: a lost order number is a smaller harm than a stored telephone number.
//! Names and addresses in running text are not found.

mod fold;
mod number;

use crate::rewrite::{Becomes, rewrite};
use arrow::array::StringArray;
use fold::Folded;
use regex::Regex;
use std::ops::{AddAssign, Range};
use std::sync::LazyLock;

/// How many identifiers were taken out, by kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RedactionCounts {
    /// E-mail addresses.
    pub emails: u64,
    /// Telephone numbers.
    pub phones: u64,
    /// Chinese resident identity numbers.
    pub resident_ids: u64,
    /// Bank card numbers.
    pub bank_cards: u64,
}

impl RedactionCounts {
    /// All kinds together.
    pub fn total(&self) -> u64 {
        self.emails + self.phones + self.resident_ids + self.bank_cards
    }

    fn add(&mut self, kind: Kind) {
        *match kind {
            Kind::Email => &mut self.emails,
            Kind::Phone => &mut self.phones,
            Kind::ResidentId => &mut self.resident_ids,
            Kind::BankCard => &mut self.bank_cards,
        } += 1;
    }
}

impl AddAssign for RedactionCounts {
    fn add_assign(&mut self, other: RedactionCounts) {
        self.emails += other.emails;
        self.phones += other.phones;
        self.resident_ids += other.resident_ids;
        self.bank_cards += other.bank_cards;
    }
}

/// What kind of identifier was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Email,
    Phone,
    ResidentId,
    BankCard,
}

impl Kind {
    fn placeholder(self) -> &'static str {
        match self {
            Kind::Email => "[email]",
            Kind::Phone => "[phone]",
            Kind::ResidentId => "[resident_id]",
            Kind::BankCard => "[bank_card]",
        }
    }
}

/// Replaces the identifiers in each text by placeholders; texts without any stay as they are, nulls stay null.
///
/// Found are: e-mail addresses; Chinese mobile and landline numbers, and numbers of any country with `+` or `00` or in
/// the North American grouping; resident identity numbers of 18 digits (also with a wrong check digit, as long as
/// region and birth date are possible: a slip of the pen still names the person) and of 15; card numbers of 15 to 19
/// digits that pass Luhn's check. Digits may be grouped by spaces, hyphens, dots or brackets.
pub fn redact(texts: &StringArray) -> (StringArray, RedactionCounts) {
    let mut counts = RedactionCounts::default();
    let (texts, _) = rewrite(texts, |text, scratch| {
        let folded = Folded::new(text);
        let found = find(folded.text());
        if found.is_empty() {
            return Becomes::Part(text);
        }
        let mut end = 0;
        for (range, kind) in found {
            let range = folded.original(range);
            scratch.push_str(&text[end..range.start]);
            scratch.push_str(kind.placeholder());
            end = range.end;
            counts.add(kind);
        }
        scratch.push_str(&text[end..]);
        Becomes::Scratch
    });
    (texts, counts)
}

/// The identifiers in a folded text, in order, without overlap.
fn find(text: &str) -> Vec<(Range<usize>, Kind)> {
    static EMAIL: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"[A-Za-z0-9][A-Za-z0-9._%+'-]*@[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)+")
            .expect("a regular expression")
    });
    let mut found = vec![];
    let mut end = 0;
    if text.contains('@') {
        for email in EMAIL.find_iter(text) {
            number::find(text, end..email.start(), &mut found);
            found.push((email.range(), Kind::Email));
            end = email.end();
        }
    }
    number::find(text, end..text.len(), &mut found);
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn one(text: &str) -> String {
        redact(&StringArray::from(vec![text])).0.value(0).to_owned()
    }

    #[test]
    fn identifiers_are_replaced() {
        for (text, expected) in [
            ("请联系13187013211，谢谢", "请联系[phone]，谢谢"),
            ("电话：+86 131-8701-3211。", "电话：[phone]。"),
            ("１３１８７０１３２１１找我", "[phone]找我"),
            ("131 8701 3211", "[phone]"),
            ("(010) 6234 5678", "[phone]"),
            ("(13187013211)", "([phone])"),
            ("(+86)13187013211", "[phone]"),
            ("座机021-62345678转801", "座机[phone]转801"),
            ("call +44 20 7946 0958 now", "call [phone] now"),
            ("call (202) 555-0143!", "call [phone]!"),
            ("0086-13187013211", "[phone]"),
            ("131\u{200B}8701\u{200B}3211", "[phone]"),
            ("手机13187013211或13187013212", "手机[phone]或[phone]"),
            ("13187013211 13187013212", "[phone] [phone]"),
            ("13187013211/13187013212", "[phone]/[phone]"),
            ("订单20240105 13187013211", "订单20240105 [phone]"),
            ("13187013211-2号", "[phone]-2号"),
            ("852-9123-4567", "[phone]"),
            ("邮箱li.hua@example.com谢谢", "邮箱[email]谢谢"),
            ("ｌｉｈｕａ＠example．com", "[email]"),
            ("12345678@example.com.", "[email]."),
            ("写信给 a@b.example、c@d.example", "写信给 [email]、[email]"),
            ("13187013211@example.com", "[email]"),
            ("身份证11010519491231002X", "身份证[resident_id]"),
            ("11010519491231002x。", "[resident_id]。"),
            ("１１０１０５１９４９１２３１００２Ｘ", "[resident_id]"),
            ("110105 19491231 002X", "[resident_id]"),
            ("旧证110105491231002", "旧证[resident_id]"),
            ("110105194912310021", "[resident_id]"),
            ("卡号4111111111111111", "卡号[bank_card]"),
            ("62000000000000000x", "[bank_card]x"),
            ("6200 0000 0000 0000 0x", "[bank_card]x"),
            ("4111 1111 1111 1111 到账", "[bank_card] 到账"),
            ("6222-0212-3456-7890-128", "[bank_card]"),
            ("378282246310005", "[bank_card]"),
        ] {
            assert_eq!(one(text), expected, "{text}");
        }
    }

    #[test]
    fn other_text_stays() {
        for text in [
            "",
            "衣服很好",
            "2024-01-05 12:30:00 下单",
            "订单号20240105",
            "价格1,299.00元",
            "4111111111111112",
            "尺码170/92A",
            "1704436200000",
            "12345678901",
            "A@B",
            "@张三 你好",
            "共3件，2024年1月5日到2024年2月5日",
            "sku 10001-20002",
            "05-01-2024 10:30",
        ] {
            assert_eq!(one(text), text, "{text}");
        }
        let texts = StringArray::from(vec![Some("好"), None, Some("2件")]);
        let (out, counts) = redact(&texts);
        assert_eq!((out.values().as_ptr(), counts.total()), (texts.values().as_ptr(), 0));
    }

    #[test]
    fn counts_are_by_kind() {
        let texts = StringArray::from(vec![
            Some("13187013211 a@b.example 021-62345678"),
            None,
            Some("11010519491231002X 4111111111111111"),
        ]);
        let (out, counts) = redact(&texts);
        assert_eq!(
            out,
            StringArray::from(vec![Some("[phone] [email] [phone]"), None, Some("[resident_id] [bank_card]")])
        );
        let expected = RedactionCounts { emails: 1, phones: 2, resident_ids: 1, bank_cards: 1 };
        assert_eq!(counts, expected);
        let mut sum = counts;
        sum += counts;
        assert_eq!((sum.total(), sum.phones), (10, 4));
    }

    fn luhn_end(digits: &str) -> char {
        (b'0'..=b'9').map(char::from).find(|end| number::luhn(format!("{digits}{end}").as_bytes())).expect("one of ten")
    }

    fn check_end(digits: &str) -> char {
        "0123456789X"
            .chars()
            .find(|end| number::check_digit(format!("{digits}{end}").as_bytes()))
            .expect("one of eleven")
    }

    fn wide(text: &str) -> String {
        text.chars()
            .map(|c| if ('!'..='~').contains(&c) { char::from_u32(c as u32 + 0xFEE0).expect("full width") } else { c })
            .collect()
    }

    proptest! {
        /// Whatever stands around them, identifiers do not survive; and what redaction leaves, it leaves again.
        #[test]
        fn no_identifier_survives(
            before in "\\PC{0,8}[^\\p{C}\\p{N}A-Za-z+(@.-]", after in "([^\\p{C}\\p{N}A-Za-z@.-]\\PC{0,8})?",
            mobile in "1[3-9][0-9]{9}", area in "0[1-9][0-9]{2}", line in "[2-8][0-9]{7}",
            region in "[1-5][1-4]0[1-9]0[1-9]", birth in "19[4-9][0-9](0[1-9]|1[0-2])(0[1-9]|1[0-9]|2[0-8])", order in "[0-9]{3}",
            card in "62[0-9]{14,16}", wide_digits: bool, separator in "[ -]?",
        ) {
            let id = format!("{region}{birth}{order}");
            let id = format!("{id}{}", check_end(&id));
            let card = format!("{card}{}", luhn_end(&card));
            let secrets = [
                mobile.clone(), format!("{}{separator}{}{separator}{}", &mobile[..3], &mobile[3..7], &mobile[7..]),
                format!("+86{separator}{mobile}"), format!("{area}-{line}"), id, card, format!("li{mobile}@example.com"),
            ];
            for secret in secrets {
                let secret = if wide_digits { wide(&secret) } else { secret };
                let text = format!("{before}{secret}{after}");
                let once = one(&text);
                prop_assert!(!once.contains(&secret), "{} in {}", secret, once);
                prop_assert!(once.contains('['), "{}", once);
                prop_assert_eq!(one(&once), once);
            }
        }

        #[test]
        fn any_text_is_read(text: String, digits in "[0-9０-９ ()+.Xx-]{0,60}") {
            one(&text);
            one(&format!("{text}{digits}{text}"));
        }
    }
}
