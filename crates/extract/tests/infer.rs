//! Proposals for exports that nobody described: held against what the reference project declares of the same exports.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, clippy::print_stdout)]

use chrono::{DateTime, NaiveDate, Utc};
use lakewarden_dictionary::{IdentifierClass, Project, SourceFile as Declared, load};
use lakewarden_extract::{InferOptions, Proposal, SourceFile, infer};
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

fn now() -> DateTime<Utc> {
    "2026-10-01T00:00:00Z".parse().unwrap()
}

fn infer_options() -> InferOptions {
    InferOptions { rows: None, now: now(), key: [7; 32] }
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
    infer(&on_disk(&files[0]), dataset, &infer_options()).unwrap()
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
    let proposal = infer(&in_memory("orders.csv", text), "orders", &infer_options()).unwrap();
    assert_eq!(
        (proposal.key.as_slice(), proposal.event_time.as_deref()),
        (["order_no".to_owned()].as_slice(), Some("ordered_at"))
    );
    let yaml = proposal.to_yaml("orders.csv", &["analytics"]);
    let loaded = load(&[Declared { path: "schemas/channels/orders.yaml".into(), text: yaml.clone().into() }]);
    let codes: Vec<&str> = (loaded.problems.iter())
        .filter(|p| p.span.path.as_ref() == "schemas/channels/orders.yaml")
        .map(|p| p.code)
        .collect();
    // What cannot be guessed is a placeholder; all else holds.
    let others: Vec<_> = codes.iter().filter(|code| !["LW1186", "LW1260"].contains(code)).collect();
    assert!(others.is_empty(), "{others:?}\n{yaml}\n{:?}", loaded.problems);
    assert!(codes.contains(&"LW1186") && codes.contains(&"LW1260"));
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
        let proposal = infer(&in_memory(name, text), "x", &infer_options()).unwrap();
        let names: Vec<&str> = proposal.fields.iter().map(|f| f.name.as_str()).collect();
        assert_eq!(names, ["id", "phone", "extra"]);
        assert_eq!(proposal.fields[1].treatment, "{ pseudonymise: phone }");
    }
    assert_eq!(infer(&in_memory("empty.csv", ""), "x", &infer_options()).unwrap_err().code(), "LW4002");
    let gb = encoding_rs::GB18030.encode("手机号,城市\n13187013211,上海\n13187013212,北京\n").0.into_owned();
    let yaml = infer(&in_memory("gb.csv", gb.repeat(1)), "x", &infer_options()).unwrap().to_yaml("gb.csv", &[]);
    assert!(yaml.contains("encoding: gb18030") && yaml.contains("name: 手机号"), "{yaml}");
}

fn field<'p>(proposal: &'p Proposal, name: &str) -> &'p lakewarden_extract::ProposedField {
    proposal.fields.iter().find(|field| field.name == name).unwrap_or_else(|| panic!("no field {name}"))
}

fn lines(header: &str, rows: usize, row: impl Fn(usize) -> String) -> String {
    let rows: String = (0..rows).map(|at| row(at) + "\n").collect();
    format!("{header}\n{rows}")
}

fn of(name: &str, text: impl Into<Vec<u8>>) -> Proposal {
    infer(&in_memory(name, text), "x", &infer_options()).unwrap()
}

#[test]
fn numbers_of_baskets_are_no_telephones_and_a_count_is_no_prose() {
    let baskets = of(
        "baskets.csv",
        lines("basket_id,comment_count,sales_value", 200, |i| {
            format!("{},{},{}.{:02}", 31_198_570_051u64 + i as u64 * 7, i * 37 % 900, i % 9, i * 13 % 100)
        }),
    );
    let facts = |name: &str| {
        let field = field(&baskets, name);
        (field.data_type.as_str(), field.identifier, field.treatment.as_str())
    };
    assert_eq!(facts("basket_id"), ("string", IdentifierClass::None, "keep"));
    assert_eq!(facts("comment_count"), ("integer", IdentifierClass::None, "keep"));
    assert_eq!(facts("sales_value"), ("decimal(12, 2)", IdentifierClass::None, "keep"));
    assert_eq!(baskets.key, ["basket_id"]);
}

#[test]
fn a_household_identifies_and_links_no_person() {
    let people = of(
        "demographics.csv",
        lines("household_id,age,income", 300, |i| {
            format!("{},{},{}", i + 1, ["19-24", "45-54", "65+"][i % 3], ["35-49K", "50-74K"][i % 2])
        }),
    );
    let household = field(&people, "household_id");
    assert_eq!(household.identifier, IdentifierClass::Quasi);
    assert_eq!(household.treatment, "{ pseudonymise: household_id }", "a domain of its own, which links no one");
    assert!(household.notes.iter().any(|note| note.contains("link_on")), "{:?}", household.notes);
    for name in ["age", "income"] {
        assert_eq!(field(&people, name).identifier, IdentifierClass::Quasi, "{name}");
    }
}

#[test]
fn an_amount_is_a_number_whoever_pays_it() {
    let orders = of(
        "tmall.csv",
        lines("订单编号,总金额,买家实际支付金额", 100, |i| format!("{},{}.5,{}.1", i + 1, i * 3 / 2, i)),
    );
    for name in ["总金额", "买家实际支付金额"] {
        let field = field(&orders, name);
        assert_eq!((field.data_type.as_str(), field.identifier), ("decimal(12, 2)", IdentifierClass::None), "{name}");
        assert!(field.unit.as_ref().unwrap().written.contains("<fill in:"), "the currency is not known");
    }
    assert_eq!(orders.key, ["thing_no"]);
}

#[test]
fn titles_above_a_header_are_skipped_and_a_file_without_one_is_read() {
    let rows = |i: usize| format!("2018-07-{:02},S{},{}.50", i % 28 + 1, i % 17, i);
    let titled = of(
        "preamble.csv",
        "Procurement card transactions 2018-19\n\n".to_owned() + &lines("Date,Supplier,Amount", 100, rows),
    );
    assert_eq!(titled.format.skip_rows, 2);
    assert_eq!(titled.fields.iter().map(|f| f.name.as_str()).collect::<Vec<_>>(), ["Date", "Supplier", "Amount"]);
    assert_eq!(field(&titled, "Date").data_type, "date");
    assert!(titled.notes[0].contains("of 100 records 100 would be loaded"), "{:?}", titled.notes);

    let headerless = of("headerless.csv", lines(&rows(0), 99, |i| rows(i + 1)));
    assert_eq!(headerless.format.header, lakewarden_dictionary::CsvHeader::None);
    assert_eq!(headerless.rows, 100, "the first line is a record");
    let types: Vec<&str> = headerless.fields.iter().map(|f| f.data_type.as_str()).collect();
    assert_eq!(types, ["date", "string", "decimal(12, 2)"]);
}

#[test]
fn money_and_times_are_read_as_they_are_written() {
    let text = lines("order_no;ordered;logged;day;price;fee;share;total", 60, |i| {
        format!(
            "A{i:03};{:02}/Sep/2026:10:00:00 +0800;2026/09/{:02} 10:00:00.250;{:02}/{:02}/2026;€ 1.{:03},{:02};(¥1,2{:02}.50);{},5%;${}",
            i % 28 + 1,
            i % 28 + 1,
            i % 12 + 1,
            i % 12 + 1,
            i % 900 + 100,
            i % 100,
            i % 100,
            i % 40,
            i
        )
    });
    let orders = of("orders.csv", text);
    let written = |name: &str| {
        let field = field(&orders, name);
        let format = field.time_format.as_ref().or(field.number_format.as_ref()).map(|f| f.written.clone());
        (field.data_type.clone(), format.unwrap_or_default(), field.unit.as_ref().map(|u| u.written.clone()))
    };
    assert_eq!(written("ordered"), ("timestamp".into(), "'%d/%b/%Y:%H:%M:%S %z'".into(), None));
    assert_eq!(written("logged"), ("timestamp".into(), "'%Y/%m/%d %H:%M:%S%.f'".into(), None));
    let (data_type, format, _) = written("day");
    assert_eq!(data_type, "date");
    assert_eq!(format, "'<fill in: %d/%m/%Y or %m/%d/%Y; all values looked at fit both>'", "a guess would be needed");
    let euro = "{ decimal: comma, group: point, currency: EUR }";
    assert_eq!(written("price"), ("decimal(12, 2)".into(), euro.into(), Some("EUR".into())));
    let yuan = "{ group: comma, currency: CNY, accounting: true }";
    assert_eq!(written("fee"), ("decimal(12, 2)".into(), yuan.into(), Some("CNY".into())));
    let (data_type, format, _) = written("share");
    assert_eq!((data_type.as_str(), format.as_str()), ("decimal(13, 3)", "{ decimal: comma, percent: fraction }"));
    let (data_type, format, unit) = written("total");
    assert_eq!(data_type, "decimal(12, 2)");
    assert!(format.contains("<fill in: the currency: HKD or") && unit.unwrap().contains("USD"), "{format}");
    assert!(orders.notes[0].contains("of 60 records 60 would be loaded, none is lost"), "{:?}", orders.notes);
}

#[test]
fn keys_are_verified_on_all_records() {
    // The order number names a record in the first half only.
    let text = lines("order_no,line,sku,at", 30_000, |i| {
        let (order, line) = if i < 20_000 { (i, 1) } else { (20_000 + (i - 20_000) / 2, i % 2 + 1) };
        format!("A{order:06},{line},S{:03},2026-09-01 10:00:{:02}", i * 7 % 200, i % 60)
    });
    let orders = of("orders.csv", text);
    assert_eq!(orders.key, ["order_no", "line"]);
    assert!(orders.whole && orders.rows == 30_000);

    let text =
        lines("order_no,note", 9_000, |i| format!("A{:06},free text number {i}", if i == 8_500 { 7 } else { i }));
    let almost = of("orders.csv", text);
    assert!(almost.key.is_empty());
    assert!(almost.notes.iter().any(|note| note.contains("names all but 1 of 9000 records")), "{:?}", almost.notes);
}

#[test]
fn types_hold_for_all_records_and_not_for_the_first() {
    let text = lines("sku,stock,grade", 40_000, |i| {
        let stock = if i < 30_000 { i.to_string() } else { format!("{i}.25") };
        format!("S{i},{stock},{}", if i < 30_000 { "1" } else { "A" })
    });
    let found = of("stock.csv", text);
    assert_eq!(field(&found, "stock").data_type, "decimal(12, 2)");
    assert_eq!(field(&found, "grade").data_type, "string");
    assert!(found.notes[0].contains("of 40000 records 40000 would be loaded"), "{:?}", found.notes);
}

#[test]
fn missing_values_and_placeholders_are_declared_or_asked_for() {
    let text = lines("订单号,手机号,会员号,数量", 400, |i| {
        let phone = if i % 10 == 0 { "13800000000".to_owned() } else { format!("131{:08}", 17 * i + 12_345) };
        let member = if i % 8 == 0 { "V9999".to_owned() } else { format!("V{i:04}") };
        format!("D{i:05},{phone},{member},{}", if i % 20 == 0 { "N/A".to_owned() } else { (i % 5).to_string() })
    });
    let found = of("orders.csv", text.clone());
    assert_eq!(field(&found, "数量").null_values, ["N/A"]);
    assert_eq!(field(&found, "数量").data_type, "integer");
    assert!(field(&found, "手机号").absent.is_none(), "usual placeholders count as absent by themselves");
    let asked = field(&found, "会员号").absent.as_ref().unwrap();
    assert!(asked.written.contains("<fill in: the value that 12.5 % of the records share"), "{asked:?}");
    let yaml = found.to_yaml("orders.csv", &[]);
    assert!(!yaml.contains("V9999") && !yaml.contains("13800000000"), "no value: {yaml}");
}

#[test]
fn invalid_identifiers_become_null_and_the_sale_stays() {
    let text = lines("order_no,phone", 200, |i| {
        format!("A{i},{}", if i % 25 == 3 { format!("12{i}") } else { format!("131{:08}", 17 * i + 12_345) })
    });
    let found = of("orders.csv", text);
    let phone = field(&found, "phone");
    assert!(phone.on_invalid_null && !phone.required);
    assert!(found.notes[0].contains("of 200 records 200 would be loaded"), "{:?}", found.notes);
}

#[test]
fn nested_fields_are_dropped_with_the_names_of_what_they_contain() {
    let text: String = (0..60)
        .map(|i| format!("{{\"order_no\":\"A{i}\",\"buyer\":{{\"city\":\"Berlin\",\"张伟\":1}},\"lines\":[{{\"sku\":\"S{i}\"}}]}}\n"))
        .collect();
    let found = of("orders.ndjson", text);
    for (name, member) in [("buyer", "city"), ("lines", "[].sku")] {
        let nested = field(&found, name);
        assert_eq!((nested.data_type.as_str(), nested.treatment.as_str()), ("json", "drop"), "{name}");
        assert!(nested.notes.iter().any(|note| note.contains(member)), "{:?}", nested.notes);
    }
    assert!(!found.to_yaml("orders.ndjson", &[]).contains("张伟"), "a name of a member may be a person's");
    assert!(found.notes[0].contains("of 60 records 60 would be loaded"), "{:?}", found.notes);
}

#[test]
fn consent_columns_need_a_log() {
    let text = lines("customer_id,email_opt_in,consent_date", 100, |i| {
        format!("C{i:04},{},2026-09-{:02}", ["true", "false"][i % 2], i % 28 + 1)
    });
    let found = of("crm.csv", text);
    let opt_in = field(&found, "email_opt_in");
    assert_eq!((opt_in.data_type.as_str(), opt_in.identifier), ("boolean", IdentifierClass::None));
    assert!(found.notes.iter().any(|n| n.contains("email_opt_in, consent_date") && n.contains("role: consent_log")));

    let text = lines("id_type,id_value,purpose,action,at", 100, |i| {
        let kind = ["手机号", "email"][i % 2];
        let value = if i % 2 == 0 { format!("131{:08}", i + 12_345) } else { format!("p{i}@example.com") };
        format!("{kind},{value},marketing,{},2026-09-{:02} 10:00:00", ["同意", "撤回"][i % 2], i % 28 + 1)
    });
    let log = of("consents.csv", text);
    assert_eq!(log.role, lakewarden_dictionary::DatasetRole::ConsentLog);
    let columns: Vec<&str> = log.fields.iter().map(|f| f.column.as_str()).collect();
    assert_eq!(columns, ["id_type", "id_token", "purpose", "action", "at"]);
    assert_eq!(field(&log, "id_value").treatment, "{ pseudonymise: { by_field: id_type } }");
    assert_eq!(field(&log, "action").map.as_ref().unwrap().written, "{ 同意: grant, 撤回: withdraw }");
    assert!(log.notes[0].contains("of 100 records 100 would be loaded"), "{:?}", log.notes);
}

#[test]
fn workbooks_with_a_title_above_their_header_are_read() {
    let mut workbook = rust_xlsxwriter::Workbook::new();
    let sheet = workbook.add_worksheet();
    sheet.write_string(0, 0, "Sales of September").unwrap();
    for (at, name) in ["order_no", "sold_on", "amount"].into_iter().enumerate() {
        sheet.write_string(2, at as u16, name).unwrap();
    }
    for row in 0..60u32 {
        sheet.write_string(row + 3, 0, format!("A{row}")).unwrap();
        sheet.write_string(row + 3, 1, format!("2026-09-{:02}", row % 28 + 1)).unwrap();
        sheet.write_number(row + 3, 2, f64::from(row) + 0.5).unwrap();
    }
    let found = of("sales.xlsx", workbook.save_to_buffer().unwrap());
    assert_eq!(found.format.header_row, Some(3));
    assert_eq!(found.fields.iter().map(|f| f.name.as_str()).collect::<Vec<_>>(), ["order_no", "sold_on", "amount"]);
    assert!(found.notes[0].contains("of 60 records 60 would be loaded"), "{:?}", found.notes);
}

/// The entry after a person has answered what it asks: everything that is not kept from the lake anyway is written.
fn answered(yaml: &str) -> String {
    let mut text = String::new();
    for line in yaml.lines().filter(|line| *line != "proposed: true" && !line.starts_with("retention:")) {
        let line = match line.split_once("<fill in: a purpose of") {
            Some(_) => "  analytics: contract",
            None => line,
        };
        // Of what may be either, the first.
        let line = match line.trim_start().split(':').next() {
            Some("fill") => "    fill: none",
            Some("map") if line.contains("<fill in:") => panic!("words that are not known: {line}"),
            Some("unit") if line.contains("<fill in:") => "    unit: CNY",
            _ => line,
        };
        let open = line.find("'<fill in: ");
        match open {
            Some(at) => text.push_str(&format!("{}'answered'\n", &line[..at])),
            None => text.push_str(&format!("{line}\n")),
        }
    }
    text
}

/// Loads a file by an entry, as a run does.
fn run_by(entry: &str, name: &str, file: &SourceFile) -> lakewarden_extract::FileAccount {
    use lakewarden_extract::{Discard, ExtractContext, KeySet, RuleInputs, UnreadLog, extract};
    use lakewarden_privacy::{KeyRing, MasterKey};
    let path = format!("schemas/channels/{name}.yaml");
    let loaded = load(&[Declared { path: path.as_str().into(), text: entry.into() }]);
    let own: Vec<_> = loaded.problems.iter().filter(|p| *p.span.path == *path).map(|p| (p.code, &p.message)).collect();
    // There is no file of purposes here, and no consent log.
    assert!(own.iter().all(|(code, _)| ["LW1113", "LW1235"].contains(code)), "{own:?}\n{entry}");
    let (keys, rules) = (KeyRing::new(MasterKey::from_bytes([7; 32]), 1), RuleInputs::default());
    let context = ExtractContext {
        dataset: loaded.project.dataset(name).unwrap(),
        zone: chrono_tz::Asia::Shanghai,
        keys: &keys,
        as_of: now(),
        now: now(),
        seed: 7,
        batch_rows: 4096,
        rules: &rules,
        workers: 2,
    };
    let (mut seen, mut unread) = (KeySet::new(7), UnreadLog::default());
    extract(&context, std::slice::from_ref(file), &mut seen, &mut unread, &mut Discard, &|_| {}).unwrap().remove(0)
}

/// From a proposal, answered, to a load of the same file: no record is lost, of each of the twelve sample exports.
#[test]
fn what_is_proposed_and_answered_loads_every_record() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options { dirt: false, ..Options::new(600, 5, NaiveDate::from_ymd_opt(2026, 9, 30).unwrap()) };
    let exports = folder.path().join("exports");
    lakewarden_sample::write(&exports, &folder.path().join("truth"), &options, &|_, _| {}).unwrap();
    let mut tried = 0;
    for dataset in fs::read_dir(&exports).unwrap().map(|e| e.unwrap().path()) {
        let name = dataset.file_name().unwrap().to_string_lossy().into_owned();
        let mut files: Vec<PathBuf> = fs::read_dir(&dataset).unwrap().map(|e| e.unwrap().path()).collect();
        files.sort();
        let file = on_disk(&files[0]);
        let proposal = infer(&file, &name, &infer_options()).unwrap();
        let entry = answered(&proposal.to_yaml(&file.name, &[]));
        let account = run_by(&entry, &name, &file);
        assert!(account.read > 0, "{name}");
        assert_eq!(
            (account.written, account.quarantined_total(), account.key_conflicts),
            (account.read - account.duplicates, 0, 0),
            "{name}: {:?}\n{entry}",
            account.quarantined
        );
        assert_eq!(account.duplicates, 0, "{name}\n{entry}");
        tried += 1;
    }
    assert_eq!(tried, 12);
}
