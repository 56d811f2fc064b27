//! Randomness that is the same on every machine.
//!
//! One ChaCha stream for each topic, part and block, so that files can be written in any order and
//! by any number of threads. Only `+ - * /` and `sqrt` on floats: `ln`, `exp` and the like differ in
//! the last bit between platforms.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// What a stream is for. The number is part of the sample's format: never reuse one.
#[derive(Debug, Clone, Copy)]
#[repr(u8)]
pub(crate) enum Topic {
    Personas = 1,
    Catalogue = 2,
    Shops = 3,
    Crm = 4,
    Pos = 5,
    Tmall = 6,
    Miniapp = 7,
    App = 8,
    Service = 9,
    Loyalty = 10,
    Campaign = 11,
    Consent = 12,
    Inventory = 13,
    Dirt = 14,
}

/// A stream of draws.
pub(crate) struct Draw(ChaCha8Rng);

impl Draw {
    /// The stream of a topic's part (below 65,536) and block (below 2^40).
    pub fn new(seed: u64, topic: Topic, part: usize, block: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(((topic as u64) << 56) | ((part as u64 & 0xffff) << 40) | (block & 0xff_ffff_ffff));
        Draw(rng)
    }

    /// 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// A whole number below `n` (which must not be 0).
    pub fn below(&mut self, n: u64) -> u64 {
        ((u128::from(self.bits()) * u128::from(n)) >> 64) as u64
    }

    /// An index below `n`.
    pub fn index(&mut self, n: usize) -> usize {
        self.below(n as u64) as usize
    }

    /// A whole number from `low` to `high`, both included; `low` if they are the wrong way round.
    pub fn between(&mut self, low: i64, high: i64) -> i64 {
        if high <= low { low } else { low + self.below((high - low + 1) as u64) as i64 }
    }

    /// A number in [0, 1).
    pub fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// True once in a while, with this probability.
    pub fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// One of these.
    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.index(from.len())]
    }

    /// An index, likely as its weight; `cumulative` rises to a total above 0.
    pub fn weighted(&mut self, cumulative: &[u64]) -> usize {
        let total = cumulative.last().copied().unwrap_or(1).max(1);
        let x = self.below(total);
        cumulative.partition_point(|&upto| upto <= x)
    }

    /// Nearly standard normal: the sum of twelve uniforms of 16 bits, less 6.
    pub fn normal(&mut self) -> f64 {
        let mut sum = 0u64;
        for _ in 0..3 {
            let bits = self.bits();
            sum += (bits & 0xffff) + ((bits >> 16) & 0xffff) + ((bits >> 32) & 0xffff) + (bits >> 48);
        }
        sum as f64 / 65536.0 - 6.0
    }

    /// A log-normal factor with median 1.
    pub fn log_normal(&mut self, sigma: f64) -> f64 {
        exp(sigma * self.normal())
    }

    /// A Poisson count.
    pub fn poisson(&mut self, mean: f64) -> u32 {
        if mean <= 0.0 {
            return 0;
        }
        if mean > 30.0 {
            return (mean + mean.sqrt() * self.normal() + 0.5).max(0.0) as u32;
        }
        let floor = exp(-mean);
        let mut product = self.unit();
        let mut count = 0;
        while product > floor {
            product *= self.unit();
            count += 1;
        }
        count
    }
}

/// e to the power of `x`, for |x| up to 40, to ten digits, in operations that IEEE 754 fixes to the bit.
pub(crate) fn exp(x: f64) -> f64 {
    let y = x / 1024.0;
    let mut power = 1.0 + y * (1.0 + y / 2.0 * (1.0 + y / 3.0 * (1.0 + y / 4.0 * (1.0 + y / 5.0 * (1.0 + y / 6.0)))));
    for _ in 0..10 {
        power *= power;
    }
    power
}

/// A one-to-one scrambling of 64 bits (the finaliser of SplitMix64).
pub(crate) fn mix(x: u64) -> u64 {
    let x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// Running totals of weights.
pub(crate) fn cumulate(weights: impl IntoIterator<Item = u64>) -> Vec<u64> {
    let mut total = 0;
    weights
        .into_iter()
        .map(|weight| {
            total += weight;
            total
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_streams_are_fixed_and_apart() {
        let first = |seed, topic, part, block| Draw::new(seed, topic, part, block).bits();
        assert_eq!(first(7, Topic::Pos, 1, 2), first(7, Topic::Pos, 1, 2));
        let all = [
            first(7, Topic::Pos, 1, 2),
            first(8, Topic::Pos, 1, 2),
            first(7, Topic::Tmall, 1, 2),
            first(7, Topic::Pos, 2, 2),
            first(7, Topic::Pos, 1, 3),
        ];
        let distinct: std::collections::BTreeSet<_> = all.iter().collect();
        assert_eq!(distinct.len(), all.len());
    }

    #[test]
    fn exp_is_near_the_real_one() {
        for tenths in -300..300 {
            let x = f64::from(tenths) / 10.0;
            assert!((exp(x) / x.exp() - 1.0).abs() < 1e-9, "{x}");
        }
    }

    #[test]
    fn poisson_and_normal_have_their_moments() {
        let mut draw = Draw::new(1, Topic::Dirt, 0, 0);
        for mean in [0.3, 4.0, 60.0] {
            let total: u64 = (0..20_000).map(|_| u64::from(draw.poisson(mean))).sum();
            assert!((total as f64 / 20_000.0 / mean - 1.0).abs() < 0.05, "{mean}");
        }
        let squares: f64 = (0..20_000).map(|_| draw.normal()).map(|x| x * x).sum();
        assert!((squares / 20_000.0 - 1.0).abs() < 0.05);
    }

    #[test]
    fn weights_are_respected() {
        let mut draw = Draw::new(1, Topic::Dirt, 0, 0);
        let table = cumulate([0, 3, 0, 1]);
        let mut counts = [0; 4];
        for _ in 0..4000 {
            counts[draw.weighted(&table)] += 1;
        }
        assert_eq!((counts[0], counts[2]), (0, 0));
        assert!((2800..3200).contains(&counts[1]), "{counts:?}");
    }
}
