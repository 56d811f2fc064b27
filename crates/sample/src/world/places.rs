//! Cities, shops and people's names.

use crate::calendar::Calendar;
use crate::random::{Draw, Topic};

/// A city that people live in.
pub(crate) struct City {
    /// Province, as exports write it.
    pub province: &'static str,
    /// City, as exports write it.
    pub name: &'static str,
    /// Latitude and longitude of its middle, millionths of a degree.
    pub lat: i32,
    /// See `lat`.
    pub lng: i32,
    /// Running total of how many live there.
    pub upto: u64,
}

const fn city(province: &'static str, name: &'static str, lat: i32, lng: i32, upto: u64) -> City {
    City { province, name, lat, lng, upto }
}

/// Cities with shops; afterwards those abroad.
pub(crate) const CITIES: [City; 25] = [
    city("上海", "上海", 31_230_416, 121_473_701, 120),
    city("北京", "北京", 39_904_200, 116_407_396, 225),
    city("广东", "广州", 23_129_110, 113_264_385, 305),
    city("广东", "深圳", 22_543_096, 114_057_865, 390),
    city("浙江", "杭州", 30_274_085, 120_155_070, 460),
    city("四川", "成都", 30_572_815, 104_066_801, 530),
    city("江苏", "南京", 32_060_255, 118_796_877, 580),
    city("江苏", "苏州", 31_298_979, 120_585_289, 625),
    city("湖北", "武汉", 30_592_760, 114_305_250, 675),
    city("重庆", "重庆", 29_563_010, 106_551_557, 720),
    city("陕西", "西安", 34_341_575, 108_939_774, 760),
    city("天津", "天津", 39_084_158, 117_200_983, 790),
    city("湖南", "长沙", 28_228_209, 112_938_814, 820),
    city("山东", "青岛", 36_067_108, 120_382_609, 848),
    city("山东", "济南", 36_651_216, 117_120_098, 870),
    city("河南", "郑州", 34_746_611, 113_625_328, 895),
    city("福建", "厦门", 24_479_833, 118_089_425, 915),
    city("辽宁", "沈阳", 41_805_699, 123_431_472, 935),
    city("安徽", "合肥", 31_820_592, 117_227_219, 953),
    city("云南", "昆明", 25_038_890, 102_718_337, 968),
    city("黑龙江", "哈尔滨", 45_803_775, 126_534_967, 980),
    city("广西", "南宁", 22_817_002, 108_366_543, 990),
    city("贵州", "贵阳", 26_647_003, 106_630_153, 1000),
    city("海外", "柏林", 52_520_007, 13_404_954, 1000),
    city("海外", "洛杉矶", 34_052_235, -118_243_683, 1000),
];
/// How many of [`CITIES`] have shops.
pub(crate) const CITIES_AT_HOME: usize = 23;
/// Index of the city that European customers live in.
pub(crate) const CITY_IN_EUROPE: u8 = 23;
/// Index of the city that Californian customers live in.
pub(crate) const CITY_IN_CALIFORNIA: u8 = 24;

/// How many shops there are.
const SHOPS: usize = 60;

/// A shop.
pub(crate) struct Shop {
    /// `S001`.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Index into [`CITIES`].
    pub city: u8,
    /// Millionths of a degree.
    pub lat: i32,
    /// Millionths of a degree.
    pub lng: i32,
    /// Day it opened.
    pub opened: i64,
}

/// All shops: one in each city, the others where most people live.
pub(crate) fn shops(seed: u64, calendar: &Calendar) -> Vec<Shop> {
    const SITES: [&str; 8] = ["中心店", "万汇店", "天街店", "银座店", "老城店", "高铁站店", "奥莱店", "大学城店"];
    let mut draw = Draw::new(seed, Topic::Shops, 0, 0);
    let weights: Vec<u64> = CITIES[..CITIES_AT_HOME].iter().map(|c| c.upto).collect();
    let mut in_city = [0usize; CITIES_AT_HOME];
    (0..SHOPS)
        .map(|n| {
            let index = if n < CITIES_AT_HOME { n } else { draw.weighted(&weights) };
            let site = in_city[index];
            in_city[index] += 1;
            let suffix = if site < SITES.len() { String::new() } else { (site / SITES.len() + 1).to_string() };
            Shop {
                code: format!("S{:03}", n + 1),
                name: format!("{}{}{suffix}", CITIES[index].name, SITES[site % SITES.len()]),
                city: index as u8,
                lat: CITIES[index].lat + draw.between(-60_000, 60_000) as i32,
                lng: CITIES[index].lng + draw.between(-60_000, 60_000) as i32,
                opened: calendar.first() - draw.between(90, 3650),
            }
        })
        .collect()
}

/// Appends the address of somebody in this city; the number picks the street.
pub(crate) fn push_address(out: &mut String, city: u8, number: u64) {
    const DISTRICTS: [&str; 6] = ["中心区", "新城区", "东湖区", "西山区", "南苑区", "北岸区"];
    const STREETS: [&str; 8] = ["样板路", "示例街", "演示大道", "测试巷", "模型路", "范例街", "试用路", "样本大街"];
    let (house, flat) = (number % 300 + 1, number / 300 % 40 + 1);
    let place = &CITIES[usize::from(city)];
    match city {
        CITY_IN_EUROPE => out.push_str(&format!("Musterstraße {house}, 10115 Berlin")),
        CITY_IN_CALIFORNIA => out.push_str(&format!("{house} Sample Street, Los Angeles, CA 90001")),
        _ => {
            if place.province != place.name {
                out.extend([place.province, if place.province == "广西" { "壮族自治区" } else { "省" }]);
            }
            let district = DISTRICTS[(number / 7 % 6) as usize];
            let street = STREETS[(number / 42 % 8) as usize];
            out.push_str(&format!("{}市{district}{street}{house}号{flat}室", place.name));
        }
    }
}

/// Common surnames, with their sound.
pub(crate) const SURNAMES: [(&str, &str); 32] = [
    ("王", "wang"),
    ("李", "li"),
    ("张", "zhang"),
    ("刘", "liu"),
    ("陈", "chen"),
    ("杨", "yang"),
    ("黄", "huang"),
    ("赵", "zhao"),
    ("吴", "wu"),
    ("周", "zhou"),
    ("徐", "xu"),
    ("孙", "sun"),
    ("马", "ma"),
    ("朱", "zhu"),
    ("胡", "hu"),
    ("郭", "guo"),
    ("何", "he"),
    ("林", "lin"),
    ("高", "gao"),
    ("罗", "luo"),
    ("郑", "zheng"),
    ("梁", "liang"),
    ("谢", "xie"),
    ("宋", "song"),
    ("唐", "tang"),
    ("许", "xu"),
    ("韩", "han"),
    ("冯", "feng"),
    ("邓", "deng"),
    ("曹", "cao"),
    ("彭", "peng"),
    ("欧阳", "ouyang"),
];

/// Common given names.
pub(crate) const GIVEN_NAMES: [&str; 40] = [
    "芳", "娜", "敏", "静", "丽", "婷", "雪", "慧", "倩", "颖", "思雨", "梦琪", "雅婷", "欣怡", "子涵", "诗涵", "晓燕",
    "海燕", "佳怡", "雨桐", "伟", "强", "磊", "军", "洋", "勇", "杰", "涛", "明", "超", "浩然", "子轩", "宇航", "俊杰",
    "志强", "建国", "文博", "嘉豪", "一鸣", "天宇",
];
