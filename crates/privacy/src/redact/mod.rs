//! Takes identifiers out of free text.
//!
//! What is found is replaced by a placeholder of its kind, such as `[phone]` or `[address]`: [`RedactedKind`] lists them.
//! Text is looked at as a reader sees it: full-width and other digits count as digits, and invisible characters between
//! them as nothing. In doubt it is taken out: a lost order number is a smaller harm than a stored telephone number. What
//! words before a number say counts, though: `订单号` keeps what only looks like a card.
//!
//! Names are found behind a label or salutation and before a title; in running text they are not, and neither is an
//! address that has no street, house or label.
//!
//! Each text is looked at once to see what it could hold; each finder goes over it in linear time and looks back or ahead
//! a bounded stretch only.

mod address;
mod codes;
mod context;
mod email;
mod fold;
mod name;
mod number;
mod scan;
mod street;

use crate::rewrite::{Becomes, rewrite};
use arrow::array::StringArray;
use fold::{Folded, Room};
use std::ops::{AddAssign, Range};

/// What kind of identifier was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum RedactedKind {
    /// E-mail addresses.
    Email,
    /// Telephone numbers.
    Phone,
    /// Chinese resident identity numbers.
    ResidentId,
    /// Bank card numbers.
    BankCard,
    /// Postal addresses, or the part of one that leads to a house.
    Address,
    /// Names behind a label or before a title.
    Name,
    /// Licence plates.
    Plate,
    /// Numbers of passports and travel permits.
    Document,
    /// WeChat's OpenID, UnionID and account names.
    WechatId,
    /// Network addresses, IPv4 and IPv6.
    Ip,
    /// Addresses of network devices.
    Mac,
}

use RedactedKind as Kind;

impl RedactedKind {
    /// All kinds, as [`RedactionCounts::iter`] gives them.
    pub const ALL: [Self; 11] = [
        Self::Email,
        Self::Phone,
        Self::ResidentId,
        Self::BankCard,
        Self::Address,
        Self::Name,
        Self::Plate,
        Self::Document,
        Self::WechatId,
        Self::Ip,
        Self::Mac,
    ];

    /// Its name in accounts.
    pub fn name(self) -> &'static str {
        let placeholder = self.placeholder();
        &placeholder[1..placeholder.len() - 1]
    }

    /// What stands in the text instead.
    pub fn placeholder(self) -> &'static str {
        match self {
            Self::Email => "[email]",
            Self::Phone => "[phone]",
            Self::ResidentId => "[resident_id]",
            Self::BankCard => "[bank_card]",
            Self::Address => "[address]",
            Self::Name => "[name]",
            Self::Plate => "[plate]",
            Self::Document => "[document]",
            Self::WechatId => "[wechat_id]",
            Self::Ip => "[ip]",
            Self::Mac => "[mac]",
        }
    }
}

/// How many identifiers were taken out, by kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RedactionCounts([u64; RedactedKind::ALL.len()]);

impl RedactionCounts {
    /// Those of one kind.
    pub fn of(&self, kind: RedactedKind) -> u64 {
        self.0[kind as usize]
    }

    /// Each kind with its count.
    pub fn iter(&self) -> impl Iterator<Item = (RedactedKind, u64)> + '_ {
        RedactedKind::ALL.into_iter().map(|kind| (kind, self.of(kind)))
    }

    /// All kinds together.
    pub fn total(&self) -> u64 {
        self.0.iter().sum()
    }
}

impl AddAssign for RedactionCounts {
    fn add_assign(&mut self, other: RedactionCounts) {
        self.0.iter_mut().zip(other.0).for_each(|(sum, more)| *sum += more);
    }
}

/// Where something was found, and what it is.
type Found = (Range<usize>, RedactedKind);

/// Replaces the identifiers in each text by placeholders; texts without any stay as they are, nulls stay null.
///
/// Found are: e-mail addresses; Chinese mobile and landline numbers, and numbers of any country with `+` or `00` or in
/// the North American grouping; resident identity numbers of 18 digits (also with a wrong check digit, as long as
/// region and birth date are possible: a slip of the pen still names the person) and of 15; card numbers of an issuer that
/// pass Luhn's check; licence plates; passports and permits; WeChat ids; IP and MAC addresses; Chinese, European and
/// American postal addresses; names behind labels and salutations. Digits may be grouped by spaces, hyphens, dots or
/// brackets.
pub fn redact(texts: &StringArray) -> (StringArray, RedactionCounts) {
    let mut counts = RedactionCounts::default();
    let (mut room, mut found) = (Room::default(), Vec::new());
    let (texts, _) = rewrite(texts, |text, scratch| {
        let flags = scan::flags(text);
        if flags & !(scan::FOLD | scan::SMALL | scan::PLATE) == 0 {
            return Becomes::Part(text);
        }
        let folded = if flags & scan::FOLD == 0 { Folded::plain(text) } else { Folded::new(text, &mut room) };
        find(folded.text(), flags, &mut found);
        if found.is_empty() {
            return Becomes::Part(text);
        }
        let mut end = 0;
        for (range, kind) in found.drain(..) {
            let range = folded.original(range);
            scratch.push_str(&text[end..range.start]);
            scratch.push_str(kind.placeholder());
            end = range.end;
            counts.0[kind as usize] += 1;
        }
        scratch.push_str(&text[end..]);
        Becomes::Scratch
    });
    (texts, counts)
}

/// The identifiers in a folded text, in order, without overlap.
fn find(text: &str, flags: u8, found: &mut Vec<Found>) {
    let has = |flag| flags & flag != 0;
    found.clear();
    if has(scan::AT) {
        email::find(text, found);
    }
    // Of two findings at one place the first counts: an IP address before a telephone number with dots.
    if has(scan::DIGIT) {
        codes::words(text, found);
        if has(scan::PLATE) {
            codes::plates(text, found);
        }
        number::find(text, found);
        if has(scan::CAPITAL | scan::SMALL) {
            street::find(text, found);
        }
    }
    if has(scan::PLACE) {
        address::find(text, found);
    }
    if has(scan::NAME | scan::CAPITAL) {
        name::find(text, has(scan::NAME), has(scan::CAPITAL), found);
    }
    if !text.is_ascii() && found.iter().any(|(_, kind)| *kind == Kind::Phone) {
        name::beside_phones(text, found);
    }
    if found.len() > 1 {
        merge(found);
    }
}

/// Brings findings in order; of two that overlap, the first and longest takes in the other.
fn merge(found: &mut Vec<Found>) {
    found.sort_by(|(a, _), (b, _)| a.start.cmp(&b.start).then(b.end.cmp(&a.end)));
    found.dedup_by(|(next, _), (before, _)| {
        let overlaps = next.start < before.end;
        if overlaps {
            before.end = before.end.max(next.end);
        }
        overlaps
    });
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
        let of = [Kind::Email, Kind::Phone, Kind::ResidentId, Kind::BankCard].map(|kind| counts.of(kind));
        assert_eq!((of, counts.total()), ([1, 2, 1, 1], 5));
        let mut sum = counts;
        sum += counts;
        assert_eq!((sum.total(), sum.of(Kind::Phone)), (10, 4));
        assert!(counts.iter().map(|(kind, _)| kind).eq(RedactedKind::ALL));
        assert_eq!((Kind::ResidentId.name(), RedactedKind::ALL.map(|kind| kind as usize)[10]), ("resident_id", 10));
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
        /// Whatever stands around them (but a letter or digit, which makes them a part of a code), identifiers do not
        /// survive; and what redaction leaves, it leaves again.
        #[test]
        fn no_identifier_survives(
            before in "\\PC{0,8}[一-龥，。：；、！ ]", after in "([一-龥，。：；、！ ]\\PC{0,8})?",
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
