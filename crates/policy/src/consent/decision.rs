//! Whether data may be used, and if not, why.

use lakewarden_dictionary::LawfulBasis;

/// Whether a customer's data may be used, and if not, why. Ordered by strictness: of several, the greatest stands
/// and names the reason ([`Ord::max`] is the join of the lattice, [`Decision::Permit`] its least element).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Decision {
    /// It may.
    Permit = 0,
    /// The row is older than its dataset is kept.
    RetentionEnded = 1,
    /// Consent was never given where it is needed.
    NotGranted = 2,
    /// Consent was given, and has ended by itself.
    Expired = 3,
    /// Consent was given under a privacy notice that is too old.
    NoticeOutdated = 4,
    /// The data subject is too young to consent, and no guardian did.
    GuardianMissing = 5,
    /// Consent was withdrawn.
    Withdrawn = 6,
    /// The data subject demands that data is only stored.
    Restricted = 7,
    /// The data subject is on a suppression list.
    Suppressed = 8,
}

impl Decision {
    /// All of them, in the order of their numbers.
    pub const ALL: [Decision; 9] = [
        Decision::Permit,
        Decision::RetentionEnded,
        Decision::NotGranted,
        Decision::Expired,
        Decision::NoticeOutdated,
        Decision::GuardianMissing,
        Decision::Withdrawn,
        Decision::Restricted,
        Decision::Suppressed,
    ];

    /// The reason's name in row accounts.
    pub fn name(self) -> &'static str {
        match self {
            Decision::Permit => "permitted",
            Decision::RetentionEnded => "retention_ended",
            Decision::NotGranted => "consent_not_granted",
            Decision::Expired => "consent_expired",
            Decision::NoticeOutdated => "consent_notice_outdated",
            Decision::GuardianMissing => "consent_guardian_missing",
            Decision::Withdrawn => "consent_withdrawn",
            Decision::Restricted => "restricted",
            Decision::Suppressed => "suppressed",
        }
    }

    /// Whether it comes from a statement against the use of data, rather than from a consent that is missing.
    pub fn is_refusal(self) -> bool {
        match self {
            Decision::Withdrawn | Decision::Restricted | Decision::Suppressed => true,
            Decision::Permit
            | Decision::RetentionEnded
            | Decision::NotGranted
            | Decision::Expired
            | Decision::NoticeOutdated
            | Decision::GuardianMissing => false,
        }
    }

    /// What is left of it where data is used on this lawful basis. Consent decides only where consent is that basis; a
    /// restriction and a suppression list yield to legal obligations alone; the end of retention yields to nothing.
    #[inline]
    pub fn under(self, basis: LawfulBasis) -> Self {
        match basis {
            LawfulBasis::Consent => self,
            LawfulBasis::LegalObligation => match self {
                Decision::RetentionEnded => self,
                Decision::Permit
                | Decision::NotGranted
                | Decision::Expired
                | Decision::NoticeOutdated
                | Decision::GuardianMissing
                | Decision::Withdrawn
                | Decision::Restricted
                | Decision::Suppressed => Decision::Permit,
            },
            LawfulBasis::Contract
            | LawfulBasis::VitalInterests
            | LawfulBasis::PublicInterest
            | LawfulBasis::LegitimateInterests => match self {
                Decision::RetentionEnded | Decision::Restricted | Decision::Suppressed => self,
                Decision::Permit
                | Decision::NotGranted
                | Decision::Expired
                | Decision::NoticeOutdated
                | Decision::GuardianMissing
                | Decision::Withdrawn => Decision::Permit,
            },
        }
    }
}

/// One decision for each customer, by index, for one purpose; and after them one for each pseudonym that belongs to no
/// customer and was named by a statement.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Decisions {
    all: Vec<Decision>,
    customers: usize,
}

impl Decisions {
    /// Decisions that are all for customers.
    pub(crate) fn for_customers(all: Vec<Decision>) -> Self {
        Self { customers: all.len(), all }
    }

    /// Takes those from number `customers` on for decisions on pseudonyms that belong to no customer. Of these only
    /// refusals count (withdrawal, restriction, suppression): they hold for the rows that carry the pseudonym, while a
    /// grant by it opens no row, and its silence says nothing of the data subject.
    #[must_use]
    pub fn with_customers(mut self, customers: usize) -> Self {
        self.customers = customers.min(self.all.len());
        self.all[self.customers..]
            .iter_mut()
            .filter(|decision| !decision.is_refusal())
            .for_each(|d| *d = Decision::Permit);
        self
    }

    /// The decision for customer number `subject`; refusal for one that is not known.
    #[inline]
    pub fn of(&self, subject: u32) -> Decision {
        self.all.get(subject as usize).copied().unwrap_or(Decision::NotGranted)
    }

    /// How many customers each decision was taken for.
    pub fn count(&self, decision: Decision) -> u64 {
        self.all[..self.customers].iter().filter(|d| **d == decision).count() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn numbers_names_and_order_agree() {
        for (number, decision) in Decision::ALL.into_iter().enumerate() {
            assert_eq!(decision as usize, number);
        }
        assert!(Decision::ALL.is_sorted());
        assert_eq!(Decision::ALL.map(Decision::name).into_iter().collect::<BTreeSet<_>>().len(), Decision::ALL.len());
    }

    #[test]
    fn of_a_pseudonym_without_a_customer_only_refusals_count() {
        let decisions = Decisions::for_customers(Decision::ALL.repeat(2)).with_customers(Decision::ALL.len());
        for (number, decision) in (0u32..).zip(Decision::ALL) {
            let apart = if decision.is_refusal() { decision } else { Decision::Permit };
            assert_eq!((decisions.of(number), decisions.of(number + 9)), (decision, apart));
            assert_eq!(decisions.count(decision), 1);
        }
        assert_eq!(decisions.of(18), Decision::NotGranted);
    }

    #[test]
    fn each_ground_leaves_its_own_reasons() {
        use LawfulBasis::*;
        let left = |basis| Decision::ALL.into_iter().filter(|d| d.under(basis) != Decision::Permit).collect::<Vec<_>>();
        assert_eq!(left(Consent), Decision::ALL[1..]);
        assert_eq!(left(LegalObligation), [Decision::RetentionEnded]);
        for basis in [Contract, VitalInterests, PublicInterest, LegitimateInterests] {
            assert_eq!(left(basis), [Decision::RetentionEnded, Decision::Restricted, Decision::Suppressed]);
        }
        for basis in [Consent, Contract, LegalObligation] {
            for (a, b) in Decision::ALL.iter().flat_map(|a| Decision::ALL.iter().map(move |b| (*a, *b))) {
                // Whether somebody is out does not depend on whether reasons are joined before or after; which one
                // is named may, for a stricter reason that does not count here hides a lesser one that does.
                let (before, after) = (a.max(b).under(basis), a.under(basis).max(b.under(basis)));
                assert!(before == after || a.min(b) == Decision::RetentionEnded, "{a:?} {b:?} {basis:?}");
            }
        }
    }
}
