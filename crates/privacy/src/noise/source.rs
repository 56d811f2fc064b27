//! Draws that follow from a key and from what they are for.

use super::laplace::DiscreteLaplace;
use crate::mac::MacKey;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use std::fmt;
use zeroize::Zeroizing;

/// The noise of one table, and the order in which a person's rows are chosen.
///
/// A draw's seed is HMAC-SHA-256(noise key, parts), each part behind its length, and its bits are those of ChaCha20
/// with that seed: to whoever lacks the key, draws for different parts are independent random numbers. The keys are
/// HKDF-SHA-256(master key, salt `lakewarden`, info `noise/<table>/v<key version>`) and the same with `/rows`.
pub struct NoiseSource {
    noise: MacKey,
    rows: MacKey,
}

impl NoiseSource {
    pub(crate) fn new(noise: &[u8; 32], rows: &[u8; 32]) -> Self {
        Self { noise: MacKey::new(noise), rows: MacKey::new(rows) }
    }

    /// Draws from a law for what these parts say: the same for the same parts and law, and independent for others.
    pub fn draw(&self, law: DiscreteLaplace, parts: &[&[u8]]) -> i128 {
        let (t, s) = law.scale();
        let (t, s) = (t.to_le_bytes(), s.to_le_bytes());
        let all: Vec<&[u8]> = [&t[..], &s[..]].into_iter().chain(parts.iter().copied()).collect();
        let seed = Zeroizing::new(self.noise.mac(&framed(&all)));
        law.sample(&mut ChaCha20Rng::from_seed(*seed))
    }

    /// The place of a row among a person's rows: a random number that follows from these parts.
    pub fn place(&self, parts: &[&[u8]]) -> u128 {
        self.rows.mac128(&framed(parts))
    }
}

impl fmt::Debug for NoiseSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NoiseSource(…)")
    }
}

/// Parts one after another, each behind its length: no two lists of parts look alike.
fn framed(parts: &[&[u8]]) -> Vec<u8> {
    let mut message = Vec::with_capacity(parts.iter().map(|p| p.len() + 8).sum());
    for part in parts {
        message.extend((part.len() as u64).to_le_bytes());
        message.extend_from_slice(part);
    }
    message
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::{KeyRing, MasterKey};
    use std::collections::BTreeSet;

    fn source(byte: u8, version: u32, table: &str) -> NoiseSource {
        KeyRing::new(MasterKey::from_bytes([byte; 32]), version).noise(table)
    }

    #[test]
    fn draws_differ_by_key_version_table_law_and_parts_and_by_nothing_else() {
        let law = DiscreteLaplace::new(1 << 100, 1).unwrap();
        let other = DiscreteLaplace::new((1 << 100) + 1, 1).unwrap();
        let own = source(1, 1, "sales");
        let draws = [
            own.draw(law, &[b"ab", b"c"]),
            own.draw(law, &[b"a", b"bc"]),
            own.draw(law, &[b"abc"]),
            own.draw(law, &[b"abc", b""]),
            own.draw(other, &[b"ab", b"c"]),
            source(2, 1, "sales").draw(law, &[b"ab", b"c"]),
            source(1, 2, "sales").draw(law, &[b"ab", b"c"]),
            source(1, 1, "sales_2").draw(law, &[b"ab", b"c"]),
        ];
        assert_eq!(draws.iter().collect::<BTreeSet<_>>().len(), draws.len());
        assert_eq!(own.draw(law, &[b"ab", b"c"]), draws[0]);
        assert_ne!(own.place(&[b"a"]), own.place(&[b"b"]));
        assert_eq!(format!("{own:?}"), "NoiseSource(…)");
    }

    /// Draws for values one after another are as independent as draws can be: their mean and the mean of products of
    /// neighbours are near 0.
    #[test]
    fn draws_for_neighbouring_values_do_not_know_of_each_other() {
        let law = DiscreteLaplace::new(1_000_000, 1).unwrap();
        let own = source(3, 1, "sales");
        let draws: Vec<f64> = (0i128..20_000).map(|v| own.draw(law, &[&v.to_le_bytes()]) as f64 / 1e6).collect();
        let n = draws.len() as f64;
        // Variance 2; of a product of two, 4.
        assert!((draws.iter().sum::<f64>() / n).abs() < 4.0 * (2.0 / n).sqrt());
        let products: f64 = draws.windows(2).map(|pair| pair[0] * pair[1]).sum();
        assert!((products / n).abs() < 4.0 * (4.0 / n).sqrt());
    }
}
