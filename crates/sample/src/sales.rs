//! The truth about sales: what a sum over the surviving rows must give.

use crate::account;
use crate::error::SampleError;
use crate::line::push_fixed;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::collections::BTreeMap;
use std::path::Path;

/// An amount of money in fen; in JSON a decimal string of yuan (`"1234.50"`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Yuan(
    /// Fen.
    pub i64,
);

impl Serialize for Yuan {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut text = String::new();
        push_fixed(&mut text, self.0, 2);
        to.serialize_str(&text)
    }
}

impl<'de> Deserialize<'de> for Yuan {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        let refuse = || de::Error::custom("an amount with two decimals is expected");
        let (whole, part) = text.split_once('.').filter(|(_, part)| part.len() == 2).ok_or_else(refuse)?;
        [whole, part].concat().parse().map(Yuan).map_err(|_| refuse())
    }
}

/// Sums over surviving rows of one selling channel.
///
/// `pos`: a line sells (类型 = 销售) or returns (类型 = 退货); `gross` is paid on the ones, `refunded` on the others.
/// `tmall`: every order line but closed ones (订单状态 = 交易关闭) sells; those with 订单状态 = 已退款 are returned as
/// well; `gross` is 实付款, `refunded` is 退款金额, which some lines of other states have in part.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChannelSales {
    /// Lines that sell.
    pub lines: u64,
    /// Pieces on them.
    pub units: u64,
    /// Lines that return.
    pub returned_lines: u64,
    /// Pieces on them.
    pub returned_units: u64,
    /// Order lines that were closed unpaid (`tmall` only).
    pub closed_lines: u64,
    /// Paid.
    pub gross: Yuan,
    /// Paid back.
    pub refunded: Yuan,
    /// `gross` less `refunded`.
    pub revenue: Yuan,
}

impl ChannelSales {
    /// Adds another sum.
    pub(crate) fn add(&mut self, other: &ChannelSales) {
        self.lines += other.lines;
        self.units += other.units;
        self.returned_lines += other.returned_lines;
        self.returned_units += other.returned_units;
        self.closed_lines += other.closed_lines;
        self.gross.0 += other.gross.0;
        self.refunded.0 += other.refunded.0;
        self.revenue.0 += other.revenue.0;
    }
}

/// `truth/sales.json`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sales {
    /// Over all months, by channel: `pos`, `tmall`.
    pub channels: BTreeMap<String, ChannelSales>,
    /// By calendar month in Asia/Shanghai (`2025-04`; of 交易时间 and 订单创建时间), then by channel.
    pub months: BTreeMap<String, BTreeMap<String, ChannelSales>>,
}

impl Sales {
    /// Reads `sales.json` from the folder with the truth.
    ///
    /// # Errors
    /// [`SampleError::Io`] if it cannot be read, [`SampleError::Truth`] if it is not what this version writes.
    pub fn read(dir_truth: &Path) -> Result<Self, SampleError> {
        account::read(&dir_truth.join("sales.json"))
    }

    /// Adds a month's sum of a channel.
    pub(crate) fn add(&mut self, month: &str, channel: &str, sum: &ChannelSales) {
        self.channels.entry(channel.to_owned()).or_default().add(sum);
        self.months.entry(month.to_owned()).or_default().entry(channel.to_owned()).or_default().add(sum);
    }
}
