//! Which identifiers of a person stood in surviving rows, and which stood in one row together.
//!
//! That decides what anybody could know: two identifiers that no row connects are two customers.

use super::identifiers::Node;
use std::sync::atomic::{AtomicU64, Ordering};

const NODES: usize = Node::ALL.len();

/// What was seen, of everybody.
pub(crate) struct Seen {
    people: Vec<AtomicU64>,
}

impl Seen {
    /// Nothing seen yet.
    pub fn new(customers: usize) -> Self {
        Seen { people: (0..customers).map(|_| AtomicU64::new(0)).collect() }
    }

    /// A surviving row of this person holds these nodes (a set of [`Node::bit`]).
    pub fn row(&self, customer: u32, nodes: u16) {
        let mut bits = u64::from(nodes);
        for a in 0..NODES {
            for b in a + 1..NODES {
                let both = (1u16 << a) | (1 << b);
                if nodes & both == both {
                    bits |= 1 << pair(a, b);
                }
            }
        }
        self.people[customer as usize].fetch_or(bits, Ordering::Relaxed);
    }

    /// The group of each node of a person, from 1; 0 for nodes that no row holds.
    pub fn groups(&self, customer: u32) -> [u8; NODES] {
        let bits = self.people[customer as usize].load(Ordering::Relaxed);
        let mut root: [usize; NODES] = std::array::from_fn(|n| n);
        for a in 0..NODES {
            for b in a + 1..NODES {
                if bits & (1 << pair(a, b)) != 0 {
                    let (from, to) = (root[b].max(root[a]), root[b].min(root[a]));
                    root.iter_mut().filter(|r| **r == from).for_each(|r| *r = to);
                }
            }
        }
        let mut groups = [0; NODES];
        let mut count = 0;
        for node in 0..NODES {
            if bits & (1 << node) == 0 {
                continue;
            }
            let known = (0..node).find(|&other| groups[other] != 0 && root[other] == root[node]);
            groups[node] = known.map_or_else(
                || {
                    count += 1;
                    count
                },
                |other| groups[other],
            );
        }
        groups
    }
}

/// The bit of a pair of nodes, a < b: after the bits of the nodes themselves, 45 pairs.
fn pair(a: usize, b: usize) -> usize {
    NODES + a * (2 * NODES - a - 1) / 2 + (b - a - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pair_has_its_own_bit() {
        let mut bits: Vec<usize> = (0..NODES).flat_map(|a| (a + 1..NODES).map(move |b| pair(a, b))).collect();
        bits.sort_unstable();
        assert_eq!(bits, (NODES..NODES + 45).collect::<Vec<_>>());
    }

    #[test]
    fn rows_join_what_stands_in_them() {
        let seen = Seen::new(1);
        seen.row(0, Node::Phone.bit() | Node::TmallBuyer.bit());
        seen.row(0, Node::Unionid.bit() | Node::Openid.bit());
        seen.row(0, Node::Device.bit());
        let apart = seen.groups(0);
        assert_eq!(apart[Node::Phone as usize], apart[Node::TmallBuyer as usize]);
        assert_ne!(apart[Node::Phone as usize], apart[Node::Unionid as usize]);
        assert_eq!(apart[Node::Member as usize], 0);
        assert_eq!(apart.iter().max(), Some(&3));
        seen.row(0, Node::Openid.bit() | Node::Phone.bit());
        let joined = seen.groups(0);
        assert_eq!(joined[Node::TmallBuyer as usize], joined[Node::Unionid as usize]);
        assert_eq!(joined.iter().max(), Some(&2));
    }
}
