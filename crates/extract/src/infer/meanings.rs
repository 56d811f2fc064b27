//! What a field's name says that it is.

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
    Network,
    BirthDate,
    Gender,
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
    /// When it happened.
    EventTime,
    /// The number of a thing: an order, an event, an article.
    ThingId,
    /// The number of a line within such a thing.
    LineNo,
}

/// What names mean: the first that fits counts. Chinese words fit anywhere in a name, Latin ones as whole words of it; several
/// words stand for a name that has them all.
const WORDS: &[(Meaning, &str, &[&str])] = &[
    (Meaning::Email, "email", &["邮箱", "电子邮件", "email", "e-mail", "mail"]),
    (
        Meaning::ResidentId,
        "resident_id",
        &["身份证", "证件号", "id card", "passport", "ssn", "national id", "resident id"],
    ),
    (Meaning::BankCard, "bank_card", &["银行卡", "bank card", "card number", "iban", "pan"]),
    (Meaning::PersonId, "member_no", &["会员", "member no", "member id", "member", "loyalty id", "card no", "vip"]),
    (Meaning::Phone, "phone", &["手机", "电话", "phone", "mobile", "tel", "telephone", "msisdn"]),
    (Meaning::UnionId, "unionid", &["unionid", "union id"]),
    (Meaning::OpenId, "openid", &["openid", "open id"]),
    (Meaning::DeviceId, "device_id", &["设备", "device id", "device", "imei", "idfa", "oaid", "android id", "mac"]),
    (Meaning::Nickname, "nickname", &["昵称", "nickname", "nick", "username", "user name", "login"]),
    (
        Meaning::PersonName,
        "full_name",
        &[
            "姓名",
            "收货人",
            "联系人",
            "full name",
            "first name",
            "last name",
            "surname",
            "customer name",
            "recipient",
            "buyer name",
            "contact name",
            "owner",
        ],
    ),
    (
        Meaning::PersonId,
        "customer_no",
        &[
            "客户",
            "用户",
            "顾客",
            "买家",
            "customer id",
            "customer no",
            "customer",
            "user id",
            "user",
            "buyer",
            "client id",
            "account id",
            "account",
        ],
    ),
    (Meaning::AnyId, "id_value", &["id value", "identifier"]),
    (Meaning::Network, "ip_address", &["ip", "ip address"]),
    (Meaning::BirthDate, "birth_date", &["出生", "生日", "birth", "birthday", "dob", "birthdate"]),
    (Meaning::Gender, "gender", &["性别", "gender", "sex"]),
    (
        Meaning::Body,
        "body_measure",
        &["胸围", "腰围", "臀围", "肩宽", "身高", "体重", "bust", "waist", "hip", "shoulder", "height", "weight"],
    ),
    (Meaning::Address, "address", &["地址", "address", "street"]),
    (Meaning::PostalCode, "postal_code", &["邮编", "postcode", "postal code", "zip", "zip code"]),
    (Meaning::Latitude, "lat", &["纬度", "lat", "latitude"]),
    (Meaning::Longitude, "lng", &["经度", "lng", "lon", "longitude"]),
    (Meaning::LineNo, "line_no", &["行号", "line no", "line number", "line"]),
    (
        Meaning::ThingId,
        "thing_no",
        &[
            "订单",
            "小票",
            "工单",
            "流水号",
            "单号",
            "order id",
            "order no",
            "event id",
            "ticket no",
            "ticket id",
            "receipt no",
            "invoice",
            "invoiceno",
            "sku",
            "store",
            "product",
            "item id",
            "编码",
            "编号",
            "campaign",
        ],
    ),
    (
        Meaning::Money,
        "amount",
        &["金额", "实付", "单价", "价格", "price", "amount", "cost", "paid", "total", "revenue"],
    ),
    (
        Meaning::EventTime,
        "occurred_at",
        &["时间", "日期", "time", "date", "timestamp", "ts", "at", "on", "created", "updated"],
    ),
    (
        Meaning::FreeText,
        "text",
        &[
            "备注", "留言", "内容", "评论", "反馈", "text", "comment", "comments", "note", "notes", "message",
            "remark", "feedback", "review",
        ],
    ),
    (Meaning::Province, "province", &["省", "province", "state"]),
    (Meaning::City, "city", &["市", "city", "town"]),
    (Meaning::Country, "country", &["国家", "country", "nation"]),
];

/// What a name says, and the word of a column for it.
pub(super) fn of(name: &str) -> Option<(Meaning, &'static str)> {
    let tokens = tokens(name);
    let says = |words: &&str| {
        if words.is_ascii() {
            words.split([' ', '-']).all(|word| tokens.iter().any(|token| token == word))
        } else {
            name.contains(*words)
        }
    };
    WORDS.iter().find(|(_, _, words)| words.iter().any(says)).map(|(meaning, column, _)| (*meaning, *column))
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
            ("订单创建时间", Some(Meaning::ThingId)),
            ("InvoiceNo", Some(Meaning::ThingId)),
            ("sold_at", Some(Meaning::EventTime)),
            ("status", None),
            ("latest", None),
            ("chemical", None),
        ] {
            assert_eq!(of(name).map(|(meaning, _)| meaning), expected, "{name}");
        }
    }

    #[test]
    fn columns_are_snake_case() {
        assert_eq!(snake_case("CustomerID").as_deref(), Some("customer_id"));
        assert_eq!(snake_case("Unit Price (EUR)").as_deref(), Some("unit_price_eur"));
        assert_eq!(snake_case("手机号"), None);
        assert_eq!(snake_case("2nd"), None);
    }
}
