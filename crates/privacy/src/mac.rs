//! HMAC-SHA-256 (RFC 2104) with the key's share of the work done once.

#[cfg(target_arch = "x86_64")]
use crate::lanes::{Avx2, Avx512};
use crate::lanes::{Block, Kernel, Lanes};
use sha2::block_api::compress256;
use sha2::{Digest, Sha256};
use std::fmt;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// The longest message that fits into one block with its padding, in bytes.
const ONE_BLOCK: usize = 55;

/// Where SHA-256 starts (FIPS 180-4 § 5.3.3).
const START: [u32; 8] =
    [0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19];

/// A key of HMAC-SHA-256, as the states of the inner and outer hash after their key blocks: from here, the HMAC of a
/// message of at most 55 bytes is two compressions.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub(crate) struct MacKey {
    inner: [u32; 8],
    outer: [u32; 8],
}

impl MacKey {
    /// Takes a key of any length.
    pub(crate) fn new(key: &[u8]) -> MacKey {
        let mut block = Zeroizing::new([0; 64]);
        if key.len() > 64 {
            block[..32].copy_from_slice(&Sha256::digest(key));
        } else {
            block[..key.len()].copy_from_slice(key);
        }
        let after = |pad: u8| {
            let mut state = START;
            compress256(&mut state, &[*Zeroizing::new(block.map(|b| b ^ pad))]);
            state
        };
        MacKey { inner: after(0x36), outer: after(0x5c) }
    }

    /// The HMAC of one message of any length.
    pub(crate) fn mac(&self, message: &[u8]) -> [u8; 32] {
        let digest = bytes(finish(self.inner, message));
        bytes(finish(self.outer, &digest))
    }

    /// The first 128 bits of the HMAC of one message.
    pub(crate) fn mac128(&self, message: &[u8]) -> u128 {
        u128::from_be_bytes(*self.mac(message).first_chunk().expect("16 of 32 bytes"))
    }

    /// Hands over the first 128 bits of the HMAC of each message, with the number that came with it, in some order.
    pub(crate) fn mac128_each<'a>(
        &self,
        engine: Engine,
        messages: impl Iterator<Item = (usize, &'a [u8])>,
        mut out: impl FnMut(usize, u128),
    ) {
        match engine {
            #[cfg(target_arch = "x86_64")]
            Engine::Avx512(kernel) => self.in_lanes(kernel, messages, out),
            #[cfg(target_arch = "x86_64")]
            Engine::Avx2(kernel) => self.in_lanes(kernel, messages, out),
            Engine::One => messages.for_each(|(id, message)| out(id, self.mac128(message))),
        }
    }

    fn in_lanes<'a, const L: usize>(
        &self,
        kernel: impl Kernel<L>,
        messages: impl Iterator<Item = (usize, &'a [u8])>,
        mut out: impl FnMut(usize, u128),
    ) {
        let mut block: Block<L> = [Lanes::all(0); 16];
        let mut ids = [0; L];
        let mut filled = 0;
        let mut flush = |block: &mut Block<L>, ids: &[usize]| {
            let state = kernel.hmac(&self.inner, &self.outer, block);
            for (lane, &id) in ids.iter().enumerate() {
                out(id, join([state[0].0[lane], state[1].0[lane], state[2].0[lane], state[3].0[lane]]));
            }
            *block = [Lanes::all(0); 16];
        };
        let mut long = vec![];
        for (id, message) in messages {
            if message.len() > ONE_BLOCK {
                long.push((id, message));
                continue;
            }
            put(&mut block, filled, message);
            ids[filled] = id;
            filled += 1;
            if filled == L {
                flush(&mut block, &ids);
                filled = 0;
            }
        }
        if filled > 0 {
            flush(&mut block, &ids[..filled]);
        }
        for (id, message) in long {
            out(id, self.mac128(message));
        }
    }
}

impl fmt::Debug for MacKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MacKey(…)")
    }
}

/// How many messages this machine hashes at a time.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Engine {
    /// Sixteen.
    #[cfg(target_arch = "x86_64")]
    Avx512(Avx512),
    /// Eight.
    #[cfg(target_arch = "x86_64")]
    Avx2(Avx2),
    /// One, as `sha2` does it: with SHA-NI or ARMv8's instructions where there are some.
    One,
}

impl Engine {
    /// Chooses the fastest, as `examples/tokens.rs` measures them.
    pub(crate) fn detect() -> Engine {
        #[cfg(target_arch = "x86_64")]
        {
            if let Some(kernel) = Avx512::detect() {
                return Engine::Avx512(kernel);
            }
            // Ahead of SHA-NI by a little, and far ahead where there is none.
            if let Some(kernel) = Avx2::detect() {
                return Engine::Avx2(kernel);
            }
        }
        Engine::One
    }

    /// All that this machine can do.
    #[cfg(any(test, feature = "bench"))]
    pub(crate) fn all() -> Vec<Engine> {
        let mut all = vec![Engine::One];
        #[cfg(target_arch = "x86_64")]
        {
            all.extend(Avx2::detect().map(Engine::Avx2));
            all.extend(Avx512::detect().map(Engine::Avx512));
        }
        all
    }
}

/// Pads a message of at most 55 bytes that follows one key block, and puts it into a lane of a zeroed block.
#[inline(always)]
fn put<const L: usize>(block: &mut Block<L>, lane: usize, message: &[u8]) {
    let mut padded = [0; 64];
    padded[..message.len()].copy_from_slice(message);
    padded[message.len()] = 0x80;
    for (word, bytes) in block.iter_mut().zip(padded.as_chunks::<4>().0).take(message.len() / 4 + 1) {
        word.0[lane] = u32::from_be_bytes(*bytes);
    }
    block[15].0[lane] = (64 + message.len() as u32) * 8;
}

/// Ends a hash whose state has taken in one key block.
fn finish(mut state: [u32; 8], message: &[u8]) -> [u32; 8] {
    let (blocks, rest) = message.as_chunks::<64>();
    compress256(&mut state, blocks);
    let mut end = [[0; 64]; 2];
    end[0][..rest.len()].copy_from_slice(rest);
    end[0][rest.len()] = 0x80;
    let last = usize::from(rest.len() > ONE_BLOCK);
    end[last][56..].copy_from_slice(&((64 + message.len() as u64) * 8).to_be_bytes());
    compress256(&mut state, &end[..=last]);
    state
}

fn bytes(state: [u32; 8]) -> [u8; 32] {
    let mut out = [0; 32];
    for (bytes, word) in out.as_chunks_mut::<4>().0.iter_mut().zip(state) {
        *bytes = word.to_be_bytes();
    }
    out
}

fn join(words: [u32; 4]) -> u128 {
    words.into_iter().fold(0, |bits, word| bits << 32 | u128::from(word))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::lanes::Plain;
    use hmac::{Hmac, KeyInit, Mac};
    use proptest::prelude::*;

    fn reference(key: &[u8], message: &[u8]) -> [u8; 32] {
        Hmac::<Sha256>::new_from_slice(key).unwrap().chain_update(message).finalize().into_bytes().into()
    }

    fn reference128(key: &[u8], message: &[u8]) -> u128 {
        u128::from_be_bytes(reference(key, message)[..16].try_into().unwrap())
    }

    type Out<'a> = &'a mut dyn FnMut(usize, u128);

    /// Runs every engine of this machine, and the lane code without processor features.
    fn each_way(key: &MacKey, messages: &[&[u8]]) -> Vec<Vec<u128>> {
        let numbered = || messages.iter().copied().enumerate();
        let collect = |run: &dyn Fn(Out)| {
            let mut out = vec![None; messages.len()];
            run(&mut |id, bits| assert!(out[id].replace(bits).is_none(), "message {id} hashed twice"));
            out.into_iter().map(|bits| bits.expect("hashed")).collect::<Vec<_>>()
        };
        let mut all: Vec<_> =
            Engine::all().into_iter().map(|e| collect(&|out| key.mac128_each(e, numbered(), out))).collect();
        all.push(collect(&|out| key.in_lanes::<1>(Plain, numbered(), out)));
        all.push(collect(&|out| key.in_lanes::<5>(Plain, numbered(), out)));
        all
    }

    /// RFC 4231, test cases 1 to 7 (key, message, HMAC-SHA-256; case 5 is truncated to 128 bits).
    #[test]
    fn rfc_4231() {
        let count: Vec<u8> = (1..=25).collect();
        let long = [0xaa; 131];
        let cases: [(&[u8], &[u8], &str); 7] = [
            (&[0x0b; 20], b"Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
            (
                b"Jefe",
                b"what do ya want for nothing?",
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
            ),
            (&[0xaa; 20], &[0xdd; 50], "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"),
            (&count, &[0xcd; 50], "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"),
            (&[0x0c; 20], b"Test With Truncation", "a3b6167473100ee06e0c796c2955552b"),
            (
                &long,
                b"Test Using Larger Than Block-Size Key - Hash Key First",
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
            ),
            (
                &long,
                b"This is a test using a larger than block-size key and a larger than block-size data. \
                  The key needs to be hashed before being used by the HMAC algorithm.",
                "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2",
            ),
        ];
        for (number, (key, message, expected)) in (1..).zip(cases) {
            let key = MacKey::new(key);
            let hex: String = key.mac(message).iter().map(|b| format!("{b:02x}")).collect();
            assert!(hex.starts_with(expected), "case {number}");
            let bits = u128::from_str_radix(&expected[..32], 16).unwrap();
            for way in each_way(&key, &[message]) {
                assert_eq!(way, [bits], "case {number}");
            }
        }
    }

    #[test]
    fn every_length_in_every_lane() {
        let key = [0x5a; 32];
        let mac = MacKey::new(&key);
        let text: Vec<u8> = (0..=255).collect();
        for length in 0..=200 {
            assert_eq!(mac.mac(&text[..length]), reference(&key, &text[..length]), "{length} bytes");
        }
        // Batches of every size up to more than two full ones, starting at every length, so that each lane sees each.
        for first in 0..=200 {
            let messages: Vec<_> = (0..37).map(|i| &text[..(first + i) % 201]).collect();
            let expected: Vec<_> = messages.iter().map(|m| reference128(&key, m)).collect();
            for way in each_way(&mac, &messages) {
                assert_eq!(way, expected, "from {first} bytes");
            }
        }
        for size in 0..37 {
            let messages: Vec<_> = (0..size).map(|i| &text[i..2 * i % 56 + i]).collect();
            let expected: Vec<_> = messages.iter().map(|m| reference128(&key, m)).collect();
            for way in each_way(&mac, &messages) {
                assert_eq!(way, expected, "{size} messages");
            }
        }
    }

    proptest! {
        #[test]
        fn agrees_with_the_reference(
            key in prop::collection::vec(any::<u8>(), 0..140),
            messages in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 0..40),
        ) {
            let mac = MacKey::new(&key);
            let messages: Vec<_> = messages.iter().map(Vec::as_slice).collect();
            let expected: Vec<_> = messages.iter().map(|m| reference128(&key, m)).collect();
            for message in &messages {
                prop_assert_eq!(mac.mac(message), reference(&key, message));
            }
            for way in each_way(&mac, &messages) {
                prop_assert_eq!(&way, &expected);
            }
        }
    }
}
