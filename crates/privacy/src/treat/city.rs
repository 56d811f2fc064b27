//! Chinese postal addresses → the city.

use super::gazetteer::{CITIES, City, PROVINCES, Province};
use crate::rewrite::{Becomes, rewrite};
use arrow::array::StringArray;

/// Postal address → the city it names, in full (`浙江省杭州市西湖区…`, `浙江 杭州 …` → `杭州市`); null if none is found.
///
/// Only names of the gazetteer come out (prefecture-level divisions, municipalities, and cities directly under a
/// province), never words of the address: what is put into an address field need not be an address.
/// Without its province, a city is found where the address begins with its full name (`杭州市…`) or with its short name
/// and a separator (`杭州 …`), for `朝阳区` and `南京西路` are in other cities.
pub fn city(values: &StringArray) -> StringArray {
    rewrite(values, |address, scratch| match find(address) {
        Some(city) => {
            scratch.push_str(city);
            Becomes::Scratch
        }
        None => Becomes::Null,
    })
    .0
}

fn find(address: &str) -> Option<&'static str> {
    let address = skip(address);
    let address = skip(address.strip_prefix("中国").unwrap_or(address));
    for province in PROVINCES.iter() {
        if let Some(rest) = address.strip_prefix(province.short)
            && let Some(city) = find_within(province, rest)
        {
            return Some(city);
        }
    }
    CITIES.iter().find_map(|city| {
        if address.starts_with(city.full) {
            return Some(city.full);
        }
        let rest = address.strip_prefix(city.short)?;
        // 吉林 and 海南 alone are the provinces.
        let province = PROVINCES.iter().any(|p| p.short == city.short);
        (!province && (rest.is_empty() || rest.starts_with(is_separator))).then_some(city.full)
    })
}

/// The city, if `rest` is what follows the short name of this province at the beginning of an address.
fn find_within(province: &'static Province, rest: &str) -> Option<&'static str> {
    let suffix = province.suffixes.iter().find_map(|suffix| rest.strip_prefix(suffix));
    let rest = skip(suffix.unwrap_or(rest));
    // The longest first: 大理白族自治州 before 大理.
    let by_full = province.cities.iter().find(|city| rest.starts_with(city.full));
    let city = by_full.or_else(|| province.cities.iter().find(|city| rest.starts_with(city.short)));
    match city {
        Some(City { full, .. }) => Some(full),
        // A municipality is its own city; but 北京路 is a street elsewhere.
        None if suffix.is_none() && is_street(rest) => None,
        None => province.municipality,
    }
}

/// Whether a name that was cut off before this is a street's.
fn is_street(rest: &str) -> bool {
    rest.trim_start_matches(['东', '西', '南', '北', '中', '大']).starts_with(['路', '街', '道', '巷'])
}

fn skip(text: &str) -> &str {
    text.trim_start_matches(is_separator)
}

fn is_separator(c: char) -> bool {
    c.is_whitespace() || matches!(c, ',' | '，' | '、' | '/' | '-' | '·' | '|' | ';' | '；' | '.' | '\u{FEFF}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_city_is_found() {
        for (address, expected) in [
            ("浙江省杭州市西湖区文三路1号", "杭州市"),
            ("浙江省 杭州市 西湖区 文三路", "杭州市"),
            ("浙江 杭州 西湖区", "杭州市"),
            ("浙江杭州西湖区", "杭州市"),
            ("杭州市西湖区", "杭州市"),
            ("杭州，西湖区", "杭州市"),
            ("中国浙江省杭州市", "杭州市"),
            ("上海市浦东新区世纪大道1号", "上海市"),
            ("上海 上海市 黄浦区 南京西路", "上海市"),
            ("北京市朝阳区建国路", "北京市"),
            ("北京北京市朝阳区", "北京市"),
            ("北京朝阳区", "北京市"),
            ("重庆市万州区", "重庆市"),
            ("天津", "天津市"),
            ("吉林省长春市南关区", "长春市"),
            ("吉林省吉林市船营区", "吉林市"),
            ("吉林市船营区", "吉林市"),
            ("辽宁省朝阳市双塔区", "朝阳市"),
            ("内蒙古自治区呼和浩特市新城区", "呼和浩特市"),
            ("内蒙古 锡林郭勒盟 锡林浩特市", "锡林郭勒盟"),
            ("广西壮族自治区南宁市", "南宁市"),
            ("新疆维吾尔自治区乌鲁木齐市天山区", "乌鲁木齐市"),
            ("新疆维吾尔自治区石河子市", "石河子市"),
            ("四川省凉山彝族自治州西昌市", "凉山彝族自治州"),
            ("四川凉山州西昌市", "凉山彝族自治州"),
            ("黑龙江省大兴安岭地区漠河市", "大兴安岭地区"),
            ("海南省三亚市吉阳区", "三亚市"),
            ("海南省文昌市", "文昌市"),
            ("青海省海南藏族自治州共和县", "海南藏族自治州"),
            ("湖北省仙桃市", "仙桃市"),
            ("江苏省苏州市昆山市", "苏州市"),
            ("云南省大理白族自治州大理市", "大理白族自治州"),
            ("香港特别行政区九龙弥敦道", "香港特别行政区"),
            ("香港中环", "香港特别行政区"),
            ("台湾省台北市信义区", "台北市"),
            ("西藏自治区拉萨市", "拉萨市"),
            ("\u{3000}广东省,深圳市", "深圳市"),
        ] {
            assert_eq!(find(address), Some(expected), "{address}");
        }
    }

    #[test]
    fn nothing_but_a_city_comes_out() {
        for address in [
            "",
            "西湖区文三路1号",
            "朝阳区建国路",
            "南京西路1266号",
            "张三的家乡城市",
            "浙江省",
            "浙江省某某路",
            "1 Example Road",
            "长春路5号",
            "收货人李华 杭州市西湖区",
            "海南大道",
            "海南",
            "吉林 长白山",
            "北京路12号",
            "香港中路",
            "上海西大街",
        ] {
            assert_eq!(find(address), None, "{address}");
        }
        let values = StringArray::from(vec![Some("杭州市"), None, Some("?"), Some("浙江省杭州市")]);
        assert_eq!(city(&values), StringArray::from(vec![Some("杭州市"), None, None, Some("杭州市")]));
    }

    #[test]
    fn the_gazetteer_is_whole() {
        assert_eq!(PROVINCES.len(), 34);
        let mut names: Vec<_> = CITIES.iter().map(|c| c.full).collect();
        names.sort_unstable();
        let all = names.len();
        names.dedup();
        assert_eq!(names.len(), all, "each city stands once");
        for city in CITIES.iter() {
            assert!(city.full.starts_with(city.short) && city.short.chars().count() >= 2, "{}", city.full);
            assert!(city.full.ends_with(['市', '州', '盟', '区', '县']), "{}", city.full);
        }
        for province in PROVINCES.iter() {
            for city in &province.cities {
                for address in [
                    format!("{}{}{}", province.short, province.suffixes[0], city.full),
                    format!("{} {}", province.short, city.short),
                    city.full.to_owned(),
                ] {
                    assert_eq!(find(&address), Some(city.full), "{address}");
                }
            }
        }
    }

    proptest! {
        #[test]
        fn idempotent(address in "[浙江杭州市北京省吉林长春朝阳区 ]{0,8}|.*") {
            let once = city(&StringArray::from(vec![address]));
            prop_assert_eq!(city(&once), once);
        }
    }
}
