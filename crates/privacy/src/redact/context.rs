//! What the words before a number or name say that it is.

/// Labels of things: what is called so is no person's, even if it has the shape.
const THINGS: [&str; 69] = [
    "fedex",
    "ups",
    "dhl",
    "ems",
    "顺丰",
    "圆通",
    "中通",
    "韵达",
    "申通",
    "订单号",
    "订单编号",
    "订单",
    "单号",
    "运单",
    "快递",
    "货号",
    "款号",
    "商品编号",
    "商品号",
    "编号",
    "编码",
    "条码",
    "条形码",
    "批次",
    "批号",
    "流水号",
    "交易号",
    "小票号",
    "小票",
    "发票号",
    "发票号码",
    "工单",
    "工单号",
    "票号",
    "货品",
    "序列号",
    "型号",
    "色号",
    "款式",
    "版本",
    "版本号",
    "sku",
    "spu",
    "order",
    "order no",
    "order number",
    "order id",
    "tracking",
    "tracking no",
    "tracking number",
    "parcel",
    "invoice",
    "invoice no",
    "ticket",
    "ticket no",
    "item",
    "item no",
    "ref",
    "reference",
    "batch",
    "serial",
    "serial no",
    "serial number",
    "product code",
    "barcode",
    "model",
    "article",
    "style",
    "version",
];

/// Labels of bank cards.
const CARDS: [&str; 14] = [
    "银行卡",
    "银行卡号",
    "卡号",
    "信用卡",
    "储蓄卡",
    "借记卡",
    "工资卡",
    "账号",
    "帐号",
    "账户",
    "card",
    "card no",
    "card number",
    "credit card",
];

/// Cards that no bank gives out.
const OTHER_CARDS: [&str; 8] =
    ["会员卡号", "会员账号", "会员帐号", "礼品卡号", "购物卡号", "储值卡号", "gift card", "member card"];

/// Labels of passports and permits.
const DOCUMENTS: [&str; 16] = [
    "护照",
    "护照号",
    "护照号码",
    "通行证",
    "通行证号",
    "回乡证",
    "台胞证",
    "证件号",
    "证件号码",
    "证件",
    "passport",
    "passport no",
    "passport number",
    "permit",
    "permit no",
    "document no",
];

/// Labels of WeChat accounts.
const WECHAT: [&str; 8] = ["微信号", "微信", "加微", "vx", "wx", "wechat", "wechat id", "weixin"];

/// Whether what begins at `at` is called an order, a parcel, a product.
pub(super) fn names_a_thing(text: &str, at: usize) -> bool {
    ends_with_one(before(text, at), &THINGS)
}

/// Whether what begins at `at` is called a bank card.
pub(super) fn names_a_card(text: &str, at: usize) -> bool {
    let before = before(text, at);
    ends_with_one(before, &CARDS) && !ends_with_one(before, &OTHER_CARDS)
}

/// Whether what begins at `at` is called a passport or permit.
pub(super) fn names_a_document(text: &str, at: usize) -> bool {
    ends_with_one(before(text, at), &DOCUMENTS)
}

/// Whether what begins at `at` is called a WeChat account.
pub(super) fn names_wechat(text: &str, at: usize) -> bool {
    ends_with_one(before(text, at), &WECHAT)
}

/// Whether digits from `start` to `end` are a part of a code: letters stand at them that are no word for a telephone.
pub(super) fn is_in_a_code(text: &str, start: usize, end: usize) -> bool {
    const CALLS: [&str; 10] = ["tel", "phone", "t", "call", "fax", "ph", "mobile", "p", "m", "no"];
    let before = &text[..start];
    let letters = before.len() - before.trim_end_matches(|c: char| c.is_ascii_alphabetic()).len();
    let word = &before[before.len() - letters..];
    let behind = text[end..].starts_with(|c: char| c.is_ascii_alphabetic() && !matches!(c, 'x' | 'X' | 'e' | 'E'));
    // Carriers write capitals: SF, YT, JD.
    let carrier = letters > 0 && word.bytes().all(|b| b.is_ascii_uppercase());
    behind || (carrier && !CALLS.iter().any(|call| word.eq_ignore_ascii_case(call)))
}

/// The text before `at`, without what stands between a label and its value.
fn before(text: &str, at: usize) -> &str {
    let trimmed =
        |text: &'_ str| text.trim_end_matches([' ', ':', '#', '.', '=', '(', '"', '\t', '\u{300C}', '【']).len();
    let before = &text[..at];
    let mut before = &before[..trimmed(before)];
    for word in ["是", "为", " is", "号码", "号"] {
        if let Some(shorter) = before.strip_suffix(word) {
            // `卡号` stays: the word is part of the label.
            if word == "号" || word == "号码" {
                continue;
            }
            before = &shorter[..trimmed(shorter)];
        }
    }
    before
}

/// Whether a text ends with one of these words, in any case; Latin words must be whole.
pub(super) fn ends_with_one(text: &str, words: &[&str]) -> bool {
    let Some(last) = text.as_bytes().last().map(u8::to_ascii_lowercase) else { return false };
    words.iter().filter(|word| word.as_bytes().last() == Some(&last)).any(|word| {
        let Some(at) = text.len().checked_sub(word.len()) else { return false };
        let Some(end) = text.get(at..) else { return false };
        let whole = !word.is_ascii() || !text[..at].ends_with(|c: char| c.is_ascii_alphanumeric());
        end.eq_ignore_ascii_case(word) && whole
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_read_backwards() {
        for (text, thing, card) in [
            ("订单号：", true, false),
            ("Order No. ", true, false),
            ("reorder ", false, false),
            ("订单号是", true, false),
            ("我的银行卡号是 ", false, true),
            ("会员卡号", false, false),
            ("card number: ", false, true),
            ("联系", false, false),
            ("", false, false),
        ] {
            let text = text.replace('：', ":");
            assert_eq!((names_a_thing(&text, text.len()), names_a_card(&text, text.len())), (thing, card), "{text}");
        }
    }
}
