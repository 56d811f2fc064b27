//! Labels, purposes and the consent algebra: check a plan, rewrite a plan, verify an optimised plan.
//!
//! - [`consent`]: whether a data subject's data may be used for a purpose at an instant;
//! - [`ruling`]: whether a relation and a column may serve a purpose at all, and on what ground;
//! - [`gate`] and [`govern`]: the node that stands over every scan of personal data, and the analyser
//!   rule that puts it there;
//! - [`labels`]: how near a column brings a reader to a person, and how that flows;
//! - [`lift`]: the optimiser rule that keeps gates on their scans;
//! - [`narrow()`]: the predicates that a scan may evaluate before its gate;
//! - [`mod@noise`]: differential-privacy noise in the place of a model's last aggregate;
//! - [`witness`]: how many people stand behind a row of an aggregate, and the gate for that;
//! - [`verify()`]: the walk over an optimised plan that refuses one without it.

pub mod consent;
pub mod gate;
pub mod govern;
pub mod labels;
pub mod lift;
pub mod narrow;
pub mod noise;
pub mod ruling;
pub mod verify;
pub mod witness;

pub use consent::{
    Action, ConsentBook, Decision, Decisions, Doubt, Doubtful, Event, GivenBy, Knowledge, UnusualEvents,
};
pub use gate::{GateRule, PolicyGate};
pub use govern::GovernScans;
pub use lift::LiftAboveGates;
pub use narrow::narrow;
pub use ruling::{Refusal, Ruling, Rulings};
pub use verify::verify;
