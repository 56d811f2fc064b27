//! Counts of different values in bounded memory.

use hashbrown::HashMap;

/// Hashes that are remembered. Beyond this only those are whose last bits are zero, and counts are scaled: a value is either
/// in the sample with all its occurrences, or not at all (Gibbons' distinct sampling).
#[derive(Debug, Clone)]
pub(super) struct DistinctSample<V> {
    entries: HashMap<u64, V>,
    most: usize,
    /// How many of the last bits of a hash are zero in the sample.
    bits: u32,
}

impl<V> DistinctSample<V> {
    /// A sample of at most so many values.
    pub fn new(most: usize) -> Self {
        Self { entries: HashMap::new(), most: most.max(1), bits: 0 }
    }

    /// The entry of a value, if the value is in the sample; `first` makes that of a new one.
    pub fn entry(&mut self, hash: u64, first: impl FnOnce() -> V) -> Option<(&mut V, bool)> {
        if !self.takes(hash) {
            return None;
        }
        if self.entries.len() >= self.most && !self.entries.contains_key(&hash) {
            self.bits += 1;
            let mask = mask(self.bits);
            self.entries.retain(|hash, _| hash & mask == 0);
            if !self.takes(hash) {
                return None;
            }
        }
        let mut new = false;
        let entry = self.entries.entry(hash).or_insert_with(|| {
            new = true;
            first()
        });
        Some((entry, new))
    }

    fn takes(&self, hash: u64) -> bool {
        hash & mask(self.bits) == 0
    }

    /// Different values, exact while [`DistinctSample::is_exact`].
    pub fn distinct(&self) -> u64 {
        (self.entries.len() as u64) << self.bits.min(40)
    }

    /// Whether every value is in the sample.
    pub fn is_exact(&self) -> bool {
        self.bits == 0
    }

    /// One of so many values is in the sample.
    pub fn one_in(&self) -> u64 {
        1 << self.bits.min(40)
    }

    /// What is remembered of the values.
    pub fn values(&self) -> impl Iterator<Item = &V> {
        self.entries.values()
    }
}

fn mask(bits: u32) -> u64 {
    (1u64 << bits.min(63)) - 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use xxhash_rust::xxh3::xxh3_64;

    #[test]
    fn a_sample_has_a_value_always_or_never() {
        let mut sample: DistinctSample<u32> = DistinctSample::new(1000);
        for round in 0..3u32 {
            for value in 0..50_000u32 {
                if let Some((count, _)) = sample.entry(xxh3_64(&value.to_le_bytes()), || 0) {
                    *count += 1;
                }
            }
            let found = sample.distinct() as f64;
            assert!((found / 50_000.0 - 1.0).abs() < 0.15, "round {round}: {found}");
        }
        assert!(!sample.is_exact() && sample.one_in() >= 32);
        // Those that are in it since the first round have all their occurrences.
        assert!(sample.values().all(|count| *count == 3));

        let mut few: DistinctSample<()> = DistinctSample::new(10);
        for value in [1u64, 2, 1, 3] {
            few.entry(value, || ());
        }
        assert!(few.is_exact() && few.distinct() == 3);
    }
}
