//! HKDF-SHA-256 (RFC 5869).

use hkdf::{Hkdf, InvalidLength};
use sha2::Sha256;
use zeroize::Zeroizing;

/// Derives `out.len()` bytes, at most 255 × 32.
pub(crate) fn hkdf_sha256(input: &[u8], salt: &[u8], info: &[u8], out: &mut [u8]) -> Result<(), InvalidLength> {
    Hkdf::<Sha256>::new(Some(salt), input).expand(info, out)
}

/// Derives one 32-byte key.
pub(crate) fn subkey(input: &[u8], salt: &[u8], info: &[u8]) -> Zeroizing<[u8; 32]> {
    let mut key = Zeroizing::new([0; 32]);
    hkdf_sha256(input, salt, info, &mut *key).expect("one block is fewer than 255");
    key
}
