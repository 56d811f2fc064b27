//! Measures tokens a second: `cargo run --release -p lakewarden-privacy --features bench --example tokens`.
//!
//! One thread, phone numbers, batches of 8,192 and 65,536 rows, of which 0, 50 or 90 % repeat an earlier value of the
//! batch. `hmac, new key` keys the hash for every value, `hmac, keyed once` clones a keyed one; both write a column.

#![allow(clippy::disallowed_methods, clippy::print_stdout)]

use arrow::array::{Array, StringArray, StringBuilder};
use hmac::{Hmac, KeyInit, Mac};
use lakewarden_privacy::{KeyRing, MasterKey, token_text};
use sha2::Sha256;
use std::hint::black_box;
use std::time::{Duration, Instant};

fn main() {
    let key = [7; 32];
    let tokeniser = KeyRing::new(MasterKey::from_bytes(key), 1).tokeniser("phone");
    let keyed = Hmac::<Sha256>::new_from_slice(&key).expect("a key of any length");
    println!("{:<40} {:>12} {:>12} {:>12}   (million tokens a second, by share of repeats)", "", "0 %", "50 %", "90 %");
    for rows in [8_192, 65_536] {
        let columns = [0, 50, 90].map(|repeats| phones(rows, repeats));
        let show = |name: &str, f: &dyn Fn(&StringArray) -> StringArray| {
            let [none, half, most] = columns.each_ref().map(|column| measure(column, f));
            println!("{:<40} {none:>12.2} {half:>12.2} {most:>12.2}", format!("{rows} rows, {name}"));
        };
        show("hmac, new key", &|column| {
            one_by_one(column, |value| Hmac::<Sha256>::new_from_slice(&key).expect("a key").chain_update(value))
        });
        show("hmac, keyed once", &|column| one_by_one(column, |value| keyed.clone().chain_update(value)));
        for (name, tokeniser) in tokeniser.on_each_engine() {
            show(&name, &|column| tokeniser.tokenise(column));
        }
        show("as chosen", &|column| tokeniser.tokenise(column));
    }
}

fn one_by_one(column: &StringArray, mac: impl Fn(&str) -> Hmac<Sha256>) -> StringArray {
    let mut out = StringBuilder::with_capacity(column.len(), column.len() * 25);
    for value in column.iter() {
        let digest = value.map(|value| mac(value).finalize().into_bytes());
        out.append_option(digest.map(|d| token_text('k', 1, u128::from_be_bytes(*d.first_chunk().expect("16 of 32")))));
    }
    out.finish()
}

/// Phone numbers of which this share, in per cent, repeats an earlier one, spread over the batch.
fn phones(rows: usize, repeats: usize) -> StringArray {
    let distinct = (rows * (100 - repeats) / 100).max(1);
    let mut state = 0x9E37_79B9_7F4A_7C15u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as usize
    };
    let pool: Vec<_> = (0..distinct).map(|i| format!("+86131{:08}", i * 1_237 % 100_000_000)).collect();
    StringArray::from_iter_values((0..rows).map(|row| match pool.get(row) {
        Some(value) if repeats == 0 => value,
        _ => &pool[next() % distinct],
    }))
}

fn measure(column: &StringArray, f: &dyn Fn(&StringArray) -> StringArray) -> f64 {
    let mut best = Duration::MAX;
    let end = Instant::now() + Duration::from_millis(400);
    while Instant::now() < end {
        let start = Instant::now();
        black_box(f(black_box(column)));
        best = best.min(start.elapsed());
    }
    column.len() as f64 / best.as_secs_f64() / 1e6
}
