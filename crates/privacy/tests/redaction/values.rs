//! People who do not exist, and things that look like their numbers.

use lakewarden_privacy::redact::RedactedKind as Kind;

/// Draws from a seed (SplitMix64).
pub struct Draw(u64);

impl Draw {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 33) as usize % n
    }

    pub fn of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }

    pub fn digits(&mut self, n: usize) -> String {
        (0..n).map(|_| char::from(b'0' + self.below(10) as u8)).collect()
    }

    pub fn between(&mut self, least: usize, most: usize) -> usize {
        least + self.below(most - least + 1)
    }
}

/// Something that names a person: the text, and the parts of it that must not be left.
pub struct Secret {
    pub kind: Kind,
    pub text: String,
    pub parts: Vec<String>,
}

fn whole(kind: Kind, text: String) -> Secret {
    Secret { kind, parts: vec![text.clone()], text }
}

const SURNAMES: [&str; 24] = [
    "王", "李", "张", "刘", "陈", "杨", "赵", "黄", "周", "吴", "徐", "孙", "朱", "马", "胡", "林", "何", "郑", "谢",
    "罗", "苏", "蔡", "魏", "欧阳",
];
const GIVEN: [&str; 24] = [
    "伟", "芳", "秀英", "敏", "静", "丽", "强", "磊", "洋", "艳", "勇", "杰", "娟", "小红", "建国", "子涵", "雨桐",
    "浩然", "梦琪", "志强", "晓明", "佳怡", "思远", "俊杰",
];
const FIRST: [&str; 14] = [
    "Anna", "John", "Mary", "Peter", "Sofia", "Lukas", "Emma", "James", "Olivia", "Noah", "Clara", "Hugo", "Marie",
    "Thomas",
];
const LAST: [&str; 14] = [
    "Smith",
    "Miller",
    "Schmidt",
    "Dupont",
    "Rossi",
    "Garcia",
    "O'Neil",
    "Jansen",
    "Brown",
    "Taylor",
    "Weber",
    "Martin",
    "Novak",
    "Lindqvist",
];

pub fn chinese_name(draw: &mut Draw) -> Secret {
    let name = format!("{}{}", draw.of(&SURNAMES), draw.of(&GIVEN));
    whole(Kind::Name, name)
}

pub fn latin_name(draw: &mut Draw) -> Secret {
    let name = format!("{} {}", draw.of(&FIRST), draw.of(&LAST));
    whole(Kind::Name, name)
}

pub fn mobile(draw: &mut Draw) -> Secret {
    let n = format!("1{}{}", draw.of(&["3", "5", "7", "8", "9"]), draw.digits(9));
    let n = if n.starts_with("179") { n.replacen("179", "178", 1) } else { n };
    let (a, b, c) = (&n[..3], &n[3..7], &n[7..]);
    let text = match draw.below(11) {
        0 => format!("{a}-{b}-{c}"),
        1 => format!("{a} {b} {c}"),
        2 => format!("+86 {n}"),
        3 => format!("0086{n}"),
        5 => format!("{a}.{b}.{c}"),
        6 => format!("{} {} {} {} {}", &n[..3], &n[3..5], &n[5..7], &n[7..9], &n[9..]),
        4 => n.chars().map(|d| char::from_u32(d as u32 + 0xFEE0).unwrap()).collect(),
        _ => n,
    };
    whole(Kind::Phone, text)
}

pub fn other_phone(draw: &mut Draw) -> Secret {
    let text = match draw.below(6) {
        0 => format!("0{}-{}{}", draw.of(&["21", "10", "571", "755"]), draw.between(2, 8), draw.digits(7)),
        1 => format!("+852 {}{} {}", draw.of(&["5", "6", "9"]), draw.digits(3), draw.digits(4)),
        2 => format!("+44 20 7946 0{}", draw.digits(3)),
        3 => format!("(202) 555-01{}", draw.digits(2)),
        4 => format!("+49 151 {}", draw.digits(8)),
        _ => format!("+886 912 {} {}", draw.digits(3), draw.digits(3)),
    };
    whole(Kind::Phone, text)
}

pub fn email(draw: &mut Draw) -> Secret {
    let host = draw.of(&["example.com", "mail.example.org", "example.net", "shop.example", "例子.example"]);
    let local = match draw.below(4) {
        0 => draw.digits(8),
        1 => format!("{}.{}", draw.of(&FIRST).to_lowercase(), draw.of(&["lee", "wang", "k"])),
        2 => format!("{}+{}", draw.of(&FIRST).to_lowercase(), draw.of(&["shop", "news"])),
        _ => format!("{}_{}", draw.of(&FIRST), draw.digits(3)),
    };
    whole(Kind::Email, format!("{local}@{host}"))
}

pub fn resident_id(draw: &mut Draw) -> Secret {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let area = draw.of(&["110101", "310115", "330106", "440305", "510107", "420106", "610113"]);
    let birth = format!("{}{:02}{:02}", draw.between(1945, 2012), draw.between(1, 12), draw.between(1, 28));
    let first = format!("{area}{birth}{}", draw.digits(3));
    let sum: u32 = first.bytes().zip(WEIGHTS).map(|(d, w)| u32::from(d - b'0') * w).sum();
    let full = format!("{first}{}", char::from(b"10X98765432"[sum as usize % 11]));
    let text = match draw.below(6) {
        0 => full.to_lowercase(),
        1 => format!("{} {} {}", &full[..6], &full[6..14], &full[14..]),
        2 => format!("{area}{}{}", &birth[2..], &first[14..17]),
        _ => full,
    };
    whole(Kind::ResidentId, text)
}

/// A number of this beginning and length that passes Luhn's check.
pub fn luhn(draw: &mut Draw, start: &str, length: usize) -> String {
    let body = format!("{start}{}", draw.digits(length - 1 - start.len()));
    let sum: u32 = body
        .bytes()
        .rev()
        .enumerate()
        .map(|(at, d)| {
            let d = u32::from(d - b'0') * if at % 2 == 0 { 2 } else { 1 };
            if d > 9 { d - 9 } else { d }
        })
        .sum();
    format!("{body}{}", (10 - sum % 10) % 10)
}

pub fn bank_card(draw: &mut Draw) -> Secret {
    let (start, length) = draw.of(&[
        ("6222", 19),
        ("6217", 19),
        ("6225", 16),
        ("4", 16),
        ("52", 16),
        ("37", 15),
        ("3530", 16),
        ("6228", 19),
    ]);
    let number = luhn(draw, start, length);
    let text = if draw.below(3) == 0 && length > 15 {
        let separator = draw.of(&[" ", "-"]);
        let parts: Vec<&str> = (0..number.len()).step_by(4).map(|at| &number[at..(at + 4).min(number.len())]).collect();
        parts.join(separator)
    } else {
        number
    };
    whole(Kind::BankCard, text)
}

pub fn plate(draw: &mut Draw) -> Secret {
    let head = format!(
        "{}{}",
        draw.of(&["京", "沪", "粤", "浙", "苏", "川", "鄂", "鲁", "闽"]),
        draw.of(&["A", "B", "C", "E", "K"])
    );
    let letter = draw.of(&["A", "C", "F", "H", "Q", "X"]);
    let text = match draw.below(5) {
        0 => format!("{head}{letter}{}", draw.digits(4)),
        1 => format!("{head}{}{letter}{}", draw.digits(2), draw.digits(2)),
        2 => format!("{head}D{}", draw.digits(5)),
        3 => format!("{head}·{}", draw.digits(5)),
        _ => format!("{head}{}", draw.digits(5)),
    };
    whole(Kind::Plate, text)
}

/// A passport or permit; whether it needs a label to be known.
pub fn document(draw: &mut Draw) -> (Secret, bool) {
    let (text, label) = match draw.below(6) {
        0 => (format!("E{}{}", draw.between(3, 9), draw.digits(7)), false),
        1 => (format!("E{}{}", draw.of(&["A", "B", "J", "K"]), draw.digits(7)), false),
        2 => (format!("G{}{}", draw.between(3, 9), draw.digits(7)), false),
        3 => (format!("{}{}{}", draw.of(&["H", "M"]), draw.between(3, 9), draw.digits(7)), false),
        4 => (format!("C{}", draw.digits(8)), true),
        _ => (draw.digits(9).replacen('0', "5", 1), true),
    };
    (whole(Kind::Document, text), label)
}

pub fn wechat(draw: &mut Draw) -> Secret {
    let text = if draw.below(3) == 0 {
        format!("wxid_{}", draw.digits(14))
    } else {
        let mut id = String::from("oK7");
        while id.len() < 28 {
            id.push_str(draw.of(&["a", "Q", "x", "_", "-", "5", "Z", "t", "9", "M"]));
        }
        id
    };
    whole(Kind::WechatId, text)
}

pub fn ip(draw: &mut Draw) -> Secret {
    let text = match draw.below(4) {
        0 => format!("2001:db8::{:x}:{:x}", draw.between(1, 65_535), draw.between(1, 65_535)),
        1 => format!("198.51.100.{}", draw.below(256)),
        2 => format!("10.{}.{}.{}", draw.below(256), draw.below(256), draw.below(256)),
        _ => format!("203.0.113.{}", draw.below(256)),
    };
    whole(Kind::Ip, text)
}

pub fn mac(draw: &mut Draw) -> Secret {
    let pairs: Vec<String> = ["00", "00", "5E", "00"]
        .map(str::to_owned)
        .into_iter()
        .chain((0..2).map(|_| format!("{:02X}", draw.below(256))))
        .collect();
    let text = pairs.join(draw.of(&[":", "-"]));
    whole(Kind::Mac, if draw.below(2) == 0 { text.to_lowercase() } else { text })
}

const CITIES: [(&str, &str, &[&str]); 8] = [
    ("浙江省", "杭州市", &["西湖区", "余杭区", "滨江区", "上城区"]),
    ("上海市", "", &["浦东新区", "徐汇区", "静安区", "闵行区"]),
    ("北京市", "", &["朝阳区", "海淀区", "丰台区"]),
    ("广东省", "深圳市", &["南山区", "福田区", "龙岗区"]),
    ("江苏省", "苏州市", &["吴中区", "姑苏区", "昆山市"]),
    ("四川省", "成都市", &["武侯区", "锦江区", "双流区"]),
    ("湖北省", "武汉市", &["洪山区", "江岸区"]),
    ("福建省", "厦门市", &["思明区", "湖里区"]),
];
const ROADS: [&str; 20] = [
    "文三路",
    "中山北路",
    "解放大道",
    "人民东路",
    "长江路",
    "建设街",
    "延安西路",
    "天目山路",
    "古墩路",
    "虹桥路",
    "漕宝路",
    "科苑南路",
    "滨江大道",
    "学院路",
    "松花江路",
    "凤起路",
    "钱江新街",
    "体育场路",
    "永乐巷",
    "朝晖二弄",
];
const ESTATES: [&str; 10] = [
    "阳光花园",
    "翠苑新村",
    "城市花园",
    "绿地公寓",
    "金色家园",
    "香槟苑",
    "东方明珠大厦",
    "世纪城",
    "桂花小区",
    "书香名邸公馆",
];

pub fn chinese_address(draw: &mut Draw) -> Secret {
    let (province, city, districts) = draw.of(&CITIES);
    let (district, road, estate) = (draw.of(districts), draw.of(&ROADS), draw.of(&ESTATES));
    let number = format!("{}号", draw.between(1, 999));
    let house = match draw.below(6) {
        0 => format!("{}栋{}室", draw.between(1, 30), draw.between(101, 2_905)),
        1 => format!("{}号楼{}单元{}", draw.between(1, 30), draw.between(1, 4), draw.between(101, 905)),
        2 => format!("{}幢{}", draw.between(1, 30), draw.between(101, 905)),
        3 => format!("{}座{}层", draw.of(&["A", "B", "C"]), draw.between(2, 30)),
        4 => String::new(),
        _ => format!("{}单元{}室", draw.between(1, 4), draw.between(101, 905)),
    };
    let gap = if draw.below(6) == 0 { " " } else { "" };
    let (text, parts) = match draw.below(6) {
        0 => (
            format!("{province}{gap}{city}{gap}{district}{gap}{road}{number}{house}"),
            vec![road.to_owned(), number.clone()],
        ),
        1 => (format!("{district}{road}{number}{estate}{house}"), vec![road.to_owned(), number.clone()]),
        2 => (format!("{road}{number}"), vec![format!("{road}{number}"), number.clone()]),
        3 if !house.is_empty() => (format!("{estate}{house}"), vec![house.clone()]),
        4 => (
            format!("{}{district}{road}{number}{house}", if city.is_empty() { province } else { city }),
            vec![road.to_owned(), number.clone()],
        ),
        _ => (format!("{}{district}{road}", if city.is_empty() { province } else { city }), vec![road.to_owned()]),
    };
    let mut parts = parts;
    if !house.is_empty() && text.ends_with(&house) {
        parts.push(house);
    }
    Secret { kind: Kind::Address, text, parts }
}

/// Addresses that follow no pattern of the cities above: villages, Hong Kong, Taiwan, lanes, courtyards.
pub fn other_chinese_address(draw: &mut Draw) -> Secret {
    let n = |draw: &mut Draw| draw.between(1, 320);
    let (text, parts) = match draw.below(7) {
        0 => {
            let end = format!("{}组{}号", draw.between(1, 9), n(draw));
            (
                format!(
                    "河南省信阳市光山县{}镇{}村{end}",
                    draw.of(&["马畈", "白雀园"]),
                    draw.of(&["大李", "陈店", "杨湾"])
                ),
                vec![end],
            )
        }
        1 => {
            let end = format!(
                "弥敦道{}号{}{}楼{}室",
                n(draw),
                draw.of(&["金龙大厦", "好运中心"]),
                draw.between(2, 30),
                draw.of(&["A", "B"])
            );
            (format!("{}旺角{end}", draw.of(&["九龙", "香港九龙"])), vec![end])
        }
        2 => {
            let end = format!("忠孝东路{}段{}号{}楼", draw.of(&["四", "五"]), n(draw), draw.between(2, 12));
            (format!("台北市大安区{end}"), vec![end])
        }
        3 => {
            let end = format!("甲{}号院{}号楼", n(draw), draw.between(1, 20));
            (format!("北京市朝阳区建国路{end}"), vec![end])
        }
        4 => {
            let end = format!("{}弄{}号{}室", n(draw), draw.between(1, 99), draw.between(101, 906));
            (format!("{}{end}", draw.of(&["长宁区延安西路", "凯旋路", "上海市仙霞路"])), vec![end])
        }
        5 => {
            let end = format!("{}号", n(draw));
            (format!("{}工业{}路{end}", draw.of(&["东莞市长安镇", "佛山市南海区"]), draw.of(&["三", "北"])), vec![end])
        }
        _ => {
            let end = format!("{}号楼{}", draw.between(1, 20), draw.between(101, 906));
            (format!("{}{end}", draw.of(&["幸福里", "碧水湾", "南都江滨花园", "华师大一村"])), vec![end])
        }
    };
    Secret { kind: Kind::Address, text, parts }
}

pub fn western_address(draw: &mut Draw) -> Secret {
    let number = draw.between(1, 2_999);
    let (text, core) = match draw.below(9) {
        0 => {
            let street = format!(
                "{number} {} {}",
                draw.of(&["Maple", "Oak", "King", "Station", "Mill"]),
                draw.of(&["Street", "Road", "Ave", "Lane"])
            );
            (format!("{street}, London SW{}A {}AB", draw.between(1, 9), draw.between(1, 9)), street)
        }
        1 => {
            let street = format!(
                "{number} {} {}",
                draw.of(&["Sunset", "North Park", "Lake Shore"]),
                draw.of(&["Blvd", "Drive", "Ct"])
            );
            (format!("{street}, Apt {}B, Springfield, IL 62{}", draw.between(1, 20), draw.digits(3)), street)
        }
        2 => {
            let street = format!(
                "{} {}",
                draw.of(&["Hauptstraße", "Gartenweg", "Lindenallee", "Marktplatz"]),
                draw.between(1, 220)
            );
            (format!("{street}, 10{} Berlin", draw.digits(3)), street)
        }
        3 => {
            let street =
                format!("{} rue {}", draw.between(1, 220), draw.of(&["de la Fontaine", "Victor Hugo", "des Lilas"]));
            (format!("{street}, 75{} Paris", draw.digits(3)), street)
        }
        4 => {
            let street = format!("Via {} {}", draw.of(&["Garibaldi", "Dante", "della Rosa"]), draw.between(1, 220));
            (format!("{street}, 001{} Roma", draw.digits(2)), street)
        }
        6 => {
            let street =
                format!("{number} {} {}", draw.of(&["high", "george", "victoria"]), draw.of(&["street", "road"]));
            (street.clone(), street)
        }
        7 => {
            let street = format!("{number} {}", draw.of(&["George St", "Collins Street"]));
            (format!("Unit {}, {street}, Sydney NSW 2000", draw.between(1, 30)), street)
        }
        _ => {
            let street = format!("{number} {}", draw.of(&["W 42nd St", "East Main Street", "Fifth Avenue"]));
            (street.clone(), street)
        }
    };
    Secret { kind: Kind::Address, text, parts: vec![core] }
}
