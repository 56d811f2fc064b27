//! Telephone numbers that are written as in their own country.

use super::phone::{digits_of, parse, phone, split_extension};
use super::text::{fold_width, without_apostrophes};
use crate::rewrite::Becomes;
use phonenumber::country;
use std::fmt;
use std::str::FromStr;

/// A country that telephone numbers are of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PhoneRegion(country::Id);

/// A text that names no country with telephone numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a country with telephone numbers: expected two capital letters of ISO 3166-1")]
pub struct UnknownRegion;

impl FromStr for PhoneRegion {
    type Err = UnknownRegion;

    /// Reads ISO 3166-1 alpha-2, in capitals.
    ///
    /// # Errors
    /// [`UnknownRegion`] if no such country has telephone numbers.
    fn from_str(text: &str) -> Result<Self, UnknownRegion> {
        text.parse().map(Self).map_err(|_| UnknownRegion)
    }
}

impl fmt::Display for PhoneRegion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_ref())
    }
}

/// One number; without a country code it is of `region`, and without that it is none.
pub(super) fn of<'a>(region: Option<PhoneRegion>, value: &'a str, scratch: &mut String) -> Becomes<'a> {
    if region == Some(PhoneRegion(country::CN)) {
        return phone(value, scratch);
    }
    let value = without_apostrophes(value);
    if value.is_empty() {
        return Becomes::Null;
    }
    let mut folded = String::new();
    if !value.is_ascii() {
        fold_width(value, &mut folded);
    }
    match write(region, if folded.is_empty() { value } else { &folded }, scratch) {
        Some(()) if scratch == value => Becomes::Part(value),
        Some(()) => Becomes::Scratch,
        None => Becomes::Invalid,
    }
}

fn write(region: Option<PhoneRegion>, text: &str, out: &mut String) -> Option<()> {
    let (number, extension) = split_extension(text)?;
    let (plus, digits) = digits_of(number)?;
    let number = if plus {
        parse(None, &format!("+{digits}"))
    } else {
        match region {
            // National first: `0012…` is dialled in some countries. Then what is dialled abroad from most of the world.
            Some(region) => parse(Some(region.0), &digits).or_else(|| abroad(&digits)),
            None => abroad(&digits),
        }
    };
    out.push_str(&number?);
    if let Some(extension) = extension {
        out.push_str(";ext=");
        out.push_str(extension);
    }
    Some(())
}

fn abroad(digits: &str) -> Option<String> {
    digits.strip_prefix("00").and_then(|rest| parse(None, &format!("+{rest}")))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::normalise::{phone, phone_by_region, phone_of};
    use arrow::array::{Array, StringArray};
    use proptest::prelude::*;

    fn one(region: &str, text: &str) -> Option<String> {
        let out = phone_of(&StringArray::from(vec![text]), region.parse().unwrap());
        out.values.iter().next().unwrap().map(str::to_owned)
    }

    /// National spellings as the numbering plans publish them; the numbers are those that libphonenumber gives as
    /// examples, or of ranges kept for films.
    #[test]
    fn numbers_of_their_own_country() {
        for (region, text, expected) in [
            ("HK", "9123 4567", Some("+85291234567")),
            ("HK", "２１２３　４５６７", Some("+85221234567")),
            ("HK", "+852 9123 4567", Some("+85291234567")),
            ("HK", "2123 4567 ext. 12", Some("+85221234567;ext=12")),
            ("MO", "6612 3456", Some("+85366123456")),
            ("TW", "0912-345-678", Some("+886912345678")),
            ("TW", "(02) 2123-4567", Some("+886221234567")),
            ("GB", "07400 123456", Some("+447400123456")),
            ("GB", "020 7946 0958", Some("+442079460958")),
            ("DE", "0151 23456789", Some("+4915123456789")),
            ("DE", "0049 151 23456789", Some("+4915123456789")),
            ("FR", "06 12 34 56 78", Some("+33612345678")),
            ("US", "(202) 555-0143", Some("+12025550143")),
            ("US", "13187013211", Some("+13187013211")),
            ("CN", "13187013211", Some("+8613187013211")),
            ("CN", "021-62345678分机801", Some("+862162345678;ext=801")),
            ("HK", "13187013211", None),
            ("HK", "9123 456", None),
            ("DE", "无", None),
        ] {
            assert_eq!(one(region, text).as_deref(), expected, "{region} {text}");
        }
        assert!("ZZ".parse::<PhoneRegion>().is_err() && "hk".parse::<PhoneRegion>().is_err());
    }

    #[test]
    fn each_row_says_its_country() {
        let numbers = StringArray::from(vec![
            Some("9123 4567"),
            Some("13187013211"),
            Some("9123 4567"),
            Some("+852 9123 4567"),
            None,
            Some("9123 4567"),
        ]);
        let regions = StringArray::from(vec![Some("HK"), Some("CN"), None, None, Some("HK"), Some("Atlantis")]);
        let out = phone_by_region(&numbers, &regions);
        let expected = vec![Some("+85291234567"), Some("+8613187013211"), None, Some("+85291234567"), None, None];
        assert_eq!((out.values, out.invalid), (StringArray::from(expected), vec![2, 5]));
    }

    proptest! {
        #[test]
        fn china_is_the_default(values in prop::collection::vec("[+]?[0-9 -]{4,18}|.*", 1..8)) {
            let values = StringArray::from(values);
            prop_assert_eq!(phone_of(&values, "CN".parse().unwrap()), phone(&values));
        }

        #[test]
        fn idempotent(values in prop::collection::vec("[+]?[0-9 -]{4,14}|0[0-9]{8,11}|.*", 1..8), at in 0usize..6) {
            let region = ["HK", "MO", "TW", "US", "DE", "AU"][at];
            let once = phone_of(&StringArray::from(values), region.parse().unwrap());
            let twice = phone_of(&once.values, region.parse().unwrap());
            prop_assert_eq!(&twice.values, &once.values);
            let regions = StringArray::from(vec![region; once.values.len()]);
            prop_assert_eq!(phone_by_region(&once.values, &regions).values, once.values);
        }
    }
}
