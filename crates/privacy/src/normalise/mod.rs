//! Brings the spellings of a value to one, so that equal things have equal tokens.
//!
//! All take a column and give one of the same length. What is empty after trimming becomes null, which is not invalid.
//! All are idempotent, and for plain ASCII do no Unicode work; a column that already is in its one spelling comes back
//! uncopied.

mod email;
mod identifier;
mod phone;
mod text;

pub(crate) use text::is_invisible;

use crate::rewrite::{Becomes, rewrite};
use arrow::array::StringArray;

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

/// Removes white space and invisible characters at both ends, and folds full-width and other compatibility forms
/// (Unicode NFKC). Nothing is invalid.
pub fn trim(values: &StringArray) -> Normalised {
    each(values, text::fold)
}

/// Identifiers that keep their case (member numbers, WeChat ids): as [`trim`].
pub fn identifier(values: &StringArray) -> Normalised {
    each(values, text::fold)
}

/// Identifiers that a spreadsheet may have turned into numbers: `17850.0` → `17850`; leading zeros and other texts
/// stay. Invalid: a number with other decimals (`1.5`) or in scientific notation (`1.2E+17`), whose digits are lost.
pub fn integer_identifier(values: &StringArray) -> Normalised {
    each(values, identifier::integer)
}

/// E-mail addresses: NFKC, lower case, trimmed. Invalid: what has not one `@` between a local part and a host name
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
