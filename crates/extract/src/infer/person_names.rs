//! Names of columns that may be names of people, as pivoted exports and maps of JSON have them.

use super::meanings;

/// The most frequent surnames; some seven of ten Chinese have one of them.
const SURNAMES: &str = "王李张刘陈杨黄赵吴周徐孙朱马胡郭林何罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文";
/// What names of columns end with: quantities, kinds, places and times.
const NOUNS: &str = "度期数量额价间号名码率型式类别力金区时日月年位址编色品本号费款单表项目位置率比分级层段件人员户店道径向态值差税利息源息由因注意见细容称地点处所局站线条件种族";
/// Words of names of columns, besides those that say what a field is.
const WORDS: &[&str] = &[
    "id",
    "no",
    "number",
    "code",
    "key",
    "name",
    "type",
    "kind",
    "status",
    "state",
    "date",
    "time",
    "at",
    "on",
    "day",
    "month",
    "year",
    "week",
    "amount",
    "price",
    "cost",
    "total",
    "sum",
    "tax",
    "fee",
    "discount",
    "currency",
    "quantity",
    "qty",
    "count",
    "size",
    "weight",
    "height",
    "width",
    "length",
    "order",
    "item",
    "line",
    "product",
    "sku",
    "article",
    "category",
    "brand",
    "colour",
    "color",
    "style",
    "store",
    "shop",
    "channel",
    "source",
    "campaign",
    "invoice",
    "payment",
    "method",
    "shipping",
    "delivery",
    "return",
    "refund",
    "customer",
    "member",
    "user",
    "account",
    "contact",
    "group",
    "level",
    "tier",
    "points",
    "score",
    "rate",
    "unit",
    "stock",
    "warehouse",
    "supplier",
    "vendor",
    "description",
    "title",
    "label",
    "comment",
    "note",
    "remark",
    "reason",
    "region",
    "city",
    "country",
    "language",
    "version",
    "created",
    "updated",
    "modified",
    "first",
    "last",
    "start",
    "end",
    "is",
    "has",
    "flag",
    "value",
    "data",
    "url",
    "link",
    "image",
    "file",
    "session",
    "event",
    "device",
    "browser",
];

/// Whether a name may be that of a person: a Chinese surname and one or two characters more, a number plate, or two to four
/// capitalised words of which none is usual in names of columns.
pub(super) fn looks_like_a_person(name: &str) -> bool {
    if meanings::of(name).is_some() {
        return false;
    }
    is_chinese_name(name) || is_plate(name) || is_latin_name(name)
}

fn is_han(c: char) -> bool {
    ('\u{4e00}'..='\u{9fff}').contains(&c)
}

fn is_chinese_name(name: &str) -> bool {
    let characters: Vec<char> = name.chars().filter(|c| !c.is_whitespace()).collect();
    let [first, .., last] = characters.as_slice() else { return false };
    characters.len() <= 3
        && characters.iter().all(|c| is_han(*c))
        && SURNAMES.contains(*first)
        && !NOUNS.contains(*last)
}

fn is_plate(name: &str) -> bool {
    let mut characters = name.chars().filter(|c| !matches!(c, ' ' | '·' | '-'));
    let (province, rest) = (characters.next(), characters.collect::<String>());
    province.is_some_and(is_han)
        && (6..=7).contains(&rest.len())
        && rest.starts_with(|c: char| c.is_ascii_uppercase())
        && rest.chars().all(|c| c.is_ascii_alphanumeric())
}

fn is_latin_name(name: &str) -> bool {
    let words: Vec<&str> = name.split([' ', '_', '-', '.']).filter(|word| !word.is_empty()).collect();
    let capitalised = |word: &&str| {
        let mut letters = word.chars();
        letters.next().is_some_and(char::is_uppercase)
            && letters.clone().next().is_some()
            && letters.all(|c| c.is_lowercase() || c == '\'')
    };
    let usual = |word: &&str| WORDS.contains(&word.to_lowercase().as_str());
    (2..=4).contains(&words.len()) && words.iter().all(capitalised) && !words.iter().any(usual)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_told_from_columns() {
        for name in ["王小明", "张伟", "李雷", "粤B12345", "Anna Kowalska", "Anna Maria Kowalska", "Ben_Smith"]
        {
            assert!(looks_like_a_person(name), "{name}");
        }
        for name in [
            "高度",
            "金额",
            "单价",
            "姓名",
            "方向",
            "周期",
            "任务类型",
            "Order Number",
            "Customer Name",
            "Unit Price",
            "InvoiceNo",
            "order_no",
            "sku",
            "ID",
            "交易时间",
            "商品",
            "Total Amount",
        ] {
            assert!(!looks_like_a_person(name), "{name}");
        }
    }
}
