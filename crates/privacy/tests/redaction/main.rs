//! Precision and recall of redaction, on generated sentences whose truth is known.
//!
//! The sentences are made from words that the finders do not know (streets, estates, names, products) and from a seed. One
//! in two holds nobody: order numbers that pass Luhn's check, amounts, dates, products, parcels, versions. `cargo test -p
//! lakewarden-privacy --test redaction -- --nocapture` prints the table.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod sentences;
mod values;

use arrow::array::{Array, StringArray};
use lakewarden_privacy::redact::{RedactedKind, redact};
use sentences::{Sentence, sentence};
use std::collections::BTreeMap;
use values::Draw;

/// How many sentences.
const SENTENCES: usize = 20_000;

/// Floors: kind, recall, precision. They are what is reached, rounded down; see docs/adr/0023.
const FLOORS: [(RedactedKind, f64, f64); 11] = [
    (RedactedKind::Email, 0.999, 0.999),
    (RedactedKind::Phone, 0.995, 0.98),
    (RedactedKind::ResidentId, 0.999, 0.99),
    (RedactedKind::BankCard, 0.99, 0.98),
    (RedactedKind::Address, 0.95, 0.98),
    (RedactedKind::Name, 0.95, 0.98),
    (RedactedKind::Plate, 0.99, 0.98),
    (RedactedKind::Document, 0.99, 0.98),
    (RedactedKind::WechatId, 0.99, 0.98),
    (RedactedKind::Ip, 0.99, 0.98),
    (RedactedKind::Mac, 0.99, 0.98),
];

#[derive(Default, Clone, Copy)]
struct Score {
    truth: usize,
    found: usize,
    wrong: usize,
}

impl Score {
    fn recall(self) -> f64 {
        self.found as f64 / self.truth.max(1) as f64
    }

    fn precision(self) -> f64 {
        self.found as f64 / (self.found + self.wrong).max(1) as f64
    }
}

/// Judges one output. What names somebody counts as found if nothing of it is left that leads to them, and a placeholder
/// of its kind is there; every placeholder beyond those is wrong.
fn judge(sentence: &Sentence, output: &str, scores: &mut BTreeMap<RedactedKind, Score>, misses: &mut Vec<String>) {
    for kind in RedactedKind::ALL {
        let placeholders = output.matches(kind.placeholder()).count();
        let truth: Vec<_> = sentence.secrets.iter().filter(|s| s.kind == kind).collect();
        let gone = truth.iter().filter(|s| s.parts.iter().all(|part| !output.contains(part.as_str()))).count();
        let score = scores.entry(kind).or_default();
        let found = gone.min(placeholders);
        score.truth += truth.len();
        score.found += found;
        score.wrong += placeholders.saturating_sub(truth.len());
        if found < truth.len() || placeholders > truth.len() {
            misses.push(format!("{} | {} | {output}", kind.name(), sentence.text));
        }
    }
}

#[test]
fn precision_and_recall_hold() {
    let mut draw = Draw::new(20_241_118);
    let sentences: Vec<Sentence> = (0..SENTENCES).map(|_| sentence(&mut draw)).collect();
    let texts = StringArray::from_iter_values(sentences.iter().map(|s| s.text.as_str()));
    let (out, counts) = redact(&texts);
    let (mut scores, mut misses) = (BTreeMap::new(), Vec::new());
    for (sentence, output) in sentences.iter().zip(out.iter()) {
        judge(sentence, output.unwrap(), &mut scores, &mut misses);
    }
    println!("{:<12} {:>6} {:>6} {:>6} {:>8} {:>10}", "kind", "truth", "found", "wrong", "recall", "precision");
    for (kind, score) in &scores {
        let Score { truth, found, wrong } = *score;
        let (recall, precision) = (score.recall(), score.precision());
        println!("{:<12} {truth:>6} {found:>6} {wrong:>6} {recall:>8.4} {precision:>10.4}", kind.name());
    }
    // The people in these sentences are made up, so they may be shown.
    misses.iter().step_by(misses.len().div_ceil(60).max(1)).for_each(|miss| println!("{miss}"));
    let placeholders: usize = RedactedKind::ALL
        .iter()
        .map(|k| out.iter().flatten().map(|t| t.matches(k.placeholder()).count()).sum::<usize>())
        .sum();
    assert_eq!(counts.total() as usize, placeholders);
    for (kind, recall, precision) in FLOORS {
        let score = scores[&kind];
        assert!(score.truth >= 300, "{}: only {}", kind.name(), score.truth);
        assert!(score.recall() >= recall, "recall of {}: {:.4}", kind.name(), score.recall());
        assert!(score.precision() >= precision, "precision of {}: {:.4}", kind.name(), score.precision());
    }
}

#[test]
fn what_is_left_is_left_again() {
    let mut draw = Draw::new(7);
    let texts = StringArray::from_iter_values((0..3_000).map(|_| sentence(&mut draw).text));
    let (once, _) = redact(&texts);
    let (twice, counts) = redact(&once);
    let changed: Vec<_> = once.iter().zip(twice.iter()).filter(|(a, b)| a != b).take(5).collect();
    assert!(changed.is_empty() && counts.total() == 0, "{changed:?}");
}

/// Prints MB/s over a column without and with identifiers: `-- --ignored --nocapture speed`.
#[test]
#[ignore = "prints a speed, and holds nothing"]
#[allow(clippy::disallowed_methods)]
fn speed() {
    let mut draw = Draw::new(3);
    let all: Vec<Sentence> = (0..200_000).map(|_| sentence(&mut draw)).collect();
    let plain = [
        "衣服洗了一次就缩水，很失望",
        "请问这款有没有 L 码",
        "尺码不合适，申请退货",
        "the colour is nice",
        "还不错，下次再来",
    ];
    for (name, texts) in [
        ("half name people", StringArray::from_iter_values(all.iter().map(|s| s.text.as_str()))),
        (
            "hard negatives",
            StringArray::from_iter_values(all.iter().filter(|s| s.secrets.is_empty()).map(|s| s.text.as_str())),
        ),
        ("plain remarks", StringArray::from_iter_values((0..200_000).map(|n| plain[n % plain.len()]))),
        ("one long text", StringArray::from(vec![all.iter().map(|s| s.text.as_str()).collect::<String>()])),
    ] {
        let best = (0..5).map(|_| {
            let start = std::time::Instant::now();
            let (out, _) = redact(&texts);
            assert_eq!(out.len(), texts.len());
            start.elapsed().as_secs_f64()
        });
        let best = best.fold(f64::MAX, f64::min);
        let bytes = texts.value_data().len();
        println!("{name:<18} {:>6.1} MB {:>8.1} MB/s", bytes as f64 / 1e6, bytes as f64 / best / 1e6);
    }
}
