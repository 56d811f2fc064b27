//! What a field's name says that it is.

use super::words::WORDS;

/// What a field may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    Phone,
    Email,
    PersonName,
    Nickname,
    ResidentId,
    BankCard,
    /// An identifier of a person, of the domain named by the column.
    PersonId,
    UnionId,
    OpenId,
    DeviceId,
    /// An identifier whose kind another field names.
    AnyId,
    /// The number of a household: it stands for several people.
    Household,
    Network,
    BirthDate,
    Gender,
    /// Age, income, education and other attributes of a person.
    Demographic,
    /// Illness, diagnosis, allergy.
    Health,
    Body,
    Address,
    Province,
    City,
    Country,
    PostalCode,
    Latitude,
    Longitude,
    FreeText,
    Money,
    /// How many of something.
    Count,
    /// A state, type or level: one of a few words.
    Code,
    /// Whether a person agreed to something.
    Consent,
    /// When it happened.
    EventTime,
    /// The number of a thing: an order, an event, an article.
    ThingId,
    /// The number of a line within such a thing.
    LineNo,
}

impl Meaning {
    /// Whether its words only count as the last word of a name: `total` in `total_items` is no amount.
    fn is_only_last(self) -> bool {
        matches!(self, Self::EventTime | Self::Money | Self::Count | Self::Code | Self::LineNo | Self::Demographic)
    }
}

/// Words behind which a name goes on to say what it says: a `customer` and a `customer_no` are one.
const SUFFIXES: [&str; 17] = [
    "id", "no", "nr", "number", "num", "code", "key", "cny", "rmb", "usd", "eur", "gbp", "hkd", "yuan", "cm", "kg",
    "ms",
];
/// The same in Chinese, the longest first.
const CHINESE_SUFFIXES: [&str; 7] = ["号码", "编号", "编码", "代码", "号", "码", "元"];

/// How well a word fits a name: how much of the name follows it, then how long it is. Smaller is better.
type Fit = (usize, usize);

/// What a name says, and the word of a column for it. The last word of a name counts most: an `email_opt_in` is an opt-in.
pub(super) fn of(name: &str) -> Option<(Meaning, &'static str)> {
    let name = name.split(['(', '（', '[', '【']).next().filter(|n| !n.trim().is_empty()).unwrap_or(name);
    let tokens = tokens(name);
    let chinese = without_suffixes(name);
    let fit = |meaning: Meaning, word: &str| -> Option<Fit> {
        let fit = if word.is_ascii() { latin_fit(&tokens, word) } else { chinese_fit(name, chinese, word) }?;
        (fit.0 == 0 || !meaning.is_only_last()).then_some(fit)
    };
    let best = |(meaning, column, words): &(Meaning, &'static str, &[&str])| {
        let fit = words.iter().filter_map(|word| fit(*meaning, word)).min()?;
        Some((fit, *meaning, *column))
    };
    // Of equals the first.
    WORDS.iter().filter_map(best).min_by_key(|(fit, ..)| *fit).map(|(_, meaning, column)| (meaning, column))
}

/// Whether a name has words of consent, wherever they are: `consent_date`.
pub(super) fn is_about_consent(name: &str) -> bool {
    let tokens = tokens(name);
    let words = WORDS.iter().filter(|(meaning, ..)| *meaning == Meaning::Consent).flat_map(|(_, _, words)| *words);
    words.into_iter().any(|word| if word.is_ascii() { latin_fit(&tokens, word).is_some() } else { name.contains(word) })
}

fn latin_fit(tokens: &[String], word: &str) -> Option<Fit> {
    let parts: Vec<&str> = word.split([' ', '-']).collect();
    let end = (0..tokens.len()).rev().find(|end| {
        *end + 1 >= parts.len() && tokens[*end + 1 - parts.len()..=*end].iter().zip(&parts).all(|(a, b)| a == b)
    });
    if let Some(end) = end {
        let after = tokens[end + 1..].iter().filter(|token| !SUFFIXES.contains(&token.as_str())).count();
        return Some((after, usize::MAX - 2 * parts.len()));
    }
    // Its words in another order, or with others between them.
    let places: Option<Vec<usize>> = parts.iter().map(|part| tokens.iter().rposition(|token| token == part)).collect();
    let last = places.filter(|places| places.len() > 1)?.into_iter().max()?;
    let after = tokens[last + 1..].iter().filter(|token| !SUFFIXES.contains(&token.as_str())).count();
    Some((after, usize::MAX - 2 * parts.len() + 1))
}

fn chinese_fit(name: &str, without_suffixes: &str, word: &str) -> Option<Fit> {
    let at = name.rfind(word)?;
    let end = at + word.len();
    let after = without_suffixes.get(end..).map_or(0, |rest| rest.chars().filter(|c| c.is_alphanumeric()).count());
    // Two characters are about a word.
    Some((after.div_ceil(2), usize::MAX - word.chars().count()))
}

fn without_suffixes(name: &str) -> &str {
    let mut name = name.trim_end();
    while let Some(rest) = CHINESE_SUFFIXES.iter().find_map(|suffix| name.strip_suffix(suffix)) {
        name = rest;
    }
    name
}

/// A name as a column: the words of an ASCII name in snake_case; `None` if it has none.
pub(super) fn snake_case(name: &str) -> Option<String> {
    let joined = tokens(name).join("_");
    let starts = joined.starts_with(|c: char| c.is_ascii_lowercase());
    (name.is_ascii() && starts).then_some(joined)
}

/// The Latin words of a name, in lower case: `CustomerID`, `customer_id` and `customer id` have the same.
fn tokens(name: &str) -> Vec<String> {
    let mut tokens: Vec<String> = Vec::new();
    let mut before = ' ';
    for c in name.chars() {
        if c.is_ascii_alphanumeric() {
            let starts = !before.is_ascii_alphanumeric() || (c.is_ascii_uppercase() && before.is_ascii_lowercase());
            if starts || tokens.is_empty() {
                tokens.push(String::new());
            }
            if let Some(token) = tokens.last_mut() {
                token.push(c.to_ascii_lowercase());
            }
        }
        before = c;
    }
    tokens
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_what_fields_are() {
        for (name, expected) in [
            ("手机号", Some(Meaning::Phone)),
            ("联系手机", Some(Meaning::Phone)),
            ("Phone_No", Some(Meaning::Phone)),
            ("CustomerID", Some(Meaning::PersonId)),
            ("会员卡号", Some(Meaning::PersonId)),
            ("身份证号", Some(Meaning::ResidentId)),
            ("出生日期", Some(Meaning::BirthDate)),
            ("date_of_birth", Some(Meaning::BirthDate)),
            ("订单创建时间", Some(Meaning::EventTime)),
            ("订单编号", Some(Meaning::ThingId)),
            ("InvoiceNo", Some(Meaning::ThingId)),
            ("basket_id", Some(Meaning::ThingId)),
            ("StockCode", Some(Meaning::ThingId)),
            ("sold_at", Some(Meaning::EventTime)),
            ("买家实际支付金额", Some(Meaning::Money)),
            ("买家昵称", Some(Meaning::Nickname)),
            ("总金额", Some(Meaning::Money)),
            ("Unit Price (EUR)", Some(Meaning::Money)),
            ("comment_count", Some(Meaning::Count)),
            ("评论数", Some(Meaning::Count)),
            ("customer_count", Some(Meaning::Count)),
            ("member_level", Some(Meaning::Code)),
            ("会员等级", Some(Meaning::Code)),
            ("household_id", Some(Meaning::Household)),
            ("household_size", Some(Meaning::Demographic)),
            ("email_opt_in", Some(Meaning::Consent)),
            ("marketing_consent", Some(Meaning::Consent)),
            ("consent_date", Some(Meaning::EventTime)),
            ("customer_name", Some(Meaning::PersonName)),
            ("buyer_email", Some(Meaning::Email)),
            ("status", Some(Meaning::Code)),
            ("on_hand", None),
            ("latest", None),
            ("chemical", None),
        ] {
            assert_eq!(of(name).map(|(meaning, _)| meaning), expected, "{name}");
        }
        assert!(is_about_consent("consent_date") && is_about_consent("同意时间") && !is_about_consent("order_date"));
    }

    #[test]
    fn columns_are_snake_case() {
        assert_eq!(snake_case("CustomerID").as_deref(), Some("customer_id"));
        assert_eq!(snake_case("Unit Price (EUR)").as_deref(), Some("unit_price_eur"));
        assert_eq!(snake_case("手机号"), None);
        assert_eq!(snake_case("2nd"), None);
    }
}
