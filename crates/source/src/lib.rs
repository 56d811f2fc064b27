//! Where exports lie: the files of a folder or bucket, and the tables and queries of databases, opened as streams for
//! [`lakewarden_extract`].
//! Where exports lie: folders, buckets, web servers, databases. What is inside them is [`lakewarden_extract`]'s.
//!
//! [`list`] finds the files of a channel: a path or address with wildcards and the parts of a date, over the days that a
//! run asks for. Each file opens as a stream that goes on where it broke off and refuses to become another file.

mod archive;
mod bucket;
mod complete;
pub mod database;
mod disk;
mod error;
mod fault;
mod files;
mod interval;
mod part;
mod remark;
mod retire;
mod stores;
mod stream;
mod tree;
mod walk;
mod web;

pub use archive::Archive;
pub use database::OneConnection;
pub use error::{IntervalFault, SourceError};
pub use fault::StoreFault;
pub use files::{Channel, Listing, Origins, is_dated, list};
pub use interval::{Interval, Window};
pub use remark::{Remark, RemarkKind};
pub use retire::{RetireFault, Retirement};
pub use stores::{Kind, Patience, Surroundings};
