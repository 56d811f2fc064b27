//! What runs record as codes, as people say it.

use super::{
    AGGREGATE_OF, ATTRIBUTE, DAYS, DIRECT, MONTHS, NOT_IDENTIFYING, PSEUDONYM_OF, QUASI, TREATED_DROP,
    TREATED_GENERALISE, TREATED_KEEP, TREATED_MASK, TREATED_PSEUDONYMISE, TREATED_REDACT, YEARS,
};
use crate::data::Treatment;
use crate::language::Language;
use std::borrow::Cow;

/// Codes that runs record, and how people say them. A code not listed is shown as it is.
const CODES: &[(&str, &str, &str)] = &[
    // Reasons for withholding.
    ("no_consent", "没有同意", "no consent"),
    ("not_granted", "没有同意", "no consent"),
    ("withdrawn", "同意已撤回", "consent withdrawn"),
    ("expired", "同意已到期", "consent expired"),
    ("notice_outdated", "告知书版本过旧", "notice outdated"),
    ("guardian_missing", "缺少监护人同意", "no guardian's consent"),
    ("restricted", "限制处理", "restricted"),
    ("suppressed", "抑制名单", "suppression list"),
    ("retention", "超出保留期限", "outside retention"),
    ("retention_ended", "超出保留期限", "outside retention"),
    ("purpose", "目的不符", "purpose not allowed"),
    ("unknown_subject", "数据主体不明", "subject not known"),
    // Losses of a step.
    ("quarantined", "隔离", "quarantined"),
    ("duplicate", "重复", "duplicate"),
    ("duplicates", "重复", "duplicate"),
    ("key_conflicts", "主键冲突", "key conflict"),
    ("outside_retention", "超出保留期限", "outside retention"),
    ("withheld", "扣留", "withheld"),
    // Rules.
    ("required", "必填为空", "required, but empty"),
    ("type", "无法解析为所声明的类型", "does not parse as its type"),
    ("parse", "无法解析为所声明的类型", "does not parse as its type"),
    ("in", "不在允许的取值中", "not among the allowed values"),
    ("map", "不在允许的取值中", "not among the allowed values"),
    ("between", "超出范围", "out of range"),
    ("matches", "格式不符", "does not match its pattern"),
    ("pattern", "格式不符", "does not match its pattern"),
    ("phone", "不是手机号", "not a phone number"),
    ("email", "不是邮箱地址", "not an e-mail address"),
    ("normalise", "无法规范化", "cannot be normalised"),
    ("columns", "列数不符", "wrong number of columns"),
    // Lawful bases.
    ("consent", "同意", "consent"),
    ("contract", "履行合同", "contract"),
    ("legal_obligation", "法定义务", "legal obligation"),
    ("vital_interests", "重大利益", "vital interests"),
    ("public_interest", "公共利益", "public interest"),
    ("legitimate_interests", "正当利益", "legitimate interests"),
    // Generalisations.
    ("decade", "年代", "the decade"),
    ("year", "年", "the year"),
    ("month", "月", "the month"),
    ("city", "城市", "the city"),
    ("grid", "网格", "a grid"),
    // Zones.
    ("conformed", "规范层", "conformed"),
    ("quarantine", "隔离区", "quarantine"),
    ("identity", "身份", "identity"),
    ("curated", "发布层", "curated"),
];

/// Identifier domains and kinds of redacted text.
const KINDS: &[(&str, &str, &str)] = &[
    ("phone", "手机号", "phone number"),
    ("email", "邮箱", "e-mail"),
    ("resident_id", "身份证号", "resident ID"),
    ("id_number", "身份证号", "ID number"),
    ("bank_card", "银行卡号", "bank card"),
    ("member_no", "会员卡号", "member number"),
    ("unionid", "UnionID", "UnionID"),
    ("openid", "OpenID", "OpenID"),
    ("device_id", "设备号", "device ID"),
    ("app_user_id", "App 用户号", "app user ID"),
    ("tmall_buyer", "天猫买家", "Tmall buyer"),
    ("customer_no", "客户编号", "customer number"),
];

/// Says a code of the run record.
pub(crate) fn code(language: Language, code: &str) -> Cow<'_, str> {
    look_up(CODES, language, code)
}

/// Says how near a field brings a reader to a person.
pub(crate) fn identifiability(language: Language, name: &str) -> String {
    let inner = |prefix: &str| name.strip_prefix(prefix)?.strip_prefix('(')?.strip_suffix(')');
    if let Some(domain) = inner("pseudonym") {
        return PSEUDONYM_OF.with(language, &[&kind(language, domain)]);
    }
    if let Some(least) = inner("aggregate") {
        return AGGREGATE_OF.with(language, &[least]);
    }
    let phrase = match name {
        "direct" => DIRECT,
        "quasi" => QUASI,
        "none" | "" => NOT_IDENTIFYING,
        "attribute" => ATTRIBUTE,
        other => return other.to_owned(),
    };
    phrase.say(language).to_owned()
}

/// Says what is done to a field.
pub(crate) fn treatment(language: Language, treatment: &Treatment) -> String {
    match treatment {
        Treatment::None => "–".to_owned(),
        Treatment::Keep => TREATED_KEEP.say(language).to_owned(),
        Treatment::Pseudonymise(domain) => TREATED_PSEUDONYMISE.with(language, &[&kind(language, domain)]),
        Treatment::Mask(first, last) => TREATED_MASK.with(language, &[&first.to_string(), &last.to_string()]),
        Treatment::Generalise(to) => TREATED_GENERALISE.with(language, &[&code(language, to)]),
        Treatment::Redact => TREATED_REDACT.say(language).to_owned(),
        Treatment::Drop => TREATED_DROP.say(language).to_owned(),
    }
}

/// Says an ISO 8601 period in years, months and days (`P5Y`, `P18M`, `P30D`); others are shown as they are.
pub(crate) fn period(language: Language, period: &str) -> String {
    let mut parts = Vec::new();
    let mut digits = String::new();
    for c in period.strip_prefix('P').unwrap_or("?").chars() {
        let unit = match c {
            '0'..='9' => {
                digits.push(c);
                continue;
            }
            'Y' if !digits.is_empty() => YEARS,
            'M' if !digits.is_empty() => MONTHS,
            'D' if !digits.is_empty() => DAYS,
            _ => return period.to_owned(),
        };
        let text = unit.with(language, &[&digits]);
        let one = digits == "1" && language == Language::English;
        parts.push(if one { text.trim_end_matches('s').to_owned() } else { text });
        digits.clear();
    }
    if parts.is_empty() || !digits.is_empty() { period.to_owned() } else { parts.join(" ") }
}

/// Says an identifier domain, or a kind of redacted text.
pub(crate) fn kind(language: Language, kind: &str) -> Cow<'_, str> {
    look_up(KINDS, language, kind)
}

fn look_up<'a>(table: &'static [(&str, &str, &str)], language: Language, code: &'a str) -> Cow<'a, str> {
    match table.iter().find(|(c, ..)| *c == code) {
        Some((_, zh, en)) => Cow::Borrowed(match language {
            Language::Chinese => zh,
            Language::English => en,
        }),
        None => Cow::Borrowed(code),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_are_said_in_words() {
        assert_eq!(period(Language::English, "P5Y"), "5 years");
        assert_eq!(period(Language::English, "P1M"), "1 month");
        assert_eq!(period(Language::Chinese, "P18M"), "18 个月");
        assert_eq!(period(Language::English, "P1Y6M"), "1 year 6 months");
        for odd in ["", "5Y", "P", "PY", "PT1H", "P5", "five"] {
            assert_eq!(period(Language::English, odd), odd);
        }
    }

    #[test]
    fn identifiability_names_the_domain_and_the_least() {
        assert_eq!(identifiability(Language::English, "pseudonym(phone)"), "pseudonym (phone number)");
        assert_eq!(identifiability(Language::Chinese, "aggregate(5)"), "至少 5 人的汇总");
        assert_eq!(identifiability(Language::English, "quasi"), "quasi-identifier");
        assert_eq!(identifiability(Language::English, "new"), "new");
    }

    #[test]
    fn an_unknown_code_is_shown_as_it_is() {
        assert_eq!(code(Language::English, "own_rule"), "own_rule");
        assert_eq!(code(Language::Chinese, "withdrawn"), "同意已撤回");
        assert_eq!(kind(Language::English, "phone"), "phone number");
    }
}
