//! Merging and parting customers.

use crate::world::*;
use lakewarden_policy::Decision;
use proptest::prelude::*;

/// The strictest that the members of each customer come to alone.
fn strictest_alone(world: &World, purpose: &str, partition: &Partition, customer: u32) -> Option<Decision> {
    let alone = world.decide(purpose, &apart());
    members(partition, customer).into_iter().map(|p| alone.of(p as u32)).max()
}

proptest! {
    #![proptest_config(cases(600))]

    /// What a member refused (withdrew, had restricted, had suppressed), the merged customer refuses, for the strictest
    /// of these reasons; and it refuses for no such reason that none of its members has.
    #[test]
    fn a_merged_customer_refuses_what_a_member_refused(world in worlds(), partition in partitions()) {
        for purpose in NAMES {
            let merged = world.decide(purpose, &partition);
            for customer in 0..CUSTOMERS as u32 {
                let alone = strictest_alone(&world, purpose, &partition, customer);
                let refusal = |d: Decision| (d >= Decision::Withdrawn).then_some(d);
                prop_assert_eq!(refusal(merged.of(customer)), alone.and_then(refusal));
            }
        }
    }

    /// Merging makes no permission that no member had.
    #[test]
    fn merging_permits_nothing_of_its_own(world in worlds(), partition in partitions()) {
        for purpose in NAMES {
            let (alone, merged) = (world.decide(purpose, &apart()), world.decide(purpose, &partition));
            for customer in 0..CUSTOMERS as u32 {
                let own = members(&partition, customer);
                if merged.of(customer) == Decision::Permit && !own.is_empty() {
                    prop_assert!(own.iter().any(|p| alone.of(*p as u32) == Decision::Permit), "{}", purpose);
                }
            }
        }
    }

    /// Decisions depend on events and partition alone: after any merges, parting restores what was, whatever was
    /// asked or learnt of others in between.
    #[test]
    fn parting_restores_exactly_what_was(world in worlds(), merges in prop::collection::vec(partitions(), 1..4)) {
        let book = world.book();
        let ask = |partition: &Partition| {
            NAMES.map(|purpose| book.decide(purpose, PSEUDONYMS as usize, |p| partition[p as usize]))
        };
        let before = ask(&apart());
        let first = ask(&merges[0]);
        merges.iter().for_each(|partition| drop(ask(partition)));
        prop_assert_eq!(&before, &ask(&apart()));
        prop_assert_eq!(&first, &ask(&merges[0]));
    }

    /// What strangers say changes nothing for a customer.
    #[test]
    fn customers_are_decided_apart(world in worlds(), more in lines(8), partition in partitions()) {
        let mut louder = world.clone();
        louder.links.clear();
        let quiet = louder.clone();
        louder.lines.extend(more.into_iter().filter(|l| partition[l.pseudonym as usize] != Some(0)));
        for purpose in NAMES {
            prop_assert_eq!(louder.decide(purpose, &partition).of(0), quiet.decide(purpose, &partition).of(0));
        }
    }

    /// Which numbers customers have does not matter.
    #[test]
    fn customers_numbers_are_names_only(world in worlds(), partition in partitions(), turn in 0..CUSTOMERS as u32) {
        let turned: Partition = partition.iter().map(|c| c.map(|c| (c + turn) % CUSTOMERS as u32)).collect();
        for purpose in NAMES {
            let (one, other) = (world.decide(purpose, &partition), world.decide(purpose, &turned));
            for customer in 0..CUSTOMERS as u32 {
                prop_assert_eq!(one.of(customer), other.of((customer + turn) % CUSTOMERS as u32));
            }
        }
    }
}
