//! The discrete Laplace law (two-sided geometric).

use super::exact::{below, exp_minus};
use rand_chacha::rand_core::Rng;

/// The law on whole numbers with P(x) proportional to exp(−|x|·s/t). Of a figure that one person changes by at most Δ,
/// noise of this law with t/s = Δ/ε is ε-differentially private (Ghosh, Roughgarden and Sundararajan 2009).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct DiscreteLaplace {
    t: u128,
    s: u128,
}

impl DiscreteLaplace {
    /// The law of scale t/s; `None` if one of them is 0.
    pub fn new(t: u128, s: u128) -> Option<Self> {
        let divisor = gcd(t, s);
        (t != 0 && s != 0).then(|| Self { t: t / divisor, s: s / divisor })
    }

    /// The scale: the numerator and the denominator, without a common divisor.
    pub fn scale(&self) -> (u128, u128) {
        (self.t, self.s)
    }

    /// Draws a number (Canonne, Kamath and Steinke 2020, algorithm 2). Exact but for what would lie beyond 2¹²⁶, which
    /// is taken for that. It takes longer for some numbers than for others.
    pub fn sample(&self, bits: &mut impl Rng) -> i128 {
        loop {
            // Geometric with ratio exp(−1/t): the rest modulo t first, then how many times t.
            let rest = below(self.t, bits);
            if !exp_minus(rest, self.t, bits) {
                continue;
            }
            let mut times = 0u128;
            while exp_minus(1, 1, bits) {
                times += 1;
            }
            let magnitude = rest.saturating_add(self.t.saturating_mul(times)) / self.s;
            let negative = below(2, bits) == 1;
            if negative && magnitude == 0 {
                continue; // 0 has one sign
            }
            let magnitude = i128::try_from(magnitude).unwrap_or(i128::MAX).min(1 << 126);
            return if negative { -magnitude } else { magnitude };
        }
    }
}

fn gcd(a: u128, b: u128) -> u128 {
    if b == 0 { a.max(1) } else { gcd(b, a % b) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use rand_chacha::ChaCha8Rng;
    use rand_chacha::rand_core::SeedableRng;
    use std::collections::BTreeMap;

    const DRAWS: u32 = 40_000;

    /// χ² of draws against a law, and its degrees of freedom; cells that expect fewer than 8 are put together.
    fn chi_square(draws: &BTreeMap<i128, u32>, scale: f64) -> (f64, f64) {
        let q = (-1.0 / scale).exp();
        let expected = |x: i128| f64::from(DRAWS) * (1.0 - q) / (1.0 + q) * q.powf(x.unsigned_abs() as f64);
        let (mut chi, mut cells) = (0.0, 0.0);
        let (mut rest_found, mut rest_expected) = (f64::from(DRAWS), f64::from(DRAWS));
        let mut x = 0i128;
        while expected(x) >= 8.0 {
            for x in if x == 0 { vec![0] } else { vec![x, -x] } {
                let found = f64::from(draws.get(&x).copied().unwrap_or(0));
                chi += (found - expected(x)).powi(2) / expected(x);
                cells += 1.0;
                rest_found -= found;
                rest_expected -= expected(x);
            }
            x += 1;
        }
        if rest_expected >= 1.0 {
            chi += (rest_found - rest_expected).powi(2) / rest_expected;
            cells += 1.0;
        }
        (chi, cells - 1.0)
    }

    fn drawn(law: DiscreteLaplace, seed: u64) -> BTreeMap<i128, u32> {
        let mut bits = ChaCha8Rng::seed_from_u64(seed);
        let mut draws = BTreeMap::new();
        for _ in 0..DRAWS {
            *draws.entry(law.sample(&mut bits)).or_default() += 1;
        }
        draws
    }

    #[test]
    fn draws_are_of_the_law_and_of_no_other() {
        for (t, s) in [(1, 1), (3, 1), (7, 2), (1, 3), (20, 3), (5_000_000, 1_000_000)] {
            let law = DiscreteLaplace::new(t, s).unwrap();
            let scale = t as f64 / s as f64;
            let draws = drawn(law, 7);
            // A χ² of n degrees of freedom is above n + 4√(2n) + 4 less than once in two thousand.
            let (chi, n) = chi_square(&draws, scale);
            assert!(chi < n + 4.0 * (2.0 * n).sqrt() + 4.0, "{t}/{s}: χ² {chi} of {n}");
            let (chi, n) = chi_square(&draws, scale * 1.1);
            assert!(chi > n + 4.0 * (2.0 * n).sqrt() + 4.0, "{t}/{s} passes for a tenth more: χ² {chi} of {n}");
        }
    }

    /// Var = 2q/(1−q)², q = exp(−s/t); a draw's fourth moment is about six times its variance squared.
    #[test]
    fn large_scales_have_their_variance() {
        let law = DiscreteLaplace::new(12_345_678_901_234_567_890, 7).unwrap();
        let scale = 12_345_678_901_234_567_890.0 / 7.0;
        let mut bits = ChaCha8Rng::seed_from_u64(9);
        let squares: f64 = (0..DRAWS).map(|_| (law.sample(&mut bits) as f64 / scale).powi(2)).sum();
        let variance = squares / f64::from(DRAWS);
        assert!((variance - 2.0).abs() < 4.0 * (20.0 / f64::from(DRAWS)).sqrt(), "{variance}");
    }

    #[test]
    fn without_scale_there_is_no_law_and_with_little_no_noise() {
        assert_eq!((DiscreteLaplace::new(0, 1), DiscreteLaplace::new(1, 0)), (None, None));
        assert_eq!(DiscreteLaplace::new(6, 4).unwrap().scale(), (3, 2));
        let mut bits = ChaCha8Rng::seed_from_u64(1);
        let law = DiscreteLaplace::new(1, 1000).unwrap();
        assert!((0..1000).all(|_| law.sample(&mut bits) == 0));
    }
}
