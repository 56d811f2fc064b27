//! Authenticated encryption of what must be kept as it came.

use crate::error::SealError;
use aes_gcm_siv::aead::inout::InOutBuf;
use aes_gcm_siv::{AeadCore, AeadInOut, Aes256GcmSiv, KeyInit, Nonce, Tag};
use std::fmt;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// Bytes that sealing adds.
const TAG: usize = 16;

/// Seals and opens with AES-256-GCM-SIV (RFC 8452).
///
/// A nonce that is used twice reveals only whether the two plaintexts were equal; use a fresh random one all the same.
/// The nonce is not part of what [`seal`](Sealer::seal) returns: store it beside.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Sealer {
    key: Box<[u8; 32]>,
}

impl Sealer {
    /// Copies the key.
    pub(crate) fn new(key: &[u8; 32]) -> Sealer {
        Sealer { key: Box::new(*key) }
    }

    /// Encrypts `plain` and binds it to `aad` (which is authenticated, not stored): 16 bytes more than `plain`.
    ///
    /// # Panics
    /// If `plain` or `aad` is longer than 64 GiB, the algorithm's limit.
    pub fn seal(&self, nonce: [u8; 12], aad: &[u8], plain: &[u8]) -> Vec<u8> {
        seal_with::<Aes256GcmSiv>(&*self.key, nonce, aad, plain)
    }

    /// Decrypts what [`seal`](Sealer::seal) returned for the same nonce and `aad`.
    ///
    /// # Errors
    /// [`SealError::TooShort`], and [`SealError::Refused`] if anything differs: key, nonce, `aad` or a bit of `sealed`.
    pub fn open(&self, nonce: [u8; 12], aad: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
        open_with::<Aes256GcmSiv>(&*self.key, nonce, aad, sealed)
    }
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealer(…)")
    }
}

/// Seals with any cipher of this family (the reference vectors have 128-bit keys as well).
pub(crate) fn seal_with<C>(key: &[u8], nonce: [u8; 12], aad: &[u8], plain: &[u8]) -> Vec<u8>
where
    C: KeyInit + AeadInOut + AeadCore<NonceSize = NonceSize, TagSize = TagSize>,
{
    let cipher = C::new_from_slice(key).expect("the key has the cipher's length");
    let mut sealed = Vec::with_capacity(plain.len() + TAG);
    sealed.extend_from_slice(plain);
    let tag = cipher
        .encrypt_inout_detached(&Nonce::from(nonce), aad, InOutBuf::from(sealed.as_mut_slice()))
        .expect("shorter than 64 GiB");
    sealed.extend_from_slice(&tag);
    sealed
}

/// Opens with any cipher of this family.
pub(crate) fn open_with<C>(
    key: &[u8],
    nonce: [u8; 12],
    aad: &[u8],
    sealed: &[u8],
) -> Result<Zeroizing<Vec<u8>>, SealError>
where
    C: KeyInit + AeadInOut + AeadCore<NonceSize = NonceSize, TagSize = TagSize>,
{
    let (text, tag) = sealed.split_last_chunk::<TAG>().ok_or(SealError::TooShort { found: sealed.len() })?;
    let cipher = C::new_from_slice(key).expect("the key has the cipher's length");
    let mut plain = Zeroizing::new(text.to_vec());
    cipher
        .decrypt_inout_detached(&Nonce::from(nonce), aad, InOutBuf::from(plain.as_mut_slice()), &Tag::from(*tag))
        .map_err(|_| SealError::Refused)?;
    Ok(plain)
}

type NonceSize = <Aes256GcmSiv as AeadCore>::NonceSize;
type TagSize = <Aes256GcmSiv as AeadCore>::TagSize;

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_sealed_opens_again(key: [u8; 32], nonce: [u8; 12], aad: Vec<u8>, plain: Vec<u8>) {
            let sealer = Sealer::new(&key);
            let sealed = sealer.seal(nonce, &aad, &plain);
            prop_assert_eq!(sealed.len(), plain.len() + TAG);
            prop_assert_eq!(&*sealer.open(nonce, &aad, &sealed).unwrap(), &plain);
        }

        #[test]
        fn any_change_is_refused(
            key: [u8; 32], nonce: [u8; 12], aad: Vec<u8>, plain: Vec<u8>,
            at: prop::sample::Index, bit in 0..8u8,
        ) {
            let flip = |bytes: &[u8]| {
                let mut bytes = bytes.to_vec();
                let at = at.index(bytes.len());
                bytes[at] ^= 1 << bit;
                bytes
            };
            let sealer = Sealer::new(&key);
            let sealed = sealer.seal(nonce, &aad, &plain);
            prop_assert_eq!(sealer.open(nonce, &aad, &flip(&sealed)).unwrap_err(), SealError::Refused);
            let other: [u8; 12] = flip(&nonce).try_into().unwrap();
            prop_assert_eq!(sealer.open(other, &aad, &sealed).unwrap_err(), SealError::Refused);
            let other: [u8; 32] = flip(&key).try_into().unwrap();
            prop_assert_eq!(Sealer::new(&other).open(nonce, &aad, &sealed).unwrap_err(), SealError::Refused);
            let longer = [aad.as_slice(), &[0]].concat();
            prop_assert_eq!(sealer.open(nonce, &longer, &sealed).unwrap_err(), SealError::Refused);
            let cut = &sealed[..sealed.len() - 1];
            prop_assert!(sealer.open(nonce, &aad, cut).is_err());
        }
    }

    #[test]
    fn less_than_a_tag_is_told_apart() {
        let sealer = Sealer::new(&[3; 32]);
        assert_eq!(sealer.open([0; 12], b"", &[0; 15]).unwrap_err(), SealError::TooShort { found: 15 });
        assert_eq!(sealer.open([0; 12], b"", &[0; 16]).unwrap_err(), SealError::Refused);
    }
}
