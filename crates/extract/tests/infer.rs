//! Proposals for exports that nobody described: held against what the reference project declares of the same exports.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, clippy::print_stdout)]

use chrono::NaiveDate;
use lakewarden_dictionary::{IdentifierClass, Project, SourceFile as Declared, load};
use lakewarden_extract::{Proposal, SourceFile, infer};
use lakewarden_sample::Options;
use std::fs::{self, File};
use std::io::{Cursor, Read};
use std::path::{Path, PathBuf};

fn on_disk(path: &Path) -> SourceFile {
    let path = path.to_owned();
    let (name, size) = (path.file_name().unwrap().to_string_lossy().into_owned(), fs::metadata(&path).unwrap().len());
    SourceFile::new(name, size, move || Ok(Box::new(File::open(&path)?) as Box<dyn Read + Send>))
}

fn in_memory(name: &str, bytes: impl Into<Vec<u8>>) -> SourceFile {
    let bytes: Vec<u8> = bytes.into();
    let size = bytes.len() as u64;
    let open = move || Ok(Box::new(Cursor::new(bytes.clone())) as Box<dyn Read + Send>);
    SourceFile::new(name, size, open)
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The reference project's datasets.
fn declared() -> Project {
    let folder = repository().join("schemas/channels");
    let read = |entry: fs::DirEntry| Declared {
        path: format!("schemas/channels/{}", entry.file_name().to_string_lossy()).into(),
        text: fs::read_to_string(entry.path()).unwrap().into(),
    };
    load(&fs::read_dir(folder).unwrap().map(|e| read(e.unwrap())).collect::<Vec<_>>()).project
}

/// Whether what is stored under the proposal names people less than what the declaration calls direct.
fn is_protected(treatment: &str) -> bool {
    treatment == "drop" || treatment == "redact" || treatment.starts_with("{ pseudonymise")
}

fn proposal_of(folder: &Path, dataset: &str) -> Proposal {
    let mut files: Vec<PathBuf> = fs::read_dir(folder.join(dataset)).unwrap().map(|e| e.unwrap().path()).collect();
    files.sort();
    infer(&on_disk(&files[0]), dataset, 5_000).unwrap()
}

#[test]
fn the_reference_exports_are_proposed_as_they_are_declared() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options { dirt: true, ..Options::new(1_000, 3, NaiveDate::from_ymd_opt(2026, 9, 30).unwrap()) };
    let exports = folder.path().join("exports");
    lakewarden_sample::write(&exports, &folder.path().join("truth"), &options, &|_, _| {}).unwrap();

    let (mut fields, mut types, mut classes, mut guarded, mut direct) = (0, 0, 0, 0, 0);
    let mut different = String::new();
    for dataset in declared().datasets.iter().filter(|d| exports.join(&d.name.value).is_dir()) {
        let proposal = proposal_of(&exports, &dataset.name.value);
        assert_eq!(proposal.format.container, dataset.format.container, "{}", dataset.name.value);
        for field in &dataset.fields {
            let Some(found) = proposal.fields.iter().find(|f| f.name == field.name.value) else {
                assert!(field.optional, "{}.{} was not found", dataset.name.value, field.name.value);
                continue;
            };
            fields += 1;
            let kind = |t: &str| t.split('(').next().unwrap().to_owned();
            let wanted = serde_json::to_value(field.data_type.value).unwrap();
            let wanted = wanted.as_str().map_or_else(|| "decimal".to_owned(), str::to_owned);
            types += u32::from(kind(&found.data_type) == wanted);
            classes += u32::from(found.identifier == field.identifier);
            if field.identifier == IdentifierClass::Direct {
                direct += 1;
                guarded += u32::from(is_protected(&found.treatment));
            }
            if kind(&found.data_type) != wanted || found.identifier != field.identifier {
                let (name, declared) = (&field.name.value, field.identifier);
                different.push_str(&format!(
                    "{}.{name}: {wanted} {declared:?}, proposed {} {:?} {} ({})\n",
                    dataset.name.value, found.data_type, found.identifier, found.treatment, found.because
                ));
            }
        }
    }
    println!(
        "{fields} fields: {types} types, {classes} classes as declared; {guarded} of {direct} direct ones guarded\n{different}"
    );
    assert!(fields > 100, "{fields}");
    assert_eq!(guarded, direct, "a direct identifier would be stored\n{different}");
    assert!(types * 100 >= fields * 95, "{types} of {fields} types\n{different}");
    assert!(classes * 100 >= fields * 85, "{classes} of {fields} classes\n{different}");
}

#[test]
fn a_proposal_is_an_entry_that_only_lacks_its_review() {
    let text = "order no;E-Mail;出生日期;ordered at;note;total\n".to_owned()
        + &(0..50)
            .map(|i| {
                format!(
                    "A{i:04};p{}@example.com;199{}-05-02;2026-09-{:02} 10:00:00;the box was open, sadly;{i},5\n",
                    i % 7,
                    i % 10,
                    i % 28 + 1
                )
            })
            .collect::<String>();
    let proposal = infer(&in_memory("orders.csv", text), "orders", 1_000).unwrap();
    assert_eq!(
        (proposal.key.as_slice(), proposal.event_time.as_deref()),
        (["order_no".to_owned()].as_slice(), Some("ordered_at"))
    );
    let yaml = proposal.to_yaml("orders.csv");
    let loaded = load(&[Declared { path: "schemas/channels/orders.yaml".into(), text: yaml.clone().into() }]);
    let codes: Vec<&str> = (loaded.problems.iter())
        .filter(|p| p.span.path.as_ref() == "schemas/channels/orders.yaml")
        .map(|p| p.code)
        .collect();
    // Its purposes cannot be guessed; all else holds.
    assert_eq!(
        codes.iter().filter(|code| **code != "LW1186").collect::<Vec<_>>(),
        [&"LW1124"],
        "{yaml}\n{:?}",
        loaded.problems
    );
    assert!(codes.contains(&"LW1186"));
    assert!(!yaml.contains("example.com") && !yaml.contains("199") && !yaml.contains("sadly"), "no value: {yaml}");
    assert!(yaml.contains("delimiter: \";\""));
    let columns = ["order_no", "e_mail", "birth_date", "ordered_at", "note", "total"];
    let dataset = loaded.project.dataset("orders").unwrap();
    assert_eq!(dataset.fields.iter().map(|f| f.column.value.as_str()).collect::<Vec<_>>(), columns);
}

#[test]
fn every_container_is_understood() {
    let json = r#"[{"id":"a","phone":"13187013211"},{"id":"b","phone":"13187013212","extra":1}]"#;
    for (name, text) in [("x.json", json.to_owned()), ("x.ndjson", json[1..json.len() - 1].replace("},{", "}\n{"))] {
        let proposal = infer(&in_memory(name, text), "x", 100).unwrap();
        let names: Vec<&str> = proposal.fields.iter().map(|f| f.name.as_str()).collect();
        assert_eq!(names, ["id", "phone", "extra"]);
        assert_eq!(proposal.fields[1].treatment, "{ pseudonymise: phone }");
    }
    assert_eq!(infer(&in_memory("empty.csv", ""), "x", 100).unwrap_err().code(), "LW4002");
    let gb = encoding_rs::GB18030.encode("手机号,城市\n13187013211,上海\n13187013212,北京\n").0.into_owned();
    let yaml = infer(&in_memory("gb.csv", gb.repeat(1)), "x", 100).unwrap().to_yaml("gb.csv");
    assert!(yaml.contains("encoding: gb18030") && yaml.contains("name: 手机号"), "{yaml}");
}
