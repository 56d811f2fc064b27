//! The consent algebra: whether a data subject's data may be used for a purpose at an instant.
//!
//! `docs/policy/consent.md` writes it down, rule by rule, with examples and the law that each serves. In short,
//! for a purpose whose ancestry is itself, its parent, …:
//!
//! 1. of each (pseudonym, purpose) the latest event stands; of several at one instant, the strictest;
//! 2. what stands is a [`Word`]: a grant that has ended, is of too old a notice, or was given by somebody too young
//!    counts as none, and is not silence either;
//! 3. a customer's word is the greatest of its pseudonyms' for any purpose of the ancestry: a withdrawal holds for
//!    sub-purposes and for all of a merged customer;
//! 4. where nobody said anything, the strictest of the customer's jurisdictions decides;
//! 5. a restriction of processing and a suppression list stand above all of that.
//!
//! What cannot be understood is taken the stricter way: a withdrawal for a purpose that the project does not know is
//! one for all, a grant for one grants nothing, a jurisdiction that nobody declared is the strictest there is, and a
//! record that cannot be read is a withdrawal from every purpose ([`Doubt`]).

mod book;
mod calendar;
mod decision;
mod doubt;
mod event;
mod law;
mod notice;
mod standing;
mod tree;

pub use book::{ConsentBook, UnusualEvents};
pub use decision::{Decision, Decisions};
pub use doubt::{Doubt, Doubtful};
pub use event::{Action, Event, GivenBy, Knowledge};
pub use standing::Word;
