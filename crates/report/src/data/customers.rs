//! What the customers look like, in numbers about many.

use crate::Label;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

/// The customers of a run, in aggregates. Each part may be empty.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct CustomerPicture {
    /// Currency of all amounts, ISO 4217.
    pub currency: Option<String>,
    /// Customers with at least one purchase.
    pub buyers: Option<u64>,
    /// Revenue, returns taken off.
    pub revenue: Option<f64>,
    /// Customers by what they spent, bins in rising order.
    pub spend: Vec<SpendBin>,
    /// Share of revenue that the best customers bring, by how many they are.
    pub concentration: Vec<TopShare>,
    /// The grid of recency and frequency; a missing cell is empty.
    pub rfm: Vec<RfmCell>,
    /// Segments, in the order in which they shall be shown.
    pub segments: Vec<Segment>,
    /// What people call the channels.
    pub channels: Vec<ChannelName>,
    /// Customers by the exact set of channels they used.
    pub combinations: Vec<ChannelCombination>,
    /// Revenue by channel and month; a missing month is 0.
    pub revenue_by_month: Vec<ChannelRevenue>,
}

impl CustomerPicture {
    /// Says what people call a channel.
    pub(crate) fn channel<'a>(&'a self, language: crate::Language, name: &'a str) -> &'a str {
        self.channels.iter().find(|c| c.name == name).map_or(name, |c| c.label.say(language, name))
    }
}

/// Customers who spent from `from` up to, not including, `to`.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct SpendBin {
    /// Lower bound.
    pub from: f64,
    /// Upper bound; absent: no bound.
    pub to: Option<f64>,
    /// Customers.
    pub customers: u64,
}

/// What the best customers bring.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct TopShare {
    /// The best so many percent of the customers by revenue, 0 to 100.
    pub top_percent: f64,
    /// Their share of the revenue, 0 to 1.
    pub revenue_share: f64,
}

/// One cell of the RFM grid.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct RfmCell {
    /// Recency score, 1 (longest ago) to 5 (just now).
    pub recency: u8,
    /// Frequency score, 1 (fewest) to 5 (most purchases).
    pub frequency: u8,
    /// Customers.
    pub customers: u64,
    /// Mean spend of a customer.
    pub mean_money: Option<f64>,
}

/// A segment of customers.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Segment {
    /// Its code in the table.
    pub name: String,
    /// What people call it.
    pub label: Label,
    /// Customers.
    pub customers: u64,
    /// Their share of the revenue, 0 to 1.
    pub revenue_share: f64,
}

/// What people call a channel.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ChannelName {
    /// Its code in the tables.
    pub name: String,
    /// What people call it.
    pub label: Label,
}

/// Customers who used exactly these channels.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ChannelCombination {
    /// The channels' codes.
    pub channels: Vec<String>,
    /// Customers.
    pub customers: u64,
}

/// Revenue of one channel in one month.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ChannelRevenue {
    /// The channel's code.
    pub channel: String,
    /// A day of the month.
    pub month: NaiveDate,
    /// Revenue, returns taken off; may be negative.
    pub amount: f64,
}
