//! Random and mutated files for the reader of the dictionary: no panic, and every problem points into its file.
//!
//! See `crates/extract/tests/fuzz.rs` for how long runs are started.
#![allow(clippy::unwrap_used)]

use lakewarden_dictionary::{SourceFile, load};

const FILES: [(&str, &str); 5] = [
    ("lakewarden.yaml", include_str!("shop/lakewarden.yaml")),
    ("schemas/purposes.yaml", include_str!("shop/schemas/purposes.yaml")),
    ("schemas/channels/members.yaml", include_str!("shop/schemas/channels/members.yaml")),
    ("schemas/curated/member_spend.yaml", include_str!("shop/schemas/curated/member_spend.yaml")),
    ("pipelines/shop/pipeline.yaml", include_str!("shop/pipelines/shop/pipeline.yaml")),
];

/// Texts that mean something to YAML or to the dictionary.
const PARTS: [&str; 24] = [
    "\n",
    "  ",
    "\t",
    ": ",
    "- ",
    "[",
    "]",
    "{",
    "}",
    "\"",
    "'",
    "#",
    "&a ",
    "*a",
    "<<: ",
    "|\n",
    ">-\n",
    "---\n",
    "!!binary ",
    "~",
    "format: { container: csv, limits: { size: 0 } }\n",
    "footer: '('\n",
    "\u{feff}",
    "\0",
];

/// Replaces, removes and doubles parts of a text, by what the input says.
fn mutated(seed: &str, input: &[u8]) -> String {
    let mut text: Vec<char> = seed.chars().collect();
    for step in input.chunks_exact(5) {
        if text.is_empty() {
            break;
        }
        let at = (usize::from(step[0]) << 8 | usize::from(step[1])) % text.len();
        let length = usize::from(step[3]);
        match step[2] % 4 {
            0 => drop(text.drain(at..(at + length % 40).min(text.len()))),
            1 => {
                let part: Vec<char> = text[at..(at + length).min(text.len())].to_vec();
                text.splice(at..at, part);
            }
            2 => text[at] = char::from(step[4]),
            _ => drop(text.splice(at..at, PARTS[length % PARTS.len()].chars())),
        }
    }
    text.into_iter().collect()
}

fn holds(path: &str, text: &str) {
    let files: Vec<SourceFile> = FILES
        .iter()
        .map(|(p, t)| SourceFile { path: (*p).into(), text: if *p == path { text.into() } else { (*t).into() } })
        .collect();
    let loaded = load(&files);
    for problem in &loaded.problems {
        let file = files.iter().find(|f| f.path == problem.span.path).map_or("", |f| &*f.text);
        let span = &problem.span;
        assert!(span.start <= span.end && span.end <= file.len(), "{problem:?}");
        assert!(file.is_char_boundary(span.start) && file.is_char_boundary(span.end), "{problem:?}");
        assert!(span.line >= 1 && span.column >= 1 && !problem.message.is_empty(), "{problem:?}");
    }
}

#[test]
fn fuzz_dictionary() {
    bolero::check!().with_max_len(300).for_each(|input: &[u8]| {
        let (which, rest) = input.split_first().map_or((0, input), |(which, rest)| (usize::from(*which), rest));
        let (path, seed) = FILES[which % FILES.len()];
        if which < 200 {
            holds(path, &mutated(seed, rest));
        } else {
            holds(path, &String::from_utf8_lossy(rest));
        }
    });
}
