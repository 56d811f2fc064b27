//! The master key, and the keys derived from it.

use crate::blind::Blinding;
use crate::derive::subkey;
use crate::error::KeyError;
use crate::noise::NoiseSource;
use crate::seal::Sealer;
use crate::token::Tokeniser;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::fmt;
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, Zeroizing};

/// The salt of every derivation.
const SALT: &[u8] = b"lakewarden";

/// Longest text that is decoded as a key; longer ones are cut, and refused for their length.
const LONGEST: usize = 88;

/// The secret that all keys are derived from: 32 bytes.
///
/// It has no `Display`, its `Debug` shows nothing, it is compared in constant time and overwritten when dropped.
/// It lives on the heap, so that moving it leaves no copy behind.
pub struct MasterKey(Box<Zeroizing<[u8; 32]>>);

impl MasterKey {
    /// Takes 32 bytes from a cryptographic random source.
    pub fn from_bytes(mut bytes: [u8; 32]) -> MasterKey {
        let mut key = Box::new(Zeroizing::new([0; 32]));
        key.copy_from_slice(&bytes);
        bytes.zeroize();
        MasterKey(key)
    }

    /// Reads the standard base64 of 32 bytes; white space around it is ignored.
    ///
    /// # Errors
    /// [`KeyError::NotBase64`], or [`KeyError::WrongLength`] if it encodes more or fewer bytes.
    pub fn from_base64(text: &str) -> Result<MasterKey, KeyError> {
        let text = text.trim().as_bytes();
        let text = &text[..text.len().min(LONGEST)];
        let mut bytes = Zeroizing::new([0; LONGEST / 4 * 3]);
        let found = STANDARD.decode_slice(text, &mut *bytes).map_err(|_| KeyError::NotBase64)?;
        if found != 32 {
            return Err(KeyError::WrongLength { found: found.min(64) });
        }
        let mut key = Box::new(Zeroizing::new([0; 32]));
        key.copy_from_slice(&bytes[..32]);
        Ok(MasterKey(key))
    }

    /// Writes it as standard base64, 44 characters: for the key file, and nowhere else.
    pub fn to_base64(&self) -> Zeroizing<String> {
        Zeroizing::new(STANDARD.encode(self.0.as_slice()))
    }
}

impl PartialEq for MasterKey {
    fn eq(&self, other: &MasterKey) -> bool {
        self.0.as_slice().ct_eq(other.0.as_slice()).into()
    }
}

impl Eq for MasterKey {}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKey(…)")
    }
}

/// The keys of one master key and version: one for each identifier domain, one for customer ids, one for each seal, one
/// for each blinding and two for each table's noise.
///
/// A later version gives other keys from the same master key. What was made carries its version (see [`Tokeniser`]).
pub struct KeyRing {
    master: MasterKey,
    version: u32,
}

impl KeyRing {
    /// Makes the ring of this version.
    pub fn new(master: MasterKey, version: u32) -> KeyRing {
        KeyRing { master, version }
    }

    /// The key version that tokens made with this ring carry.
    pub fn version(&self) -> u32 {
        self.version
    }

    /// The tokeniser of an identifier domain (`phone`, `unionid`, …): equal values in one domain have equal tokens,
    /// and tokens of different domains cannot be matched.
    pub fn tokeniser(&self, domain: &str) -> Tokeniser {
        let info = format!("token/{domain}/v{}", self.version);
        Tokeniser::new('k', self.version, &self.subkey(&info), &self.subkey(&format!("{info}/rows")))
    }

    /// The tokeniser that makes customer ids: tokens with the prefix `c`.
    pub fn customer_ids(&self) -> Tokeniser {
        let info = format!("customer/v{}", self.version);
        Tokeniser::new('c', self.version, &self.subkey(&info), &self.subkey(&format!("{info}/rows")))
    }

    /// The sealer for one use (`quarantine`, …).
    pub fn sealer(&self, name: &str) -> Sealer {
        Sealer::new(&self.subkey(&format!("seal/{name}/v{}", self.version)))
    }

    /// The sealer for one use, of another version of this master key: for what was sealed before the version was raised.
    pub fn sealer_of(&self, name: &str, version: u32) -> Sealer {
        Sealer::new(&self.subkey(&format!("seal/{name}/v{version}")))
    }

    /// What hides values in one use, as long as a seed of its own is given for it: what two seeds hide cannot be matched.
    pub fn blinding(&self, name: &str, seed: u64) -> Blinding {
        Blinding::new(&self.subkey(&format!("blind/{name}/{seed:016x}/v{}", self.version)))
    }

    /// The noise of a table.
    pub fn noise(&self, table: &str) -> NoiseSource {
        let info = format!("noise/{table}/v{}", self.version);
        NoiseSource::new(&self.subkey(&info), &self.subkey(&format!("{info}/rows")))
    }

    /// Eight hexadecimal digits that tell master keys apart without saying anything of them; safe to log.
    pub fn fingerprint(&self) -> String {
        let key = self.subkey("fingerprint");
        key[..4].iter().map(|b| format!("{b:02x}")).collect()
    }

    fn subkey(&self, info: &str) -> Zeroizing<[u8; 32]> {
        subkey(self.master.0.as_slice(), SALT, info.as_bytes())
    }
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyRing").field("version", &self.version).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use arrow::array::StringArray;

    fn ring(byte: u8, version: u32) -> KeyRing {
        KeyRing::new(MasterKey::from_bytes([byte; 32]), version)
    }

    #[test]
    fn base64_comes_back_and_other_lengths_are_refused() {
        let key = MasterKey::from_bytes(std::array::from_fn(|i| i as u8));
        let text = key.to_base64();
        assert_eq!(text.len(), 44);
        assert_eq!(MasterKey::from_base64(&format!("  {}\n", *text)).unwrap(), key);
        assert_ne!(MasterKey::from_bytes([0; 32]), key);
        for (bytes, found) in [(0, 0), (16, 16), (31, 31), (33, 33), (64, 64), (66, 64), (600, 64)] {
            let refused = MasterKey::from_base64(&STANDARD.encode(vec![7; bytes]));
            assert_eq!(refused.unwrap_err(), KeyError::WrongLength { found }, "{bytes} bytes");
        }
        for text in ["not a key", "\u{4f60}\u{597d}", "AAAA=AAA"] {
            assert_eq!(MasterKey::from_base64(text).unwrap_err(), KeyError::NotBase64);
        }
    }

    #[test]
    fn the_derivation_is_the_documented_one() {
        let key = subkey(&[9; 32], b"lakewarden", b"token/phone/v3");
        let expected = crate::mac::MacKey::new(&*key).mac(b"+8613187013211");
        let bits = u128::from_be_bytes(expected[..16].try_into().unwrap());
        assert_eq!(ring(9, 3).tokeniser("phone").token_of("+8613187013211"), crate::token_text('k', 3, bits));
    }

    #[test]
    fn what_an_earlier_version_sealed_opens_with_a_later_ring() {
        let sealed = ring(9, 1).sealer("quarantine").seal([1; 12], b"here", b"what");
        let later = ring(9, 2);
        assert_eq!(&*later.sealer_of("quarantine", 1).open([1; 12], b"here", &sealed).unwrap(), b"what");
        assert!(later.sealer("quarantine").open([1; 12], b"here", &sealed).is_err());
        assert!(ring(8, 2).sealer_of("quarantine", 1).open([1; 12], b"here", &sealed).is_err());
    }

    #[test]
    fn domains_versions_purposes_and_masters_are_apart() {
        let value = StringArray::from(vec!["+8613187013211"]);
        let mut bits = vec![];
        for ring in [ring(1, 1), ring(1, 2), ring(2, 1)] {
            for tokeniser in [ring.tokeniser("phone"), ring.tokeniser("email"), ring.customer_ids()] {
                bits.push(crate::token_bits(tokeniser.tokenise(&value).value(0)).unwrap());
            }
        }
        bits.sort_unstable();
        bits.dedup();
        assert_eq!(bits.len(), 9);
        assert_ne!(ring(1, 1).fingerprint(), ring(2, 1).fingerprint());
        assert_eq!(ring(1, 1).fingerprint().len(), 8);
    }

    #[test]
    fn blindings_are_apart() {
        let blindings = [
            ring(1, 1).blinding("keys", 1),
            ring(1, 1).blinding("keys", 2),
            ring(1, 1).blinding("other", 1),
            ring(1, 2).blinding("keys", 1),
            ring(2, 1).blinding("keys", 1),
        ];
        let hidden: std::collections::BTreeSet<u128> = blindings.iter().map(|blinding| blinding.of(7)).collect();
        assert_eq!(hidden.len(), 5);
        assert_eq!(ring(1, 1).blinding("keys", 1).of(7), blindings[0].of(7));
    }

    /// Every secret type, printed both ways, holds neither the key's bytes (as `Debug` of an array, hexadecimal or
    /// base64) nor any digit but the version.
    #[test]
    fn debug_shows_no_secret() {
        let ring = ring(0xA7, 1);
        let key = crate::mac::MacKey::new(&[0xA7; 32]);
        let printed = [
            format!("{:?} {:#?}", MasterKey::from_bytes([0xA7; 32]), MasterKey::from_bytes([0xA7; 32])),
            format!("{ring:?} {ring:#?}"),
            format!("{:?} {:#?}", ring.tokeniser("phone"), ring.tokeniser("phone")),
            format!("{:?} {:#?}", ring.customer_ids(), ring.customer_ids()),
            format!("{:?} {:#?}", ring.sealer("quarantine"), ring.sealer("quarantine")),
            format!("{:?} {:#?}", ring.blinding("keys", 0), ring.blinding("keys", 0)),
            format!("{key:?} {key:#?}"),
        ];
        for text in printed {
            let digits: String = text.chars().filter(char::is_ascii_digit).collect();
            assert!(digits.is_empty() || digits == "11", "{text}");
            for secret in ["a7", "A7", "167", "p6en"] {
                assert!(!text.contains(secret), "{text}");
            }
        }
        assert_eq!(format!("{:?}", MasterKey::from_bytes([0xA7; 32])), "MasterKey(…)");
    }
}
