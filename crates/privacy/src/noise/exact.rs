//! Random choices whose probabilities are exact: rational, or e to a rational power.

use rand_chacha::rand_core::Rng;

/// A whole number below `n`, which is not 0, each with the same probability.
pub(super) fn below(n: u128, bits: &mut impl Rng) -> u128 {
    if n <= 1 {
        return 0;
    }
    let mask = u128::MAX >> (n - 1).leading_zeros();
    loop {
        let high = if mask > u128::from(u64::MAX) { u128::from(bits.next_u64()) << 64 } else { 0 };
        let drawn = (high | u128::from(bits.next_u64())) & mask;
        if drawn < n {
            return drawn;
        }
    }
}

/// Whether an event of probability exp(−a/b) happens, 0 ≤ a ≤ b, b not 0 (Canonne, Kamath and Steinke 2020,
/// algorithm 1): the first k at which an event of probability (a/b)/k does not happen is odd so often.
pub(super) fn exp_minus(a: u128, b: u128, bits: &mut impl Rng) -> bool {
    let mut k = 1;
    while below(b, bits) < a && below(k, bits) == 0 {
        k += 1;
    }
    k % 2 == 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_chacha::ChaCha8Rng;
    use rand_chacha::rand_core::SeedableRng;

    #[test]
    fn numbers_below_are_even() {
        let mut bits = ChaCha8Rng::seed_from_u64(3);
        let mut counts = [0u32; 6];
        for _ in 0..60_000 {
            counts[below(6, &mut bits) as usize] += 1;
        }
        // χ² of 5 degrees of freedom: above 20.5 once in a thousand.
        let chi: f64 = counts.iter().map(|n| (f64::from(*n) - 10_000.0).powi(2) / 10_000.0).sum();
        assert!(chi < 20.5, "{chi} {counts:?}");
        let large = u128::MAX / 3;
        assert!((0..100).all(|_| below(large, &mut bits) < large));
        assert!((0..100).any(|_| below(large, &mut bits) > u128::from(u64::MAX)));
    }

    #[test]
    fn events_are_as_likely_as_e_to_the_power() {
        let mut bits = ChaCha8Rng::seed_from_u64(4);
        for (a, b) in [(0, 1), (1, 7), (1, 2), (6, 7), (1, 1), (u128::MAX / 5, u128::MAX / 4)] {
            let p = (-(a as f64) / b as f64).exp();
            let draws = 40_000;
            let found = (0..draws).filter(|_| exp_minus(a, b, &mut bits)).count() as f64;
            let deviation = (f64::from(draws) * p * (1.0 - p)).sqrt();
            assert!((found - f64::from(draws) * p).abs() <= 4.0 * deviation, "{a}/{b}: {found}");
        }
    }
}
