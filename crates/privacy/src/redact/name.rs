//! Names of people behind a label or a salutation, or before a title.
//!
//! A name in running text is not found: nothing tells it from other words.

use super::{Found, Kind};

/// Labels before Chinese names; those that end a clause first.
const LABELS: [&str; 18] = [
    "收货人姓名",
    "收件人姓名",
    "客户姓名",
    "会员姓名",
    "联系人姓名",
    "收货人",
    "收件人",
    "寄件人",
    "联系人",
    "购买人",
    "持卡人",
    "姓名",
    "名字",
    "我叫",
    "名叫",
    "本人",
    "我的名字",
    "我是",
];
/// Labels that need no colon: a name follows at once.
const SPOKEN: [&str; 4] = ["我叫", "名叫", "本人", "我是"];
/// Titles behind Chinese names.
const TITLES: [&str; 6] = ["先生", "女士", "小姐", "同学", "老师", "太太"];
/// What begins the name of something that is for ladies or gentlemen.
const GOODS: &str = "鞋衣裤裙包装衬外羽香款专手西大皮牛帽围内毛针上短长背风运休正袜";
/// Brands that begin with a title.
const BRANDS: [&str; 6] = ["Martens", "Porter", "Pepper", "Clean", "Bean", "Jart"];
/// The surnames of nine in ten people in China, in Hong Kong, Macao and Taiwan, and those of two characters.
const SURNAMES: &str = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石姚谭\
廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文庞樊兰殷施陶洪翟安颜倪严牛温芦季俞章鲁葛伍韦申尤毕聂丛焦向柳邢路岳齐沿梅莫庄辛管祝左涂谷祁时舒耿\
牟卜路詹关苗凌费纪靳盛童欧甄项曲成游阳裴席卫查屈鲍位覃霍翁隋植甘景薄单包司柏宁柯阮桂闵解强柴华车冉房边褚冼岑苟古郎裘焉刁麦區區張劉陳楊趙黃吳孫馬羅鄭謝韓馮許鄧葉蘇盧蔣魯譚鄒陸龍錢湯賀賴龔";
/// Surnames of two characters.
const DOUBLE: [&str; 8] = ["欧阳", "司马", "上官", "诸葛", "东方", "皇甫", "尉迟", "公孙"];
/// Characters that a given name does not have: what goes on with one is another word.
const NOT_GIVEN: &str = "的了是在想要我你他她您这那和与或就都也还请电话手机号地址已没有不会能可以于为被把从到去来给说问买退换收发寄件,.;:!?、。,;";
/// English titles.
const MISTER: [&str; 7] = ["Mr", "Mrs", "Ms", "Miss", "Dr", "Prof", "Mx"];
/// English labels, before a colon.
const ENGLISH: [&str; 12] = [
    "name",
    "full name",
    "customer name",
    "recipient",
    "consignee",
    "contact",
    "contact person",
    "attn",
    "attention",
    "deliver to",
    "ship to",
    "cardholder",
];
/// What follows `Dear` and is nobody.
const NOBODY: [&str; 22] = [
    "Sir",
    "Madam",
    "Customer",
    "Customers",
    "Team",
    "All",
    "Support",
    "Service",
    "Shop",
    "Store",
    "Seller",
    "Friend",
    "Friends",
    "Everyone",
    "Colleague",
    "Colleagues",
    "Sirs",
    "Valued",
    "Client",
    "Manager",
    "Staff",
    "God",
];

/// Appends the names in a folded text: `chinese` and `latin` say what it could hold.
pub(super) fn find(text: &str, chinese: bool, latin: bool, found: &mut Vec<Found>) {
    if chinese {
        labelled(text, found);
        titled(text, found);
    }
    if latin {
        english(text, found);
    }
}

/// 收货人:张三.
fn labelled(text: &str, found: &mut Vec<Found>) {
    let mut done = 0;
    for (at, c) in text.char_indices().filter(|(_, c)| matches!(c, '人' | '名' | '叫' | '字' | '是')) {
        let end = at + c.len_utf8();
        let Some(label) = LABELS.iter().find(|label| text[..end].ends_with(**label)) else { continue };
        let rest = text[end..].trim_start_matches([':', ' ', '=', '\t']);
        let rest =
            if rest.len() == text.len() - end { rest.strip_prefix(['是', '为']).unwrap_or(rest) } else { rest };
        let marked = rest.len() < text.len() - end;
        if !marked && !SPOKEN.contains(label) {
            continue;
        }
        let start = text.len() - rest.len();
        if start < done {
            continue;
        }
        let length = match rest.chars().next() {
            Some(c) if c.is_ascii_uppercase() => latin_name(rest, 3),
            _ => chinese_name(rest),
        };
        // `我是` is followed by anything: a name is one that a pause ends, and not 常客.
        let alone = |length: &usize| {
            !rest[*length..].starts_with(is_chinese) && !rest[..*length].ends_with(['客', '员', '粉', '户', '座'])
        };
        let length = if *label == "我是" { length.filter(alone) } else { length };
        if let Some(length) = length {
            done = start + length;
            found.push((start..done, Kind::Name));
        }
    }
}

fn is_chinese(c: char) -> bool {
    matches!(c, '\u{4E00}'..='\u{9FFF}')
}

/// How long the Chinese name at the beginning of a text is: a surname and one or two characters, or two and one or two.
fn chinese_name(text: &str) -> Option<usize> {
    let first = text.chars().next()?;
    let surname = match DOUBLE.iter().find(|s| text.starts_with(**s)) {
        Some(double) => double.len(),
        None if SURNAMES.contains(first) => first.len_utf8(),
        None => return None,
    };
    let given = |c: &char| matches!(c, '\u{4E00}'..='\u{9FFF}' | '*') && !NOT_GIVEN.contains(*c);
    let given: usize = text[surname..].chars().take(2).take_while(given).map(char::len_utf8).sum();
    (given > 0).then_some(surname + given)
}

/// Words that begin with a surname and stand beside telephone numbers as well.
const NO_NAMES: [&str; 34] = [
    "谢谢", "马上", "方便", "周一", "周二", "周三", "周四", "周五", "周六", "周日", "周末", "金额", "万一", "时间",
    "任何", "安排", "成功", "程序", "高兴", "平时", "白天", "白色", "黄色", "于是", "安全", "成都", "江苏", "江西",
    "温州", "常州", "郑州", "徐州", "苏州", "武汉",
];

/// Appends the names beside telephone numbers: people paste `张三 13187013211 浙江省…`. Two to four characters that begin with
/// a surname count, if nothing but the number touches them.
pub(super) fn beside_phones(text: &str, found: &mut Vec<Found>) {
    const BETWEEN: [char; 6] = [' ', ',', ';', '/', '、', '\n'];
    let phones: Vec<_> =
        found.iter().filter(|(_, kind)| *kind == Kind::Phone).map(|(range, _)| range.clone()).collect();
    for phone in phones {
        let before = text[..phone.start].trim_end_matches(BETWEEN);
        let name: usize = before.chars().rev().take(5).take_while(|c| is_chinese(*c)).map(char::len_utf8).sum();
        let start = before.len() - name;
        let touches = before.len() == phone.start || (start > 0 && !text[..start].ends_with(BETWEEN));
        if !touches && chinese_name(&before[start..]) == Some(name) && !NO_NAMES.contains(&&before[start..]) {
            found.push((start..before.len(), Kind::Name));
        }
        let behind = text[phone.end..].trim_start_matches(BETWEEN);
        let name: usize = behind.chars().take(5).take_while(|c| is_chinese(*c)).map(char::len_utf8).sum();
        let start = text.len() - behind.len();
        let touches = start == phone.end || (name < behind.len() && !behind[name..].starts_with(BETWEEN));
        if !touches && chinese_name(&behind[..name]) == Some(name) && !NO_NAMES.contains(&&behind[..name]) {
            found.push((start..start + name, Kind::Name));
        }
    }
}

/// 张三先生, 王女士: the name before a title.
fn titled(text: &str, found: &mut Vec<Found>) {
    for (at, _) in text.char_indices().filter(|(_, c)| matches!(c, '先' | '女' | '小' | '同' | '老' | '太')) {
        let Some(title) = TITLES.iter().find(|title| text[at..].starts_with(**title)) else { continue };
        // 高跟女士鞋 is a shoe.
        if text[at + title.len()..].starts_with(|c| GOODS.contains(c)) {
            continue;
        }
        let before: Vec<(usize, char)> = text[..at].char_indices().rev().take(4).collect();
        // The longest that begins with a surname, where no other word goes on before it.
        let start = (1..=before.len().min(4)).rev().find_map(|length| {
            let (start, first) = before[length - 1];
            let name = &text[start..at];
            let double = DOUBLE.iter().any(|s| name.starts_with(s));
            let given = before[..length - 1]
                .iter()
                .all(|(_, c)| matches!(c, '\u{4E00}'..='\u{9FFF}') && !NOT_GIVEN.contains(*c));
            let sound = if double { length >= 2 } else { SURNAMES.contains(first) && length <= 3 };
            // A surname alone is frequent in words: 和女士, 方先生 in 对方先生.
            let apart = length > 1
                || text[..start]
                    .chars()
                    .next_back()
                    .is_none_or(|c| !matches!(c, '\u{4E00}'..='\u{9FFF}') || "是找叫的请给跟和与问位".contains(c));
            (sound && given && apart).then_some(start)
        });
        if let Some(start) = start {
            found.push((start..at, Kind::Name));
        }
    }
}

/// `Dear Ms Example`, `Mr. John Example`, `Name: John Example`, `my name is …`, `Regards, …`.
fn english(text: &str, found: &mut Vec<Found>) {
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(start) = bytes[at..].iter().position(u8::is_ascii_alphabetic).map(|n| at + n) {
        let end = bytes[start..].iter().position(|b| !b.is_ascii_alphabetic()).map_or(bytes.len(), |n| start + n);
        at = end;
        let word = &text[start..end];
        let name = if MISTER.contains(&word) {
            let rest = text[end..].trim_start_matches('.');
            let name = rest.trim_start_matches(' ');
            let apart = name.len() < rest.len() || rest.len() < text.len() - end;
            (apart && !BRANDS.iter().any(|brand| name.starts_with(brand))).then_some(name)
        } else if word == "Dear" {
            let name = text[end..].trim_start_matches(' ');
            let first = name.split(|c: char| !c.is_alphabetic()).next().unwrap_or_default();
            // A salutation begins a sentence.
            let begins = text[..start].trim_end_matches(' ').chars().next_back();
            let begins = begins.is_none_or(|c| matches!(c, '.' | '!' | '?' | '\n' | ':' | ',' | '。'));
            (begins && !NOBODY.contains(&first) && !MISTER.contains(&first)).then_some(name)
        } else if let Some(rest) = text[end..].strip_prefix(':').or_else(|| text[end..].strip_prefix(" :")) {
            super::context::ends_with_one(&text[..end], &ENGLISH).then(|| rest.trim_start_matches(' '))
        } else if matches!(word, "is" | "IS") && ends_with(&text[..end], "name is") {
            Some(text[end..].trim_start_matches(' '))
        } else if matches!(word, "regards" | "Regards" | "Sincerely" | "sincerely" | "wishes") {
            let rest = text[end..].trim_start_matches([',', ' ', '\n', '\r']);
            (rest.len() < text.len() - end && text[end..].contains([',', '\n'])).then_some(rest)
        } else {
            None
        };
        let Some(name) = name else { continue };
        if let Some(length) = latin_name(name, 3) {
            let start = text.len() - name.len();
            at = start + length;
            found.push((start..at, Kind::Name));
        }
    }
}

fn ends_with(text: &str, end: &str) -> bool {
    text.len().checked_sub(end.len()).and_then(|at| text.get(at..)).is_some_and(|t| t.eq_ignore_ascii_case(end))
}

/// How long the name at the beginning of a text is: up to so many words with a capital, and particles between them.
fn latin_name(text: &str, most: usize) -> Option<usize> {
    let (mut end, mut words, mut at) = (0, 0, 0);
    while words < most {
        let rest = &text[at..];
        let length = rest
            .find(|c: char| {
                !(c.is_alphabetic() && !matches!(c, '\u{3000}'..='\u{9FFF}') || matches!(c, '\'' | '-' | '’'))
            })
            .unwrap_or(rest.len());
        let word = rest[..length].trim_end_matches(['-', '\'', '’']);
        let particle =
            words > 0 && matches!(word, "de" | "van" | "von" | "der" | "den" | "da" | "di" | "la" | "bin" | "al");
        if !particle {
            if word.is_empty() || !word.starts_with(char::is_uppercase) {
                break;
            }
            words += 1;
            end = at + word.len();
        }
        at += length;
        // An initial's point, then one space.
        if word.chars().count() == 1 && text[at..].starts_with('.') {
            at += 1;
            end = at;
        }
        match text[at..].strip_prefix(' ') {
            Some(_) => at += 1,
            None => break,
        }
    }
    (end > 1).then_some(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str) -> Vec<&str> {
        let mut found = vec![];
        find(text, true, true, &mut found);
        found.sort_by_key(|(range, _)| range.start);
        found.into_iter().map(|(range, _)| &text[range]).collect()
    }

    #[test]
    fn names_are_found() {
        for (text, expected) in [
            ("收货人:张三,电话", vec!["张三"]),
            ("收件人 欧阳小明 收", vec!["欧阳小明"]),
            ("我叫李小红。", vec!["李小红"]),
            ("我叫王芳想退货", vec!["王芳"]),
            ("姓名:John Example", vec!["John Example"]),
            ("请找张小姐", vec!["张"]),
            ("和李四先生联系", vec!["李四"]),
            ("Dear Mr. Example,", vec!["Example"]),
            ("Dear Anna, thanks", vec!["Anna"]),
            ("Ms Mary-Ann O'Neil called", vec!["Mary-Ann O'Neil"]),
            ("Name: Jan van der Berg", vec!["Jan van der Berg"]),
            ("my name is Anna Example and", vec!["Anna Example"]),
            ("Best regards,\nJohn Q. Example", vec!["John Q. Example"]),
        ] {
            assert_eq!(all(text), expected, "{text}");
        }
    }

    #[test]
    fn other_text_stays() {
        for text in [
            "Dear Sir or Madam",
            "Dear Customer Service",
            "女士们先生们",
            "收货人不在",
            "联系人电话",
            "女士衬衫和先生衬衫",
            "姓名填错了",
            "with regards to my order",
            "The style name is good",
            "本人已收到",
        ] {
            assert_eq!(all(text), [""; 0], "{text}");
        }
    }
}
