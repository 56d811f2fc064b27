//! Arrow kernels of privacy: normalise, pseudonymise, mask, generalise, redact, seal; keys and their derivation.
//!
//! The way of a direct identifier: [`normalise`] brings its spellings to one, [`Tokeniser::tokenise`] replaces it by a
//! keyed pseudonym, and only that is stored. [`treat`] makes quasi-identifiers coarser, [`redact`] takes identifiers out
//! of free text, and a [`Sealer`] encrypts what must be kept as it came (quarantined rows).
//!
//! A token is `k<key version>_` and 22 characters of unpadded base64url: the first 128 bits of
//! HMAC-SHA-256(domain key, normalised value), where
//! domain key = HKDF-SHA-256(master key, salt `lakewarden`, info `token/<domain>/v<key version>`), 32 bytes.
//! Tokens are pseudonyms: whoever holds the key can make them again. They are not anonymous.
//!
//! [`noise`] draws what differential privacy adds to figures about many people.
//!
//! Nothing here reads a file, a clock, an environment variable or a random number, and no error, `Debug` or panic
//! message quotes a key or a cell.

#![deny(missing_docs)]

pub mod absent;
pub mod anonymity;
mod blind;
mod derive;
mod error;
mod keys;
mod lanes;
mod mac;
pub mod noise;
pub mod normalise;
pub mod redact;
mod rewrite;
mod seal;
mod token;
pub mod treat;

#[cfg(test)]
mod reference_vectors;

pub use blind::Blinding;
pub use error::{KeyError, SealError};
pub use keys::{KeyRing, MasterKey};
pub use seal::Sealer;
pub use token::{Tokeniser, token_bits, token_text};
