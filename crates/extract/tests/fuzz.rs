//! Random and mutated inputs for each reader: none panics, none loses count, none says what is in the file.
//!
//! An ordinary test runs the corpus beside this file (`__fuzz__/*/corpus`) and inputs of chance for a second a target;
//! `BOLERO_RANDOM_ITERATIONS=1000000 cargo test -p lakewarden-extract --test fuzz` runs as many as it says. What is found
//! is shown with a `BOLERO_RANDOM_SEED` that finds it again; mend it, and put its bytes into the corpus.
#![allow(clippy::unwrap_used)]

#[path = "common/archives.rs"]
mod archives;
mod common;
use archives::{Cell, Packed, xls, zip};
use common::*;
use lakewarden_dictionary::*;
use std::panic::AssertUnwindSafe;

/// A value of the seeds that no message may hold.
const CANARY: &str = "13187013211";

/// How an input of chance is made of a seed: parts of it replaced, left out, doubled. What is left is plain chance.
fn mutated(seed: &[u8], input: &[u8]) -> Vec<u8> {
    let mut out = seed.to_vec();
    let mut chance = input.iter().copied();
    let mut number = || usize::from(chance.next().unwrap_or(0)) << 8 | usize::from(chance.next().unwrap_or(0));
    for _ in 0..input.len() / 7 {
        if out.is_empty() {
            break;
        }
        let (at, what) = (number() % out.len(), number());
        match what % 6 {
            0 => out[at] = what.to_le_bytes()[1],
            1 => out.truncate(at),
            2 => drop(out.drain(at..(at + what % 17).min(out.len()))),
            3 => {
                let part: Vec<u8> = out[at..(at + what % 33).min(out.len())].to_vec();
                out.splice(at..at, part);
            }
            4 => out.insert(at, *b"\",\n\r{}[]:\\\0\xff<>&#'0".get(what / 6 % 20).unwrap_or(&b'"')),
            _ => out[at] ^= 1 << (what / 6 % 8),
        }
    }
    out
}

fn dataset_of(container: Container) -> Dataset {
    let fields = vec![
        field("id", DataType::String).optional(),
        field("phone", DataType::String).optional().token("phone", Normaliser::Phone),
        field("n", DataType::Decimal { precision: 12, scale: 2 }).optional(),
        field("at", DataType::Timestamp).optional(),
    ];
    let mut data = dataset("fuzz", container, Encoding::Utf8, fields);
    // Small, so that chance meets them.
    data.format.limits = Limits {
        size: 1 << 22,
        held: 1 << 22,
        record: 2000,
        field: 300,
        columns: 9,
        nesting: 5,
        members: 6,
        footer: 3,
        expansion: 100,
    };
    data
}

/// Reads the bytes; `run` asserts that accounts close.
fn reads(data: &Dataset, bytes: Vec<u8>) {
    if let Err(error) = run_with(data, &[file("f", bytes)], 3, 1, &mut lakewarden_extract::KeySet::new(SEED)) {
        let said = format!("{error} {error:?} {}", error.hint());
        assert!(!said.contains(CANARY), "{said}");
        assert_ne!(error.code(), "LW4090", "{said}");
    }
}

fn target(data: Dataset, seeds: Vec<Vec<u8>>) -> impl Fn(&[u8]) {
    move |input: &[u8]| {
        let (data, seeds) = AssertUnwindSafe((&data, &seeds)).0;
        match input.split_first() {
            Some((which, rest)) if usize::from(*which) < seeds.len() * 8 => {
                reads(data, mutated(&seeds[usize::from(*which) % seeds.len()], rest));
            }
            _ => reads(data, input.to_vec()),
        }
    }
}

fn csv_text() -> String {
    format!("报表\n#x\nid,phone,n,at\n1,\"{CANARY}\",1.50,2024-05-01 08:03:07\n\"a\"\"b\n\",,,\n合计,9\n")
}

fn lines() -> String {
    format!("{{\"id\":\"1\",\"phone\":{CANARY},\"n\":1e2,\"x\":[{{}}]}}\n{{\"id\":\"\\u4e0a\\n\",\"at\":null}}\n")
}

fn book() -> Vec<u8> {
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet();
    for (column, name) in ["id", "phone", "n", "at"].iter().enumerate() {
        sheet.write(0, column as u16, *name).unwrap();
        sheet.write(1, column as u16, CANARY).unwrap();
        sheet.write(2, column as u16, 45_413.5).unwrap();
    }
    book.save_to_buffer().unwrap()
}

#[test]
fn fuzz_csv() {
    let mut data = dataset_of(Container::Csv);
    data.format.skip_rows = 1;
    data.format.comment = Some(here("#".into()));
    data.format.footer = Some(here("合计".into()));
    let text = csv_text();
    let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let seeds = vec![text.clone().into_bytes(), gb18030(&text), wide, gzip(text.as_bytes())];
    let check = target(data, seeds);
    bolero::check!().with_max_len(400).for_each(|input: &[u8]| check(input));
}

#[test]
fn fuzz_ndjson() {
    let check = target(
        dataset_of(Container::Ndjson),
        vec![lines().into_bytes(), zstd::encode_all(lines().as_bytes(), 1).unwrap()],
    );
    bolero::check!().with_max_len(400).for_each(|input: &[u8]| check(input));
}

#[test]
fn fuzz_json() {
    let mut data = dataset_of(Container::Json);
    data.format.records = "$.data.rows".parse().unwrap();
    let array = format!("[{}]", lines().trim().replace('\n', ","));
    let document = format!("{{\"meta\":{{\"rows\":[1]}},\"data\":{{\"rows\":{array},\"next\":\"\\\"\"}}}}");
    let check = target(data, vec![document.into_bytes()]);
    let plain = target(dataset_of(Container::Json), vec![array.into_bytes()]);
    bolero::check!().with_max_len(400).for_each(|input: &[u8]| {
        check(input);
        plain(input);
    });
}

#[test]
fn fuzz_zip() {
    let text = csv_text().split_once("#x\n").unwrap().1.to_owned();
    let seeds = vec![
        zip(&[Packed::new("a.csv", text.as_bytes()), Packed::stored("b/c.csv", text.as_bytes())]),
        zip(&[Packed::stored("../a.csv", text.as_bytes())]),
    ];
    let check = target(dataset_of(Container::Csv), seeds);
    bolero::check!().with_max_len(400).for_each(|input: &[u8]| check(input));
}

#[test]
fn fuzz_xlsx() {
    // Once packed, where chance meets the archive, and once as it is, where it meets the XML.
    let packed = book();
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(packed.clone())).unwrap();
    let mut parts = Vec::new();
    for at in 0..archive.len() {
        let mut part = archive.by_index(at).unwrap();
        let (name, mut text) = (part.name().unwrap().into_owned(), Vec::new());
        std::io::Read::read_to_end(&mut part, &mut text).unwrap();
        parts.push((name, text));
    }
    let mut data = dataset_of(Container::Xlsx);
    data.format.limits.members = 30;
    let check = target(data.clone(), vec![packed]);
    bolero::check!().with_max_len(400).for_each(|input: &[u8]| {
        check(input);
        if let Some((which, rest)) = input.split_first() {
            let chosen = usize::from(*which) % parts.len();
            let members: Vec<Packed> = (parts.iter().enumerate())
                .map(
                    |(at, (name, text))| {
                        if at == chosen { Packed::new(name, &mutated(text, rest)) } else { Packed::new(name, text) }
                    },
                )
                .collect();
            reads(&data, zip(&members));
        }
    });
}

#[test]
fn fuzz_xls() {
    let cells = || {
        vec![
            (0, 0, Cell::Text("id")),
            (0, 1, Cell::Text("n")),
            (1, 0, Cell::Text(CANARY)),
            (1, 1, Cell::Number(1.5)),
            (2, 0, Cell::Error),
        ]
    };
    let seeds = vec![xls(&[("s", cells())], false, 1), xls(&[("s", cells()), ("t", cells())], true, 3)];
    let check = target(dataset_of(Container::Xls), seeds);
    bolero::check!().with_max_len(400).for_each(|input: &[u8]| check(input));
}

#[test]
fn fuzz_parquet() {
    let column =
        |texts: Vec<&str>| std::sync::Arc::new(arrow::array::StringArray::from(texts)) as arrow::array::ArrayRef;
    let batch = arrow::array::RecordBatch::try_from_iter(vec![
        ("id", column(vec!["1", "2", "2"])),
        ("phone", column(vec![CANARY, CANARY, ""])),
    ])
    .unwrap();
    let mut bytes = Vec::new();
    let mut writer = parquet::arrow::ArrowWriter::try_new(&mut bytes, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    let check = target(dataset_of(Container::Parquet), vec![bytes]);
    bolero::check!().with_max_len(400).for_each(|input: &[u8]| check(input));
}
