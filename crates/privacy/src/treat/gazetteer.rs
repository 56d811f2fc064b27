//! The provinces and cities of China (GB/T 2260): what [`city`](super::city()) can answer.

use std::sync::LazyLock;

/// A first-level division.
pub(crate) struct Province {
    /// Without suffix.
    pub(crate) short: &'static str,
    /// What may follow the short name, the longest first.
    pub(crate) suffixes: &'static [&'static str],
    /// Its city, if it is one itself.
    pub(crate) municipality: Option<&'static str>,
    pub(crate) cities: Vec<City>,
}

/// A division that answers to "which city".
#[derive(Clone, Copy)]
pub(crate) struct City {
    pub(crate) short: &'static str,
    pub(crate) full: &'static str,
}

/// All provinces.
pub(crate) static PROVINCES: LazyLock<Vec<Province>> = LazyLock::new(|| {
    let province = |&(short, suffixes, cities): &(&'static str, _, &'static str)| {
        let cities: Vec<_> = cities.split_whitespace().map(city).collect();
        // A municipality has one city: itself.
        let municipality = cities.iter().find(|c| c.short == short && cities.len() == 1).map(|c| c.full);
        Province { short, suffixes, municipality, cities }
    };
    TABLE.iter().map(province).collect()
});

/// All cities, municipalities included.
pub(crate) static CITIES: LazyLock<Vec<City>> =
    LazyLock::new(|| PROVINCES.iter().flat_map(|province| province.cities.iter().copied()).collect());

/// Reads `杭州市`, or `大理:大理白族自治州` where the short name is not all but the last character.
fn city(entry: &'static str) -> City {
    match entry.split_once(':') {
        Some((short, full)) => City { short, full },
        None => {
            let last = entry.char_indices().next_back().map_or(0, |(at, _)| at);
            City { short: &entry[..last], full: entry }
        }
    }
}

const PROVINCE: &[&str] = &["省"];
const MUNICIPALITY: &[&str] = &["市"];
const REGION: &[&str] = &["自治区"];
const SPECIAL: &[&str] = &["特别行政区"];

/// Short name, suffixes, cities.
#[rustfmt::skip]
const TABLE: [(&str, &[&str], &str); 34] = [
    ("北京", MUNICIPALITY, "北京市"),
    ("天津", MUNICIPALITY, "天津市"),
    ("河北", PROVINCE, "石家庄市 唐山市 秦皇岛市 邯郸市 邢台市 保定市 张家口市 承德市 沧州市 廊坊市 衡水市 定州市 辛集市"),
    ("山西", PROVINCE, "太原市 大同市 阳泉市 长治市 晋城市 朔州市 晋中市 运城市 忻州市 临汾市 吕梁市"),
    ("内蒙古", REGION, "呼和浩特市 包头市 乌海市 赤峰市 通辽市 鄂尔多斯市 呼伦贝尔市 巴彦淖尔市 乌兰察布市 \
        兴安盟 锡林郭勒盟 阿拉善盟"),
    ("辽宁", PROVINCE, "沈阳市 大连市 鞍山市 抚顺市 本溪市 丹东市 锦州市 营口市 阜新市 辽阳市 盘锦市 铁岭市 朝阳市 葫芦岛市"),
    ("吉林", PROVINCE, "长春市 吉林市 四平市 辽源市 通化市 白山市 松原市 白城市 延边:延边朝鲜族自治州"),
    ("黑龙江", PROVINCE, "哈尔滨市 齐齐哈尔市 鸡西市 鹤岗市 双鸭山市 大庆市 伊春市 佳木斯市 七台河市 牡丹江市 黑河市 绥化市 \
        大兴安岭:大兴安岭地区"),
    ("上海", MUNICIPALITY, "上海市"),
    ("江苏", PROVINCE, "南京市 无锡市 徐州市 常州市 苏州市 南通市 连云港市 淮安市 盐城市 扬州市 镇江市 泰州市 宿迁市"),
    ("浙江", PROVINCE, "杭州市 宁波市 温州市 嘉兴市 湖州市 绍兴市 金华市 衢州市 舟山市 台州市 丽水市"),
    ("安徽", PROVINCE, "合肥市 芜湖市 蚌埠市 淮南市 马鞍山市 淮北市 铜陵市 安庆市 黄山市 滁州市 阜阳市 宿州市 六安市 亳州市 \
        池州市 宣城市"),
    ("福建", PROVINCE, "福州市 厦门市 莆田市 三明市 泉州市 漳州市 南平市 龙岩市 宁德市"),
    ("江西", PROVINCE, "南昌市 景德镇市 萍乡市 九江市 新余市 鹰潭市 赣州市 吉安市 宜春市 抚州市 上饶市"),
    ("山东", PROVINCE, "济南市 青岛市 淄博市 枣庄市 东营市 烟台市 潍坊市 济宁市 泰安市 威海市 日照市 临沂市 德州市 聊城市 \
        滨州市 菏泽市"),
    ("河南", PROVINCE, "郑州市 开封市 洛阳市 平顶山市 安阳市 鹤壁市 新乡市 焦作市 濮阳市 许昌市 漯河市 三门峡市 南阳市 商丘市 \
        信阳市 周口市 驻马店市 济源市"),
    ("湖北", PROVINCE, "武汉市 黄石市 十堰市 宜昌市 襄阳市 鄂州市 荆门市 孝感市 荆州市 黄冈市 咸宁市 随州市 \
        恩施:恩施土家族苗族自治州 仙桃市 潜江市 天门市 神农架:神农架林区"),
    ("湖南", PROVINCE, "长沙市 株洲市 湘潭市 衡阳市 邵阳市 岳阳市 常德市 张家界市 益阳市 郴州市 永州市 怀化市 娄底市 \
        湘西:湘西土家族苗族自治州"),
    ("广东", PROVINCE, "广州市 韶关市 深圳市 珠海市 汕头市 佛山市 江门市 湛江市 茂名市 肇庆市 惠州市 梅州市 汕尾市 河源市 \
        阳江市 清远市 东莞市 中山市 潮州市 揭阳市 云浮市"),
    ("广西", &["壮族自治区", "自治区"], "南宁市 柳州市 桂林市 梧州市 北海市 防城港市 钦州市 贵港市 玉林市 百色市 贺州市 河池市 \
        来宾市 崇左市"),
    ("海南", PROVINCE, "海口市 三亚市 三沙市 儋州市 五指山市 琼海市 文昌市 万宁市 东方市"),
    ("重庆", MUNICIPALITY, "重庆市"),
    ("四川", PROVINCE, "成都市 自贡市 攀枝花市 泸州市 德阳市 绵阳市 广元市 遂宁市 内江市 乐山市 南充市 眉山市 宜宾市 广安市 \
        达州市 雅安市 巴中市 资阳市 阿坝:阿坝藏族羌族自治州 甘孜:甘孜藏族自治州 凉山:凉山彝族自治州"),
    ("贵州", PROVINCE, "贵阳市 六盘水市 遵义市 安顺市 毕节市 铜仁市 黔西南:黔西南布依族苗族自治州 \
        黔东南:黔东南苗族侗族自治州 黔南:黔南布依族苗族自治州"),
    ("云南", PROVINCE, "昆明市 曲靖市 玉溪市 保山市 昭通市 丽江市 普洱市 临沧市 楚雄:楚雄彝族自治州 红河:红河哈尼族彝族自治州 \
        文山:文山壮族苗族自治州 西双版纳:西双版纳傣族自治州 大理:大理白族自治州 德宏:德宏傣族景颇族自治州 \
        怒江:怒江傈僳族自治州 迪庆:迪庆藏族自治州"),
    ("西藏", REGION, "拉萨市 日喀则市 昌都市 林芝市 山南市 那曲市 阿里:阿里地区"),
    ("陕西", PROVINCE, "西安市 铜川市 宝鸡市 咸阳市 渭南市 延安市 汉中市 榆林市 安康市 商洛市"),
    ("甘肃", PROVINCE, "兰州市 嘉峪关市 金昌市 白银市 天水市 武威市 张掖市 平凉市 酒泉市 庆阳市 定西市 陇南市 \
        临夏:临夏回族自治州 甘南:甘南藏族自治州"),
    ("青海", PROVINCE, "西宁市 海东市 海北:海北藏族自治州 黄南:黄南藏族自治州 海南:海南藏族自治州 果洛:果洛藏族自治州 \
        玉树:玉树藏族自治州 海西:海西蒙古族藏族自治州"),
    ("宁夏", &["回族自治区", "自治区"], "银川市 石嘴山市 吴忠市 固原市 中卫市"),
    ("新疆", &["维吾尔自治区", "自治区"], "乌鲁木齐市 克拉玛依市 吐鲁番市 哈密市 昌吉:昌吉回族自治州 \
        博尔塔拉:博尔塔拉蒙古自治州 巴音郭楞:巴音郭楞蒙古自治州 阿克苏:阿克苏地区 克孜勒苏:克孜勒苏柯尔克孜自治州 \
        喀什:喀什地区 和田:和田地区 伊犁:伊犁哈萨克自治州 塔城:塔城地区 阿勒泰:阿勒泰地区 石河子市 阿拉尔市 \
        图木舒克市 五家渠市 北屯市 铁门关市 双河市 可克达拉市 昆玉市 胡杨河市 新星市 白杨市"),
    ("香港", SPECIAL, "香港:香港特别行政区"),
    ("澳门", SPECIAL, "澳门:澳门特别行政区"),
    ("台湾", PROVINCE, "台北市 新北市 桃园市 台中市 台南市 高雄市 基隆市 新竹市 嘉义市 新竹县:新竹县 嘉义县:嘉义县 苗栗县 \
        彰化县 南投县 云林县 屏东县 宜兰县 花莲县 台东县 澎湖县"),
];
