//! What to write.

use crate::error::SampleError;
use chrono::NaiveDate;

/// What to write: how many people, over which months, how dirty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// People in the retailer's world, 1 to 10,000,000. About 24 rows each over all exports.
    pub customers: u32,
    /// Where all randomness comes from: the same options give the same bytes.
    pub seed: u64,
    /// Last day of data, in Asia/Shanghai; 2015 to 2039.
    pub end: NaiveDate,
    /// Calendar months of data, the one of `end` included (and cut there); 1 to 60.
    pub months: u32,
    /// Whether to plant what arrives dirty (see [`crate::DIRT`]).
    pub dirt: bool,
}

impl Options {
    /// Eighteen dirty months of `customers` people up to `end`.
    pub fn new(customers: u32, seed: u64, end: NaiveDate) -> Self {
        Options { customers, seed, end, months: 18, dirt: true }
    }

    pub(crate) fn check(&self) -> Result<(), SampleError> {
        use chrono::Datelike;
        let refuse = |option, expected| Err(SampleError::Option { option, expected });
        if !(1..=10_000_000).contains(&self.customers) {
            return refuse("customers", "1 to 10,000,000");
        }
        if !(1..=60).contains(&self.months) {
            return refuse("months", "1 to 60");
        }
        if !(2015..=2039).contains(&self.end.year()) {
            return refuse("end", "a day of the years 2015 to 2039");
        }
        Ok(())
    }
}
