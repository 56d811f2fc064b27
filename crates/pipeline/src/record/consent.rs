//! What a run reports of consent: whose knowledge counted, and which events were read the stricter way.

use lakewarden_policy::{Knowledge, UnusualEvents};
use serde::{Deserialize, Serialize};

/// Which consent events a run looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConsentKnown {
    /// A replay: those recorded by its instant.
    Then,
    /// All that were known when it ran, judged as of then.
    #[default]
    Now,
}

impl From<Knowledge> for ConsentKnown {
    fn from(known: Knowledge) -> Self {
        match known {
            Knowledge::Then => Self::Then,
            Knowledge::Now => Self::Now,
        }
    }
}

impl From<ConsentKnown> for Knowledge {
    fn from(known: ConsentKnown) -> Self {
        match known {
            ConsentKnown::Then => Self::Then,
            ConsentKnown::Now => Self::Now,
        }
    }
}

/// Consent events that were read the stricter way, or that have no effect yet, by number.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ConsentWarnings {
    /// Withdrawals, opt-out signals, restrictions and lines of suppression lists dated later than the run's instant:
    /// they count.
    pub future_refusals: u64,
    /// Grants and lifted restrictions dated in the future: they do not count yet.
    pub future_grants: u64,
    /// Withdrawals and opt-out signals for a purpose that the project does not know: they count for every purpose.
    pub unknown_purpose_refusals: u64,
    /// Grants for a purpose that the project does not know: they grant nothing.
    pub unknown_purpose_grants: u64,
    /// Events declared to have no effect, such as an opt-in that waits for its confirmation.
    pub without_effect: u64,
}

/// Refusals that reach no data: pseudonyms that a log or list names and no row of any dataset carries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnmatchedRefusals {
    /// The consent log or suppression list.
    pub log: String,
    /// The identifier domain of the pseudonyms, such as `email`.
    pub id_type: String,
    /// How many different pseudonyms.
    pub pseudonyms: u64,
}

impl From<UnusualEvents> for ConsentWarnings {
    fn from(events: UnusualEvents) -> Self {
        let UnusualEvents {
            future_refusals,
            future_grants,
            unknown_purpose_refusals,
            unknown_purpose_grants,
            without_effect,
        } = events;
        Self { future_refusals, future_grants, unknown_purpose_refusals, unknown_purpose_grants, without_effect }
    }
}
