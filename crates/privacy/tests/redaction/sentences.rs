//! What customers write to a shop: with people in it, and without.

use super::values::*;

/// A text, and whom it names.
pub struct Sentence {
    pub text: String,
    pub secrets: Vec<Secret>,
}

/// Draws a sentence: half of them name somebody.
pub fn sentence(draw: &mut Draw) -> Sentence {
    if draw.below(2) == 0 {
        return Sentence { text: negative(draw), secrets: vec![] };
    }
    let mut made = match draw.below(17) {
        0 => two(draw, "收货人：", chinese_name, "，电话", mobile, "，麻烦改一下。"),
        1 => two(draw, "请联系", mobile, "或者发邮件到", email, "，谢谢！"),
        2 => {
            let after = draw.of(&["，我下午在家。", "，谢谢", "，马上。", " 周末。"]);
            one(draw, &["请回电", "打", ""], mobile, after)
        }
        3 => {
            let (before, after) = draw.of(&[
                ("请寄到", "，谢谢"),
                ("地址：", "。"),
                ("我住在", "，什么时候送"),
                ("新地址是", "，别送错了"),
            ]);
            one(draw, &[before], chinese_address, after)
        }
        4 => {
            let before = draw.of(&["Please ship to ", "I moved to ", "my address is "]);
            one(draw, &[before], western_address, ". Thank you.")
        }
        5 => one(draw, &["身份证", "身份证号：", "我的证件 ", "ID "], resident_id, "，请核实。"),
        6 => one(draw, &["退到银行卡", "卡号：", "refund to my card ", "打到"], bank_card, "，谢谢"),
        7 => one(draw, &["车牌", "我的车是", "送货车", "停车场的"], plate, "，停在门口。"),
        8 => {
            let (secret, needs_label) = document(draw);
            let label = if needs_label {
                draw.of(&["护照号：", "通行证", "passport no. "])
            } else {
                draw.of(&["护照", "用", "证件号码 ", "登记的是"])
            };
            Sentence { text: format!("{label}{}，入住用。", secret.text), secrets: vec![secret] }
        }
        9 => {
            let before = draw.of(&["openid是", "我的微信 ", "unionid: "]);
            one(draw, &[before], wechat, "，查一下订单")
        }
        10 => match draw.below(4) {
            0 | 1 => one(draw, &["登录IP ", "from ", "异常访问："], ip, " 请看日志"),
            _ => one(draw, &["设备MAC ", "wifi mac: "], mac, " 连不上"),
        },
        11 => {
            let after = draw.of(&["我在家", "门口就行", "，不要放驿站。", "收", " 谢谢"]);
            let before = ["麻烦师傅送上门，", "快递放", "帮我改成", "发货到", "搬家了，现在在"];
            let place = if draw.below(2) == 0 { chinese_address } else { other_chinese_address };
            one(draw, &before, place, after)
        }
        12 => {
            // As people paste it from their telephone.
            let separator = draw.of(&[" ", "，", ","]);
            let (name, phone) = (chinese_name(draw), mobile(draw));
            let place = if draw.below(2) == 0 { chinese_address(draw) } else { other_chinese_address(draw) };
            let text = format!("{}{separator}{}{separator}{}", name.text, phone.text, place.text);
            Sentence { text, secrets: vec![name, phone, place] }
        }
        13 => match draw.below(6) {
            0 => one(draw, &["请交给", "叫", "和"], chinese_name, "先生签收"),
            1 => one(draw, &["我是"], chinese_name, "，上周买的。"),
            2 => one(draw, &["收件人姓名 ", "联系人：", "持卡人:"], chinese_name, "，已付款"),
            3 => one(draw, &["Still waiting. Kind regards, ", "Sincerely,\n"], latin_name, ""),
            4 => one(draw, &["Ask Mr. ", "This is for Mrs ", "Recipient: "], latin_name, ", please."),
            _ => one(draw, &["姓名:"], latin_name, "，寄到门店"),
        },
        14 => match draw.below(3) {
            0 => one(draw, &["IP:", "ip="], ip, ""),
            1 => one(draw, &["ping ", "（"], ip, "）"),
            _ => one(draw, &["(", "mac="], mac, ")"),
        },
        _ => match draw.below(5) {
            0 => one(draw, &["Dear "], latin_name, ", your parcel is late."),
            1 => one(draw, &["My name is "], latin_name, " and I want a refund."),
            2 => one(draw, &["我叫"], chinese_name, "，想问一下退款。"),
            3 => two(draw, "Contact: ", latin_name, ", phone ", other_phone, " in the morning"),
            _ => two(draw, "请找", chinese_name, "女士，座机", other_phone, "。"),
        },
    };
    // Around it what has numbers too.
    if draw.below(3) == 0 {
        let more = negative(draw);
        made.text = if draw.below(2) == 0 { format!("{more}\n{}", made.text) } else { format!("{} {more}", made.text) };
    }
    made
}

fn one(draw: &mut Draw, before: &[&str], secret: fn(&mut Draw) -> Secret, after: &str) -> Sentence {
    let (before, secret) = (draw.of(before), secret(draw));
    Sentence { text: format!("{before}{}{after}", secret.text), secrets: vec![secret] }
}

fn two(
    draw: &mut Draw,
    a: &str,
    first: fn(&mut Draw) -> Secret,
    b: &str,
    second: fn(&mut Draw) -> Secret,
    c: &str,
) -> Sentence {
    let (first, second) = (first(draw), second(draw));
    Sentence { text: format!("{a}{}{b}{}{c}", first.text, second.text), secrets: vec![first, second] }
}

/// Draws a sentence that names nobody, and looks as if it did.
fn negative(draw: &mut Draw) -> String {
    let (small, year) = (draw.between(1, 40), draw.between(2019, 2026));
    let (month, day) = (draw.between(1, 12), draw.between(1, 28));
    match draw.below(60) {
        0 => format!("订单号{}还没发货。", luhn(draw, "62", 19)),
        1 => format!("订单编号：{year}{month:02}{day:02}{}，请查询。", draw.digits(10)),
        2 => format!("快递单号SF{}三天没动。", draw.digits(13)),
        3 => format!("tracking number 1Z{}E{} is stuck.", draw.digits(5), draw.digits(9)),
        4 => format!("货号{}，{}码。", draw.digits(8), draw.between(35, 45)),
        5 => format!("SKU-{}-{} 色号{small}，有货吗？", draw.digits(5), draw.of(&["S", "M", "XL"])),
        6 => format!("实付{}.{}元，优惠了{small}元。", draw.between(100, 9_999), draw.digits(2)),
        7 => format!(
            "{year}-{month:02}-{day:02} {:02}:{:02}:{:02} 下的单。",
            draw.below(24),
            draw.below(60),
            draw.below(60)
        ),
        8 => format!("{year}年{month}月{day}号发货，{small}号到。"),
        9 => format!("我要{}号鞋，另外{small}号线地铁站旁边那家店有吗？", draw.between(35, 45)),
        10 => format!("南京西路店和中山公园店都没有{small}码。"),
        11 => format!("上海市静安区南京西路旗舰店{}点关门。", draw.between(8, 22)),
        12 => format!("版本 {}.{}.{}.{} 打不开。", draw.below(20), draw.below(20), draw.below(20), draw.below(20)),
        13 => format!("There are {small} ways to return it, a {small} minute drive away."),
        14 => format!("I ordered {small} White Shirts and 2 Blue Dresses on {month}/{day}/{year}."),
        15 => "Dear Customer Service, the colour is not as shown.".into(),
        16 => "女士衬衫和先生衬衫都想要，收货人不变。".into(),
        17 => format!("不知道{small}号能不能到，这里{small}号有活动。"),
        18 => format!("云A{small}纸和新A4本子。"),
        19 => format!("时间戳{}{} 没有更新。", draw.of(&["16", "17"]), draw.digits(11)),
        20 => format!("invoice {}{} for order {}", draw.of(&["INV", "E", "H"]), draw.digits(8), luhn(draw, "4", 16)),
        21 => format!("条码69{}扫不出来。", draw.digits(11)),
        22 => format!("批次E{year}{month:02}{day:02}，保质期{small}天。"),
        23 => format!("会员卡号M{}，积分{}。", draw.digits(6), draw.digits(5)),
        24 => format!("a1b2c3d4-{}-4e5f-8a9b-{}ab", draw.digits(4), draw.digits(10)),
        25 => format!(
            "尺码{}/{}A，{}cm，{}%棉。",
            draw.of(&["165", "170", "175"]),
            draw.between(80, 100),
            draw.between(50, 110),
            draw.between(40, 100)
        ),
        26 => format!("@客服 第{small}章第{}节写着{}天无理由。", draw.between(1, 9), draw.of(&["7", "15", "30"])),
        27 => format!("比例{}:{}:{}，折扣{}.{}折。", small, month, day, draw.between(1, 9), draw.between(1, 9)),
        28 => format!("https://shop.example/item/{}?page={small}", draw.digits(9)),
        29 => format!("with regards to order {}, size {} Dress", draw.digits(12), draw.between(6, 20)),
        30 => format!("浙江省杭州市的门店{small}家，万达广场{}楼。", draw.between(1, 6)),
        31 => format!("运单YT{}签收了但没收到。", draw.digits(13)),
        33 => format!("高跟女士鞋{small}码，高端女士香水{small}ml。"),
        34 => format!("马克先生衬衫和李宁跑鞋{}码。", draw.between(35, 45)),
        35 => format!("Dr. Martens boots in size {small}, Mr Porter had them."),
        36 => format!("在{small}号仓库{}号货架，{small}号楼的样衣。", draw.between(1, 9)),
        37 => format!("长江路地铁站{small}号口见，中山公园{}号门。", draw.between(1, 9)),
        38 => format!("道具{small}号，街拍{small}号色，里料{small}号，路由器{small}号。"),
        39 => format!("鲁B{year}款和苏A款各{small}件。"),
        40 => format!("ISBN 978-7-111-{}-{}", draw.digits(5), draw.digits(1)),
        41 => format!("EAN 490{}，净重{}.{}kg", draw.digits(10), small, draw.digits(2)),
        42 => format!("活动{year}0101-{year}1231，{year}.{month:02}.{day:02} 10:30开始"),
        43 => format!("坐标31.{},121.{}", draw.digits(6), draw.digits(6)),
        44 => format!("颜色#{:06X}，哈希e3b0c442{}fc1c149afbf4c8996fb9", draw.below(0xFF_FFFF), draw.digits(4)),
        45 => format!("合计{},{},{}.00元，含运费{small}", draw.between(1, 9), draw.digits(3), draw.digits(3)),
        46 => format!("货号{}-{}-{}断码了。", draw.digits(3), draw.digits(3), draw.digits(4)),
        47 => format!("王老吉{small}瓶，周大福项链{small}克，张小泉剪刀。"),
        48 => format!("这条路{small}号开通，半路{small}号掉的，思路{small}条。"),
        49 => format!("请问{small}楼{small}号柜台在城市花园店几点开门"),
        50 => format!("The name of style {small} is Dear Diary, the street is busy in {month} places."),
        51 => format!("We waited {small} Business Days, on {day} May {year}, for {month} Long Sleeve Shirts."),
        52 => format!("via Fedex {}, place {small} of {month}", draw.digits(12)),
        53 => format!("流水号{}，终端{}", luhn(draw, "62", 16), draw.digits(8)),
        54 => format!("一二三四五号色都要，七分裤{small}条，三号楼样板。"),
        55 => format!("bundle oK{}.js?v={}", draw.digits(5), draw.digits(10)),
        57 => "我是常客，我是老会员，我是真的很喜欢，不是高个子。".into(),
        58 => format!("this is {small} more road and {small} mile road works, a {day} year lane."),
        56 => format!("比分{}-{}-{}，型号G{}", draw.below(9), draw.below(9), draw.below(9), draw.digits(5)),
        32 => format!("model AB{} and serial no {}", draw.digits(7), draw.digits(12)),
        _ => format!("Room {} is a {small} Star Hotel, see page {month}.", draw.digits(3)),
    }
}
