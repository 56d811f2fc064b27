//! How values are written, beyond their type: keys of fields and datasets.

use super::*;
use crate::model::*;

/// How numbers are written.
pub(crate) static NUMBER_FORMAT: ObjectSpec = ObjectSpec {
    name: "a number format",
    doc: "How numbers are written. What is not declared is not a number: a value with another currency's mark, or with thousands cut otherwise than in threes, goes to quarantine.",
    keys: &[
        Key::optional("decimal", Kind::Word(DecimalMark::docs), "What stands before the fraction.").absent("`point`"),
        Key::optional(
            "group",
            Kind::Word(GroupMark::docs),
            "What may stand between thousands: `comma` for `1,234.50`, `point` with `decimal: comma` for `1.234,50`.",
        )
        .absent("nothing"),
        Key::optional(
            "currency",
            Kind::Form(&CURRENCY),
            "Currency whose marks may stand before or after: `CNY` allows `¥12`, `12元`, `RMB 12`.",
        )
        .absent("no mark"),
        Key::optional("percent", Kind::Word(PercentForm::docs), "What `12.5%` is; then every value has the sign.")
            .absent("not a number"),
        Key::optional("accounting", Kind::Boolean, "Whether `(12.00)` and `12.00-` are negative.").absent("`false`"),
        Key::optional("chinese_units", Kind::Boolean, "Whether `1.2万` and `3亿` are numbers.").absent("`false`"),
    ],
    exactly_one: &[],
};

/// The words for true and false.
pub(crate) static BOOLEAN_WORDS: ObjectSpec = ObjectSpec {
    name: "a pair of truth words",
    doc: "The words for true and for false, compared without case and width; no others count.",
    keys: &[
        Key::required("yes", Kind::OneOrList(&Kind::Scalar), "Words for true."),
        Key::required("no", Kind::OneOrList(&Kind::Scalar), "Words for false."),
    ],
    exactly_one: &[],
};

/// The country of telephone numbers that do not say theirs.
pub(crate) static PHONE_REGION: Choice = Choice {
    name: "a country",
    doc: "The country of telephone numbers without a country code.",
    scalar: Kind::Form(&COUNTRY),
    keys: &[Key::required(
        "by_field",
        Kind::Text,
        "Column of the same row with the country, ISO 3166-1 alpha-2 (after its `map`). Where it says nothing, only numbers with a country code are understood.",
    )],
};

/// Two columns that are a place.
pub(crate) static COORDINATES: ObjectSpec = ObjectSpec {
    name: "a pair of coordinates",
    doc: "Two columns that are a place on earth. Both or neither must be there, within ±90° and ±180°; stored are degrees of WGS-84.",
    keys: &[
        Key::required("latitude", Kind::Text, "Column with the latitude, degrees, of type `double`."),
        Key::required("longitude", Kind::Text, "Column with the longitude, degrees, of type `double`."),
        Key::optional("datum", Kind::Word(Datum::docs), "What the degrees of the export are counted in.")
            .absent("`wgs84`"),
    ],
    exactly_one: &[],
};

impl Words for DecimalMark {
    const WORDS: &'static [(&'static str, Self, &'static str)] =
        &[("point", Self::Point, "`.`"), ("comma", Self::Comma, "`,`")];
}

impl Words for GroupMark {
    const WORDS: &'static [(&'static str, Self, &'static str)] = &[
        ("comma", Self::Comma, "`,`"),
        ("point", Self::Point, "`.`"),
        ("space", Self::Space, "A space, also a narrow or unbreakable one"),
        ("apostrophe", Self::Apostrophe, "`'` or `’`"),
    ];
}

impl Words for PercentForm {
    const WORDS: &'static [(&'static str, Self, &'static str)] =
        &[("fraction", Self::Fraction, "`12.5%` becomes 0.125"), ("number", Self::Number, "`12.5%` becomes 12.5")];
}

impl Words for Folding {
    const WORDS: &'static [(&'static str, Self, &'static str)] = &[
        ("case", Self::Case, "Upper and lower case"),
        ("width", Self::Width, "Full and half width, and combining marks (NFC)"),
        ("space", Self::Space, "White space, wherever it stands"),
    ];
}

impl Words for EmailRule {
    const WORDS: &'static [(&'static str, Self, &'static str)] = &[
        ("drop_tag", Self::DropTag, "`li+shop@…` becomes `li@…`"),
        (
            "provider_aliases",
            Self::ProviderAliases,
            "Aliases that large providers give one mailbox become one: dots and tags in Gmail, tags in Outlook, iCloud, Proton and Fastmail, other names of their hosts",
        ),
        (
            "ascii_host",
            Self::AsciiHost,
            "International host names become ASCII (`xn--…`), as mail servers write them. Now done for every address: no longer needed",
        ),
    ];
}

impl Words for Datum {
    const WORDS: &'static [(&'static str, Self, &'static str)] = &[
        ("wgs84", Self::Wgs84, "WGS-84, as satellites and most of the world count; only checked"),
        ("gcj02", Self::Gcj02, "GCJ-02, as Chinese maps and the WeChat API give by declaration; converted"),
        ("bd09", Self::Bd09, "BD-09, Baidu's; converted"),
    ];
}

/// The countries and territories that telephone numbers may be of (ISO 3166-1 alpha-2, those with numbers of their own).
pub(crate) const COUNTRIES: &str = "AC AD AE AF AG AI AL AM AO AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN \
    BO BQ BR BS BT BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER \
    ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GT GU GW GY HK HN HR HT HU ID IE IL IM IN IO IQ \
    IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML \
    MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PR PS PT \
    PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TA TC TD TG TH TJ TK TL TM \
    TN TO TR TT TV TW TZ UA UG US UY UZ VA VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW";

/// A country.
pub(crate) static COUNTRY: Form = Form {
    name: "a country (ISO 3166-1 alpha-2)",
    pattern: Some("^[A-Z]{2}$"),
    examples: &["CN", "HK", "DE"],
    numbers: false,
    check: |text| {
        if COUNTRIES.split_whitespace().any(|known| known == text) {
            return Ok(());
        }
        let malformed = Malformed::new(format!("`{text}` is not a country"));
        let upper = text.to_ascii_uppercase();
        let meant = match upper.as_str() {
            "UK" => Some("GB"),
            "CHN" | "CHINA" => Some("CN"),
            "HKG" => Some("HK"),
            "MAC" => Some("MO"),
            "TWN" => Some("TW"),
            "USA" => Some("US"),
            _ => COUNTRIES.split_whitespace().find(|known| *known == upper),
        };
        Err(malformed.hint(match meant {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => "write two capital letters of ISO 3166-1, such as `CN`, `HK`, `MO`, `TW`, `DE`".to_owned(),
        }))
    },
};

/// A currency.
pub(crate) static CURRENCY: Form = Form {
    name: "a currency (ISO 4217)",
    pattern: Some("^[A-Z]{3}$"),
    examples: &["CNY", "EUR", "HKD"],
    numbers: false,
    check: |text| {
        if text.len() == 3 && text.bytes().all(|b| b.is_ascii_uppercase()) && text != "RMB" {
            return Ok(());
        }
        let hint = if text == "RMB" { "did you mean `CNY`?" } else { "write three capital letters, such as `CNY`" };
        Err(Malformed::new(format!("`{text}` is not a currency's code")).hint(hint))
    },
};

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn examples_have_the_form_they_are_examples_of() {
        for form in [&COUNTRY, &CURRENCY] {
            for example in form.examples {
                assert_eq!((form.check)(example), Ok(()), "{}: {example:?}", form.name);
            }
            assert!((form.check)("").is_err(), "{}", form.name);
        }
    }

    #[test]
    fn countries_of_other_spellings_are_recognised() {
        for (text, meant) in [("hk", "HK"), ("UK", "GB"), ("China", "CN"), ("TWN", "TW")] {
            assert_eq!((COUNTRY.check)(text).unwrap_err().hint, Some(format!("did you mean `{meant}`?")), "{text}");
        }
        assert!((COUNTRY.check)("ZZ").unwrap_err().hint.unwrap().starts_with("write two"));
        assert_eq!((CURRENCY.check)("RMB").unwrap_err().hint.unwrap(), "did you mean `CNY`?");
        assert!((CURRENCY.check)("¥").is_err() && (CURRENCY.check)("cny").is_err());
    }

    #[test]
    fn countries_are_in_order_and_once() {
        let countries: Vec<&str> = COUNTRIES.split_whitespace().collect();
        assert!(countries.is_sorted_by(|a, b| a < b) && countries.len() > 200, "{}", countries.len());
    }
}
