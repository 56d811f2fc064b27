//! The made-up customers.

use chrono::{Months, NaiveDate};
use lakewarden_report::Label;
use lakewarden_report::data::*;
use std::error::Error;

pub(crate) fn picture() -> Result<CustomerPicture, Box<dyn Error>> {
    let bounds = [0.0, 100.0, 200.0, 500.0, 1_000.0, 2_000.0, 5_000.0, 10_000.0, 20_000.0, 50_000.0, 100_000.0];
    let customers = [410, 890, 1_930, 2_844, 3_320, 3_105, 1_640, 720, 260, 66, 19];
    let spend = bounds.iter().zip(customers).enumerate();
    let shares = [(1.0, 0.142), (5.0, 0.338), (10.0, 0.471), (20.0, 0.638)];
    let rfm = (1..=5u8).flat_map(|recency| {
        (1..=5u8).map(move |frequency| {
            let (r, f) = (u64::from(recency), u64::from(frequency));
            let near = 5 - r.abs_diff(f);
            let mean_money = Some((240.0 + 120.0 * f64::from(recency)) * f64::from(frequency).powf(1.7));
            RfmCell { recency, frequency, customers: near * near * 42 + r * 31, mean_money }
        })
    });
    let segments = [
        ("champions", "高价值", "Champions", 1_840, 0.412),
        ("loyal", "忠诚", "Loyal", 2_960, 0.247),
        ("promising", "潜力", "Promising", 2_410, 0.118),
        ("new", "新客", "New", 2_230, 0.061),
        ("at_risk", "流失风险", "At risk", 2_704, 0.113),
        ("dormant", "沉睡", "Dormant", 3_060, 0.049),
    ];
    let channels = [
        ("store", "门店", "Shops"),
        ("tmall", "天猫", "Tmall"),
        ("miniapp", "小程序", "Mini-app"),
        ("app", "App", "App"),
    ];
    let combinations: [(&[&str], u64); 12] = [
        (&["store"], 4_812),
        (&["store", "miniapp"], 3_944),
        (&["tmall"], 2_780),
        (&["miniapp"], 2_204),
        (&["store", "tmall"], 1_490),
        (&["store", "miniapp", "app"], 1_322),
        (&["store", "miniapp", "tmall"], 905),
        (&["app"], 802),
        (&["store", "miniapp", "app", "tmall"], 514),
        (&["miniapp", "app"], 470),
        (&["tmall", "miniapp"], 306),
        (&["tmall", "app"], 121),
    ];
    let start = NaiveDate::from_ymd_opt(2024, 7, 1).ok_or("a month")?;
    let mut revenue_by_month = Vec::new();
    for (c, (name, ..)) in channels.iter().enumerate() {
        for m in 0..24u32 {
            let month = start.checked_add_months(Months::new(m)).ok_or("a month")?;
            let season = 1.0
                + 0.28 * (f64::from(m) * 0.52 + c as f64).sin()
                + if *name == "tmall" && m % 12 == 4 { 1.5 } else { 0.0 };
            let amount = [820_000.0, 560_000.0, 310_000.0, 96_000.0][c] * season * (1.0 + f64::from(m) * 0.008);
            revenue_by_month.push(ChannelRevenue { channel: (*name).into(), month, amount });
        }
    }
    Ok(CustomerPicture {
        currency: Some("CNY".into()),
        buyers: Some(15_204),
        revenue: Some(revenue_by_month.iter().map(|r| r.amount).sum()),
        spend: spend
            .map(|(i, (from, customers))| SpendBin { from: *from, to: bounds.get(i + 1).copied(), customers })
            .collect(),
        concentration: shares.map(|(top_percent, revenue_share)| TopShare { top_percent, revenue_share }).into(),
        rfm: rfm.collect(),
        segments: segments
            .map(|(name, zh, en, customers, revenue_share)| Segment {
                name: name.into(),
                label: Label::new(zh, en),
                customers,
                revenue_share,
            })
            .into(),
        channels: channels.map(|(name, zh, en)| ChannelName { name: name.into(), label: Label::new(zh, en) }).into(),
        combinations: combinations
            .map(|(c, customers)| ChannelCombination { channels: c.iter().map(|c| (*c).into()).collect(), customers })
            .into(),
        revenue_by_month,
    })
}
