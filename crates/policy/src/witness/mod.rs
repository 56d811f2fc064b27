//! Who stands behind a row: threads witnesses of data subjects through a plan, and holds back rows with too few.
//!
//! Every scan of personal data gets a hidden column with the *witness* of its row's subject (a hash of the
//! customer id; null for a row that names no person; one of its own for persons who are not known). [`thread()`]
//! carries it up: past projections, filters, joins and unions as it is, past `GROUP BY` and `DISTINCT` as a set of
//! up to k different witnesses, which is all that is needed to know whether k different people stand behind a row.
//! [`KGate`] at the root lets through rows with at least k witnesses, and rows with none, which are about no person;
//! it takes the hidden columns off. Persons who are not known may all be the same: they never add to k, and a row
//! about them alone is held back.
//!
//! A join puts rows of two scans together. Where it asks for the same subject on both sides they are one
//! *strand*; else both are kept, and each has to have its k. A join of rows about one person each that does
//! not ask for the same person multiplies subjects, and is refused.
//!
//! A row adds to a sum only if its value is not zero: each aggregate has the witnesses of the rows with a part in it. A
//! subquery over personal data is about the person of the row, has a gate of its own, or is refused. Branches of a union
//! of which one gives constants where another gives data have their own k each.
//!
//! A value that may be one person's out of several people's (`max`, a window) must not decide about rows, nor be
//! aggregated: nothing says whose it is.
//!
//! This says how many people stand behind a row, not how much of a value is whose: a sum over 20 people may be
//! one's alone but for a little. Which functions may aggregate at all is [`crate::labels`]' business.

mod conditions;
mod contributions;
pub(crate) mod equalities;
mod forms;
mod functions;
mod functions_of_numbers;
mod gate;
mod others;
mod quantiles;
mod strand;
mod thread;
mod threaded;
mod unions;

pub use forms::Unrecognised;
pub use gate::KGate;
pub use others::{Reader, Taking};
pub use strand::{Strand, UNKNOWN_COLUMN};
pub use thread::{MarkUnknown, gate_root, thread};
pub use threaded::{NotThreaded, Threaded};
