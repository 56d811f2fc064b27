//! Writes the twelve channel exports of an apparel retailer, with their truth, from a seed.
//!
//! [`write()`] gives one folder a dataset, in the shapes that the reference pipeline reads, and beside them
//! what must come out, counted from what was generated and not by any code of Lakewarden:
//!
//! | truth | what |
//! |---|---|
//! | `accounts.json` | by dataset and file: rows, rows for quarantine by field and rule, duplicates, over-collected fields, repeated files ([`Accounts`]) |
//! | `customers.csv` | `customer`, `domain`, `value`, `group`: every identifier of a person that stands in a surviving row, canonical (phones in E.164, e-mail in lower case). Identifiers of one `group` are connected by surviving rows; two groups of one person are two customers to anybody who sees no more than the exports |
//! | `consent.csv` | `customer`, `group`, `purpose`, `decision` (`granted`, `withdrawn`, `none`), `decided_at`, `jurisdiction` (where the person lives), `stated` (whether an event says so): the state at the end of the last day, of each purpose by itself |
//! | `sales.json` | lines, returns and revenue by channel and month ([`Sales`]) |
//!
//! Everybody is invented: numbers, names and addresses are drawn, e-mail is at example.com, resident ids
//! are of a district that does not exist. The truth is in clear text and belongs into no lake.

mod account;
mod calendar;
mod datasets;
mod dirt;
mod error;
mod fault;
mod line;
mod options;
mod output;
mod random;
mod run;
mod sales;
mod spelling;
mod truth;
mod world;

pub use account::{Accounts, FileAccount};
pub use datasets::{DATASETS, DIRT};
pub use dirt::Defect;
pub use error::SampleError;
pub use fault::{Fault, plant};
pub use options::Options;
pub use run::{DatasetSummary, Summary, write};
pub use sales::{ChannelSales, Sales, Yuan};
