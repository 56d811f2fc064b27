//! One customer from many records, without clear text: deterministic matching, stable ids.
//!
//! A record that carries several pseudonyms says that they belong to one person. [`Matcher`] collects
//! what records say, [`Matcher::resolve`] joins pseudonyms into customers by union-find and gives every customer an
//! id that survives later runs. Pseudonyms of domains that do not link (a cashier's number), and those that too many
//! share (a shop's own telephone number), belong to no customer.
//!
//! The id of a new customer is a keyed pseudonym of its earliest-seen token, so that daily files give
//! the same ids as one large file that holds them all.

mod batches;
mod error;
mod matcher;
mod resolve;
mod unions;

pub use batches::{customers_schema, membership_schema};
pub use error::IdentityError;
pub use matcher::{ColumnDomain, DomainId, Matcher, NONE, ShareLimits};
pub use resolve::{Customer, Identities, Known, Member, Summary};
