//! Wycheproof's vectors: every valid one passes, every invalid one is refused.
//!
//! They lie outside the repository, under `$LAKEWARDEN_REFERENCE_DATA/crypto`, so the tests are ignored unless asked
//! for (`--include-ignored`), and then fail if the folder is missing.

#![allow(clippy::unwrap_used)]

use crate::derive::hkdf_sha256;
use crate::mac::{Engine, MacKey};
use crate::seal::{open_with, seal_with};
use aes_gcm_siv::{Aes128GcmSiv, Aes256GcmSiv};
use serde_json::Value;
use std::path::PathBuf;
use subtle::ConstantTimeEq;

/// Runs all tests of a file; returns how many were valid and how many invalid.
fn run(file: &str, algorithm: &str, check: impl Fn(&Value, &Value) -> bool) -> (usize, usize) {
    let root = std::env::var("LAKEWARDEN_REFERENCE_DATA").expect("LAKEWARDEN_REFERENCE_DATA names the reference data");
    let path = PathBuf::from(root).join("crypto").join(file);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let vectors: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(vectors["algorithm"], algorithm);
    let (mut valid, mut invalid) = (0, 0);
    for group in vectors["testGroups"].as_array().unwrap() {
        for test in group["tests"].as_array().unwrap() {
            let expected = match test["result"].as_str().unwrap() {
                "valid" => true,
                "invalid" => false,
                other => panic!("{other} is neither valid nor invalid"),
            };
            *(if expected { &mut valid } else { &mut invalid }) += 1;
            assert_eq!(check(group, test), expected, "{file} test {}", test["tcId"]);
        }
    }
    assert_eq!(vectors["numberOfTests"], valid + invalid, "all vectors ran");
    (valid, invalid)
}

fn hex(value: &Value) -> Vec<u8> {
    let text = value.as_str().unwrap();
    (0..text.len()).step_by(2).map(|i| u8::from_str_radix(&text[i..i + 2], 16).unwrap()).collect()
}

#[test]
#[ignore = "needs LAKEWARDEN_REFERENCE_DATA"]
fn hmac_sha_256() {
    let (valid, invalid) = run("hmac_sha256_test.json", "HMACSHA256", |group, test| {
        let key = MacKey::new(&hex(&test["key"]));
        let (message, tag) = (hex(&test["msg"]), hex(&test["tag"]));
        assert_eq!(tag.len() as u64 * 8, group["tagSize"].as_u64().unwrap());
        let passes: bool = key.mac(&message)[..tag.len()].ct_eq(&tag).into();
        // The token's 128 bits decide alike, on every engine, where the fault is within them.
        for engine in Engine::all() {
            key.mac128_each(engine, std::iter::once((0, message.as_slice())), |_, bits| {
                assert_eq!(bits.to_be_bytes(), key.mac(&message)[..16]);
                assert!(!passes || bits.to_be_bytes() == tag[..16]);
            });
        }
        passes
    });
    assert!(valid > 0 && invalid > 0, "{valid} valid, {invalid} invalid");
}

#[test]
#[ignore = "needs LAKEWARDEN_REFERENCE_DATA"]
fn hkdf_sha_256() {
    let (valid, invalid) = run("hkdf_sha256_test.json", "HKDF-SHA-256", |_, test| {
        let mut out = vec![0; test["size"].as_u64().unwrap() as usize];
        let (input, salt, info) = (hex(&test["ikm"]), hex(&test["salt"]), hex(&test["info"]));
        hkdf_sha256(&input, &salt, &info, &mut out).is_ok() && out == hex(&test["okm"])
    });
    assert!(valid > 0 && invalid > 0, "{valid} valid, {invalid} invalid");
}

#[test]
#[ignore = "needs LAKEWARDEN_REFERENCE_DATA"]
fn aes_gcm_siv() {
    let (valid, invalid) = run("aes_gcm_siv_test.json", "AES-GCM-SIV", |_, test| {
        let (key, aad, plain) = (hex(&test["key"]), hex(&test["aad"]), hex(&test["msg"]));
        let nonce = hex(&test["iv"]).try_into().unwrap();
        let sealed = [hex(&test["ct"]), hex(&test["tag"])].concat();
        let (again, opened) = match key.len() {
            16 => (
                seal_with::<Aes128GcmSiv>(&key, nonce, &aad, &plain),
                open_with::<Aes128GcmSiv>(&key, nonce, &aad, &sealed),
            ),
            _ => (
                seal_with::<Aes256GcmSiv>(&key, nonce, &aad, &plain),
                open_with::<Aes256GcmSiv>(&key, nonce, &aad, &sealed),
            ),
        };
        // A vector passes if it opens to the message, and sealing the message gives the vector.
        match opened {
            Ok(opened) => *opened == plain && again == sealed,
            Err(_) => {
                assert_ne!(again, sealed);
                false
            }
        }
    });
    assert!(valid > 0 && invalid > 0, "{valid} valid, {invalid} invalid");
}
