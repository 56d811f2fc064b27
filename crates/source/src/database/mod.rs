//! Tables and queries of databases as streams of CSV.
//!
//! A read is of one consistent snapshot, however many connections share it, and only of the columns that the dataset
//! declares. How far it came goes back to the caller as a [`Watermark`], to be committed with the rows.
//!
//! ```text
//! address, TLS   projection, watermark         connections                 one stream
//! address.rs  →  projection.rs, watermark.rs → postgres/, mysql/        →  merged.rs → extract
//! tls.rs         ranges.rs                     (session, SQL, snapshot)
//! ```
//!
//! What must be absent here: a password or a user in anything shown, a server's own words (they quote values), and any
//! statement that writes.

mod address;
mod error;
mod merged;
mod mysql;
mod one_connection;
mod postgres;
mod projection;
mod ranges;
mod read;
mod tls;
mod watermark;

pub use error::{DatabaseError, Doing, Fault};
pub use one_connection::OneConnection;
pub use read::{DatabaseRead, DatabaseRequest};
pub use watermark::Watermark;
