//! Brings the spellings of a value to one, so that equal things have equal tokens.
//!
//! All take a column and give one of the same length. What is empty after trimming becomes null, which is not invalid.
//! All are idempotent, and for plain ASCII do no Unicode work; a column that already is in its one spelling comes back
//! uncopied.

mod email;
mod identifier;
mod mailbox;
mod phone;
mod region;
mod resident;
mod text;

pub use mailbox::MailboxRules;
pub use region::{PhoneRegion, UnknownRegion};
pub(crate) use resident::{check_digit, is_area, is_day, is_wechat};
pub(crate) use text::is_invisible;

use crate::rewrite::{Becomes, rewrite, rewrite_rows};
use arrow::array::{Array, StringArray};

/// A column in one spelling.
#[derive(Debug, Clone, PartialEq)]
pub struct Normalised {
    /// The values; null where there was none, and where it is invalid.
    pub values: StringArray,
    /// Rows whose value is not what it should be (a phone field with `unknown` in it), ascending.
    pub invalid: Vec<usize>,
}

fn each(values: &StringArray, f: impl for<'a> FnMut(&'a str, &mut String) -> Becomes<'a>) -> Normalised {
    let (values, invalid) = rewrite(values, f);
    Normalised { values, invalid }
}

/// Removes white space and invisible characters at both ends. Nothing is invalid.
pub fn trim(values: &StringArray) -> Normalised {
    each(values, |value, _| text::trimmed(value))
}

/// As [`trim`], and brings full-width and half-width characters, spaces and combining marks to their usual form (NFC).
/// Other compatibility forms stay: `①` is not `1`. Nothing is invalid.
pub fn fold_width(values: &StringArray) -> Normalised {
    each(values, text::fold)
}

/// Identifiers that keep their case (member numbers, WeChat ids): as [`fold_width`], without characters of no width, without
/// the apostrophe in front that Excel marks text with, with plain hyphens, and card numbers without the signs between their
/// groups. Invalid: a number in scientific
/// notation (`1.38E+10`), which a spreadsheet wrote and whose digits are lost.
pub fn identifier(values: &StringArray) -> Normalised {
    each(values, identifier::identifier)
}

/// Whether a text is a number in scientific notation: with a point before the exponent or a sign in it (`1.38E+10`).
/// `12E5` may be an identifier.
pub fn is_scientific(text: &str) -> bool {
    identifier::is_scientific(text)
}

/// Identifiers that a spreadsheet may have turned into numbers: `17850.0` → `17850`; leading zeros and other texts
/// stay. Invalid: a number with other decimals (`1.5`) or in scientific notation (`1.2E+17`), whose digits are lost.
pub fn integer_identifier(values: &StringArray) -> Normalised {
    each(values, identifier::integer)
}

/// E-mail addresses: width folded, lower case, without characters of no width and Excel's apostrophe in front; host names in
/// ASCII (IDNA, UTS 46). Invalid: what has not one `@` between a local part and a host name
/// with a dot in it.
///
/// Lower case throughout, although a mail server could in theory tell local parts apart by case: none in use does, and
/// people write theirs either way.
pub fn email(values: &StringArray) -> Normalised {
    each(values, email::email)
}

/// Telephone numbers → E.164 (`+8613187013211`); without a country code they are Chinese. Full-width digits, spaces,
/// hyphens, dots, brackets, `+86`, `0086`, `86` and a trunk `0` are understood; an extension is kept as `;ext=801`
/// (RFC 3966). Invalid: what is not a possible number of its country.
///
/// Any eleven digits that begin with 13 to 19 count as a Chinese mobile number, whether or not that range has been
/// handed out yet; all others are judged by libphonenumber's metadata.
pub fn phone(values: &StringArray) -> Normalised {
    each(values, phone::phone)
}

/// As [`phone`], but numbers without a country code are of `region`.
pub fn phone_of(values: &StringArray, region: PhoneRegion) -> Normalised {
    each(values, |value, scratch| region::of(Some(region), value, scratch))
}

/// As [`phone`], but numbers without a country code are of the country that `regions` says for their row (ISO 3166-1
/// alpha-2). Where it says none, or none that exists, they are invalid.
///
/// # Panics
/// If there are fewer regions than values.
pub fn phone_by_region(values: &StringArray, regions: &StringArray) -> Normalised {
    assert!(regions.len() >= values.len(), "each value needs its region");
    let mut known: Option<(&str, Option<PhoneRegion>)> = None;
    let (values, invalid) = rewrite_rows(values, |row, value, scratch| {
        let name = if regions.is_valid(row) { regions.value(row) } else { "" };
        // Rows of one country come in runs.
        let region = match known {
            Some((last, region)) if last == name => region,
            _ => known.insert((name, name.parse().ok())).1,
        };
        region::of(region, value, scratch)
    });
    Normalised { values, invalid }
}

/// As [`email`], and then the address of the mailbox, as far as the rules say.
pub fn email_with(values: &StringArray, rules: MailboxRules) -> Normalised {
    let addresses = email(values);
    if rules == MailboxRules::default() {
        return addresses;
    }
    let Normalised { values, mut invalid } = each(&addresses.values, |value, out| mailbox::mailbox(rules, value, out));
    invalid.extend(addresses.invalid);
    invalid.sort_unstable();
    Normalised { values, invalid }
}

/// Chinese resident identity numbers (GB 11643), and residence permits of those from Hong Kong, Macao and Taiwan, which
/// are made alike → 18 places, the last a digit or `X`. The older 15 become 18. Full-width digits, spaces and hyphens are
/// understood. Invalid: no such province, no such day between 1900 and 2099, a wrong check digit.
pub fn resident_id(values: &StringArray) -> Normalised {
    each(values, resident::resident)
}

/// Travel permits of those from Hong Kong and Macao → `H` or `M` and eight digits (the two of the issue are dropped: they
/// change with each renewal), of those from Taiwan → eight digits, or the older ten with their letter.
pub fn travel_permit(values: &StringArray) -> Normalised {
    each(values, resident::permit)
}

/// WeChat's OpenID and UnionID: 28 characters of base64url, the first an `o`, with their case. Invalid: anything else.
pub fn wechat_id(values: &StringArray) -> Normalised {
    each(values, resident::wechat)
}
