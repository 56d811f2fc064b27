//! Replaces identifiers by keyed pseudonyms.

use crate::mac::{Engine, MacKey};
use arrow::array::{Array, StringArray};
use arrow::buffer::{Buffer, OffsetBuffer, ScalarBuffer};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use std::fmt;
use std::sync::Arc;
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// Characters of base64 that hold 128 bits.
const TEXT: usize = 22;

/// Replaces the values of one identifier domain by their tokens. Cheap to clone, and shared between threads.
#[derive(Clone)]
pub struct Tokeniser(Arc<Inner>);

struct Inner {
    key: MacKey,
    /// Seeds the map of a batch's values, so that nobody can choose values that collide in it.
    seed: u64,
    prefix: char,
    version: u32,
    engine: Engine,
}

impl Tokeniser {
    pub(crate) fn new(prefix: char, version: u32, key: &[u8; 32], seed: &[u8; 32]) -> Tokeniser {
        let seed = u64::from_le_bytes(*seed.first_chunk().expect("8 of 32 bytes"));
        Tokeniser(Arc::new(Inner { key: MacKey::new(key), seed, prefix, version, engine: Engine::detect() }))
    }

    /// The key version that its tokens carry.
    pub fn version(&self) -> u32 {
        self.0.version
    }

    /// Replaces each value by its token; nulls stay null. Values must be normalised: other spellings give other tokens.
    ///
    /// A value that comes again within the batch is hashed once, as a rule.
    ///
    /// # Panics
    /// If the tokens are more than 2 GiB, the limit of a `StringArray`: 60 million rows in one batch.
    pub fn tokenise(&self, values: &StringArray) -> StringArray {
        let head = self.head();
        let width = head.len() + TEXT;
        let tokens = values.len() - values.null_count();
        let size = tokens * width;
        assert!(i32::try_from(size).is_ok(), "the tokens of one batch fit into 2 GiB");
        let offsets = offsets(values, width as i32);

        let mut text = vec![0; size];
        let at = |row: usize| offsets[row] as usize;
        let mut again = vec![];
        {
            let mut seen = Seen::new(values, self.0.seed);
            let first =
                (0..values.len()).filter(|&row| values.is_valid(row)).filter_map(|row| match seen.row_like(row) {
                    Some(first) => {
                        again.push((first, row as u32));
                        None
                    }
                    None => Some((row, values.value(row).as_bytes())),
                });
            self.0.key.mac128_each(self.0.engine, first, |row, bits| {
                write(&mut text[at(row)..][..width], head.as_bytes(), bits);
            });
        }
        for (first, row) in again {
            let first = at(first as usize);
            text.copy_within(first..first + width, at(row as usize));
        }
        StringArray::new(OffsetBuffer::new(offsets), Buffer::from_vec(text), values.nulls().cloned())
    }

    /// The token of one value.
    pub fn token_of(&self, value: &str) -> String {
        token_text(self.0.prefix, self.0.version, self.0.key.mac128(value.as_bytes()))
    }

    /// The same tokeniser on each engine of this machine, by name; for `examples/tokens.rs`.
    #[cfg(feature = "bench")]
    #[doc(hidden)]
    pub fn on_each_engine(&self) -> Vec<(String, Tokeniser)> {
        let Inner { key, seed, prefix, version, .. } = &*self.0;
        let with = |engine| Inner { key: key.clone(), seed: *seed, prefix: *prefix, version: *version, engine };
        Engine::all().into_iter().map(|e| (format!("{e:?}"), Tokeniser(Arc::new(with(e))))).collect()
    }

    fn head(&self) -> String {
        format!("{}{}_", self.0.prefix, self.0.version)
    }
}

impl fmt::Debug for Tokeniser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokeniser")
            .field("prefix", &self.0.prefix)
            .field("version", &self.0.version)
            .finish_non_exhaustive()
    }
}

/// Writes a token or customer id: `prefix` (`k` or `c`), key version, `_`, and the 128 bits in 22 characters.
pub fn token_text(prefix: char, version: u32, bits: u128) -> String {
    let mut text = format!("{prefix}{version}_");
    URL_SAFE_NO_PAD.encode_string(bits.to_be_bytes(), &mut text);
    text
}

/// Reads the 128 bits of a token or customer id; `None` if the text is neither, as [`token_text`] writes them.
pub fn token_bits(token: &str) -> Option<u128> {
    let [b'k' | b'c', rest @ ..] = token.as_bytes() else { return None };
    let (head, text) = rest.split_last_chunk::<TEXT>()?;
    let [version @ .., b'_'] = head else { return None };
    is_version(version).then(|| decode(text))?
}

/// Whether this is a `u32` as `Display` writes it.
fn is_version(text: &[u8]) -> bool {
    let value = text.iter().try_fold(0u32, |value, digit| {
        let digit = digit.checked_sub(b'0').filter(|d| *d < 10)?;
        value.checked_mul(10)?.checked_add(u32::from(digit))
    });
    value.is_some() && (text.len() == 1 || !matches!(text, [] | [b'0', ..]))
}

/// Decodes 22 characters of base64url.
fn decode(text: &[u8; TEXT]) -> Option<u128> {
    let mut bytes = [0; 18];
    URL_SAFE_NO_PAD.decode_slice(text, &mut bytes).ok().filter(|&found| found == 16)?;
    Some(u128::from_be_bytes(*bytes.first_chunk()?))
}

/// Where the rows' texts begin and end, if each that is not null has this width.
fn offsets(values: &StringArray, width: i32) -> ScalarBuffer<i32> {
    let mut end = 0;
    let step = |row| if values.is_valid(row) { width } else { 0 };
    std::iter::once(0)
        .chain((0..values.len()).map(|row| {
            end += step(row);
            end
        }))
        .collect()
}

/// Writes a token into its place.
#[inline(always)]
fn write(place: &mut [u8], head: &[u8], bits: u128) {
    let (start, text) = place.split_at_mut(head.len());
    start.copy_from_slice(head);
    URL_SAFE_NO_PAD.encode_slice(bits.to_be_bytes(), text).expect("22 characters for 16 bytes");
}

/// The values of a batch that have been seen: a direct-mapped table, where a newcomer takes the place of an older value
/// with the same slot. To forget one costs two compressions; in return there is no probing, and no growing.
struct Seen<'a> {
    values: &'a StringArray,
    seed: u64,
    /// High half of the hash, row.
    slots: Vec<(u32, u32)>,
}

/// A row that cannot be: a batch has fewer.
const NO_ROW: u32 = u32::MAX;

impl<'a> Seen<'a> {
    fn new(values: &'a StringArray, seed: u64) -> Seen<'a> {
        let slots = values.len().next_power_of_two().min(1 << 16);
        Seen { values, seed, slots: vec![(0, NO_ROW); slots] }
    }

    /// An earlier row with the value of this one, if remembered; else remembers this one.
    #[inline(always)]
    fn row_like(&mut self, row: usize) -> Option<u32> {
        let value = self.values.value(row);
        let hash = xxh3_64_with_seed(value.as_bytes(), self.seed);
        let tag = (hash >> 32) as u32;
        let slot = hash as usize & (self.slots.len() - 1);
        let (known, first) = self.slots[slot];
        if first != NO_ROW && known == tag && self.values.value(first as usize) == value {
            return Some(first);
        }
        self.slots[slot] = (tag, row as u32);
        None
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    fn tokeniser() -> Tokeniser {
        Tokeniser::new('k', 12, &[1; 32], &[2; 32])
    }

    #[test]
    fn tokens_have_the_documented_shape() {
        let text = tokeniser().token_of("member-1");
        assert_eq!(text.len(), "k12_".len() + TEXT);
        assert!(text.starts_with("k12_"), "{text}");
        assert_eq!(token_text('c', 1, 0), "c1_AAAAAAAAAAAAAAAAAAAAAA");
        let ones = format!("k1_{}w", "_".repeat(21));
        assert_eq!(token_text('k', 1, u128::MAX), ones);
        assert_eq!(token_bits(&ones), Some(u128::MAX));
    }

    #[test]
    fn what_is_no_token_has_no_bits() {
        let good = token_text('k', 1, 77);
        assert_eq!(token_bits(&good), Some(77));
        let last_bits_set = good.replace("TQ", "TR");
        for text in [
            "",
            "k",
            "k_",
            "k1",
            "k1_",
            "k1_AAAAAAAAAAAAAAAAAAAAA",
            "k1_AAAAAAAAAAAAAAAAAAAAAAA",
            "1_AAAAAAAAAAAAAAAAAAAAAA",
            "k_AAAAAAAAAAAAAAAAAAAAAA",
            "k+1_AAAAAAAAAAAAAAAAAAAAAA",
            "k01_AAAAAAAAAAAAAAAAAAAAAA",
            "x1_AAAAAAAAAAAAAAAAAAAAAA",
            "k4294967296_AAAAAAAAAAAAAAAAAAAAAA",
            "k1_AAAAAAAAAAAAAAAAAAAA==",
            "k1_AAAAAAAAAAAAAAAAAAAA+A",
            "k1_AAAAAAAAAAAAAAAAAAAA你",
            last_bits_set.as_str(),
        ] {
            assert_eq!(token_bits(text), None, "{text}");
        }
    }

    #[test]
    fn empty_batches_and_nulls() {
        let t = tokeniser();
        assert_eq!(t.tokenise(&StringArray::from(Vec::<Option<&str>>::new())).len(), 0);
        let nulls = t.tokenise(&StringArray::from(vec![None::<&str>; 3]));
        assert_eq!((nulls.len(), nulls.null_count()), (3, 3));
    }

    /// A null may cover bytes of its own in the values buffer: they do not get a token.
    #[test]
    fn bytes_beneath_nulls_are_not_read() {
        let values = StringArray::new(
            OffsetBuffer::new(vec![0, 2, 4].into()),
            Buffer::from_slice_ref(b"abcd"),
            Some(vec![false, true].into()),
        );
        let tokens = tokeniser().tokenise(&values);
        assert!(tokens.is_null(0));
        assert_eq!(tokens.value(1), tokeniser().token_of("cd"));
    }

    proptest! {
        /// Column by column or one by one, in slices, with repeats and nulls, on long and short values: one answer.
        #[test]
        fn a_column_holds_the_tokens_of_its_values(
            pool in prop::collection::vec(".{0,70}", 1..8),
            rows in prop::collection::vec(prop::option::weighted(0.8, any::<prop::sample::Index>()), 0..300),
            cut in any::<prop::sample::Index>(),
        ) {
            let rows: Vec<_> = rows.iter().map(|row| row.map(|i| pool[i.index(pool.len())].as_str())).collect();
            let values = StringArray::from(rows.clone());
            let t = tokeniser();
            let expected: Vec<_> = rows.iter().map(|row| row.map(|value| t.token_of(value))).collect();
            let tokens = t.tokenise(&values);
            prop_assert_eq!(&tokens, &StringArray::from(expected.clone()));
            let cut = cut.index(rows.len() + 1);
            prop_assert_eq!(t.tokenise(&values.slice(cut, rows.len() - cut)), StringArray::from(expected[cut..].to_vec()));
            for token in tokens.iter().flatten() {
                prop_assert_eq!(token_text('k', 12, token_bits(token).unwrap()), token);
            }
        }

        #[test]
        fn bits_come_back(bits: u128, version: u32) {
            prop_assert_eq!(token_bits(&token_text('k', version, bits)), Some(bits));
            prop_assert_eq!(token_bits(&token_text('c', version, bits)), Some(bits));
        }

        #[test]
        fn any_text_is_a_token_or_not(text in "[kc][0-9]{0,3}_?[A-Za-z0-9_-]{20,24}") {
            if let Some(bits) = token_bits(&text) {
                let version = text[1..].split('_').next().unwrap().parse().unwrap();
                prop_assert_eq!(token_text(text.chars().next().unwrap(), version, bits), text);
            }
        }
    }
}
