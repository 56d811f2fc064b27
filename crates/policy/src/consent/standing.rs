//! What stands of the events of one pseudonym for one purpose, and what it says.

use super::event::GivenBy;
use super::notice::Notices;

/// What a customer says about a purpose, as far as it counts. Ordered by what overrides what: of all that a
/// customer's pseudonyms say about the purpose and those it is part of, the greatest is the customer's word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Word {
    /// Nothing.
    Silent,
    /// It agreed, and that has ended by itself.
    Expired,
    /// It agreed, under too old a notice.
    Outdated,
    /// It agrees.
    Granted,
    /// Its guardian agrees.
    GrantedByGuardian,
    /// It withdrew.
    Withdrawn,
}

/// The event that stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Standing {
    /// When it was said, µs UTC.
    at: i64,
    /// From when on it no longer counts; `i64::MAX` if never. That of a refusal too.
    expires: i64,
    /// Number of the notice; 0 of a refusal.
    notice: u16,
    says: Says,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Says {
    Yes,
    YesByGuardian,
    No,
}

/// What the purpose demands of a grant.
#[derive(Debug, Clone, Copy)]
pub(super) struct Demand {
    /// Only what was granted later than this counts, µs UTC.
    pub granted_after: i64,
    /// Only what has not ended at this instant counts, µs UTC.
    pub as_of: i64,
    /// Only notices of this version or a newer one count.
    pub min_notice: Option<lakewarden_dictionary::NoticeVersion>,
}

impl Standing {
    pub(super) fn granted(at: i64, expires: Option<i64>, notice: u16, by: GivenBy) -> Self {
        let says = if by == GivenBy::Guardian { Says::YesByGuardian } else { Says::Yes };
        Self { at, expires: expires.unwrap_or(i64::MAX), notice, says }
    }

    pub(super) fn refused(at: i64) -> Self {
        Self { at, expires: i64::MAX, notice: 0, says: Says::No }
    }

    #[inline]
    pub(super) fn is_refusal(&self) -> bool {
        self.says == Says::No
    }

    /// Whether it was said later than this instant.
    #[inline]
    pub(super) fn is_later_than(&self, at: i64) -> bool {
        self.at > at
    }

    /// What stands of two: the later; of two at one instant the stricter in each respect, so that neither the order
    /// in which they are read nor reading one twice makes a difference.
    #[inline]
    pub(super) fn join(self, other: Self, notices: &Notices) -> Self {
        if self.at != other.at {
            return if self.at > other.at { self } else { other };
        }
        match (self.is_refusal(), other.is_refusal()) {
            (true, _) => self,
            (false, true) => other,
            (false, false) => Self {
                at: self.at,
                expires: self.expires.min(other.expires),
                notice: notices.older(self.notice, other.notice),
                says: if self.says == other.says { self.says } else { Says::Yes },
            },
        }
    }

    /// What it says where this is demanded.
    #[inline]
    pub(super) fn word(&self, demand: &Demand, notices: &Notices) -> Word {
        if self.is_refusal() {
            Word::Withdrawn
        } else if demand.min_notice.is_some() && notices.version(self.notice) < demand.min_notice {
            Word::Outdated
        } else if self.expires <= demand.as_of || self.at <= demand.granted_after {
            Word::Expired
        } else if self.says == Says::YesByGuardian {
            Word::GrantedByGuardian
        } else {
            Word::Granted
        }
    }
}
