//! Values of 128 bits to others, one to one: who has not the key cannot tell which, nor try values out.

use aes::Aes256;
use aes::cipher::{Array, BlockCipherEncrypt, KeyInit};
use std::fmt;

/// A permutation of all values of 128 bits: one block of AES-256 (FIPS 197). It hides a value, not that two are equal.
#[derive(Clone)]
pub struct Blinding(Aes256);

impl Blinding {
    pub(crate) fn new(key: &[u8; 32]) -> Self {
        Self(Aes256::new(&Array::from(*key)))
    }

    /// The value that stands for this one.
    pub fn of(&self, value: u128) -> u128 {
        let mut block = Array::from(value.to_be_bytes());
        self.0.encrypt_block(&mut block);
        u128::from_be_bytes(block.into())
    }
}

impl fmt::Debug for Blinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Blinding(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// FIPS 197, appendix C.3.
    #[test]
    fn it_is_aes() {
        let blinding = Blinding::new(&std::array::from_fn(|i| i as u8));
        let value = 0x0011_2233_4455_6677_8899_aabb_ccdd_eeff;
        assert_eq!(blinding.of(value), 0x8ea2_b7ca_5167_45bf_eafc_4990_4b49_6089);
    }
}
