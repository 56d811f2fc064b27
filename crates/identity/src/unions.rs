//! Disjoint sets of `u32`, union by size with path halving.

pub(crate) struct Unions {
    parent: Vec<u32>,
    size: Vec<u32>,
}

impl Unions {
    pub(crate) fn new(len: usize) -> Self {
        Self { parent: (0..len as u32).collect(), size: vec![1; len] }
    }

    pub(crate) fn find(&mut self, mut x: u32) -> u32 {
        while self.parent[x as usize] != x {
            let grandparent = self.parent[self.parent[x as usize] as usize];
            self.parent[x as usize] = grandparent;
            x = grandparent;
        }
        x
    }

    pub(crate) fn join(&mut self, a: u32, b: u32) {
        let (a, b) = (self.find(a), self.find(b));
        if a == b {
            return;
        }
        let (large, small) = if self.size[a as usize] >= self.size[b as usize] { (a, b) } else { (b, a) };
        self.parent[small as usize] = large;
        self.size[large as usize] += self.size[small as usize];
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Same set ⇔ connected, against a naive closure.
        #[test]
        fn equals_naive_closure(edges in prop::collection::vec((0u32..20, 0u32..20), 0..40)) {
            let mut unions = Unions::new(20);
            let mut label: Vec<u32> = (0..20).collect();
            for (a, b) in &edges {
                unions.join(*a, *b);
                let (from, to) = (label[*a as usize], label[*b as usize]);
                for l in &mut label { if *l == from { *l = to; } }
            }
            for a in 0..20u32 {
                for b in 0..20u32 {
                    prop_assert_eq!(unions.find(a) == unions.find(b), label[a as usize] == label[b as usize]);
                }
            }
        }
    }
}
