//! The truth about files adds up with a naive reading of them, and everything dirty is there.
#![allow(clippy::unwrap_used)]

mod common;

use common::{defect_of, e164, rows, sample};
use lakewarden_sample::{ChannelSales, DATASETS, DIRT, Sales};
use std::collections::{BTreeMap, BTreeSet};

#[test]
fn every_account_closes_and_counts_the_rows_that_are_there() {
    let sample = sample();
    assert_eq!(sample.accounts.datasets.len(), DATASETS.len());
    for (dataset, files) in &sample.accounts.datasets {
        let on_disk = std::fs::read_dir(sample.folder(dataset)).unwrap().count();
        assert_eq!(on_disk, files.len(), "{dataset}");
        for (file, account) in files {
            assert!(account.closes(), "{dataset}/{file}: {account:?}");
            let path = sample.folder(dataset).join(file);
            assert_eq!(account.rows, rows(&path).len() as u64, "{dataset}/{file}");
            if file.contains(".csv") {
                let lines = common::text(&path).lines().count() as u64;
                assert_eq!(account.rows + 1, lines, "{dataset}/{file}: no field holds a line break");
            }
        }
        let summary = sample.summary.datasets.iter().find(|d| d.name == dataset).unwrap();
        assert_eq!(summary.rows, files.values().map(|f| f.rows).sum::<u64>());
        assert_eq!(summary.files, files.len() as u64);
    }
}

#[test]
fn what_goes_to_quarantine_is_what_a_reader_finds_spoiled() {
    let sample = sample();
    for dataset in DATASETS {
        let mut found: BTreeMap<(String, String, String), u64> = BTreeMap::new();
        for (file, row) in sample.rows(dataset) {
            if let Some((field, rule)) = defect_of(dataset, &row) {
                *found.entry((file, field, rule)).or_default() += 1;
            }
        }
        let mut told = BTreeMap::new();
        for (file, account) in &sample.accounts.datasets[dataset] {
            for (field, rules) in account.quarantined.iter().chain(&account.set_null) {
                for (rule, count) in rules {
                    told.insert((file.clone(), field.clone(), rule.clone()), *count);
                }
            }
        }
        assert_eq!(found, told, "{dataset}");
        let kinds: BTreeSet<(&str, &str)> =
            told.keys().map(|(_, field, rule)| (field.as_str(), rule.as_str())).collect();
        let (_, defects) = DIRT.iter().find(|(name, _)| *name == dataset).unwrap();
        let planned: BTreeSet<(&str, &str)> = defects.iter().map(|d| (d.field, d.rule)).collect();
        assert_eq!(kinds, planned, "{dataset}: every kind of defect occurs");
    }
}

#[test]
fn about_three_in_a_thousand_rows_are_spoiled() {
    let files = || sample().accounts.datasets.values().flat_map(BTreeMap::values);
    let rows: u64 = files().map(|f| f.rows).sum();
    let spoiled: u64 = files().map(|f| f.quarantined_rows()).sum();
    let share = spoiled as f64 / rows as f64;
    assert!((0.002..0.01).contains(&share), "{share}");
}

#[test]
fn duplicates_are_rows_met_before() {
    let sample = sample();
    let mut datasets_with = BTreeSet::new();
    for dataset in DATASETS {
        let mut met = BTreeSet::new();
        let mut found: BTreeMap<String, u64> = BTreeMap::new();
        for (file, mut row) in sample.rows(dataset) {
            for optional in ["身份证号", "胸围", "肩宽"] {
                row.remove(optional);
            }
            if !met.insert(row) {
                *found.entry(file).or_default() += 1;
            }
        }
        let files = sample.accounts.datasets[dataset].iter();
        let told: BTreeMap<String, u64> =
            files.filter(|(_, a)| a.duplicates > 0).map(|(file, a)| (file.clone(), a.duplicates)).collect();
        assert_eq!(found, told, "{dataset}");
        if !told.is_empty() {
            datasets_with.insert(dataset);
        }
    }
    assert_eq!(
        datasets_with.into_iter().collect::<Vec<_>>(),
        ["app_events", "crm_members", "miniapp_events", "pos_sales", "tmall_orders"]
    );
    let late = sample.accounts.datasets["pos_sales"].iter().find(|(file, _)| file.ends_with("_late.csv")).unwrap().1;
    assert!(late.duplicates > 0 && late.written > 0, "a late file repeats rows and brings new ones: {late:?}");
}

#[test]
fn one_file_is_delivered_twice_under_another_name() {
    let sample = sample();
    let repeats: Vec<_> = sample
        .accounts
        .datasets
        .iter()
        .flat_map(|(d, files)| files.iter().map(move |(file, a)| (d, file, a)))
        .filter_map(|(dataset, file, account)| Some((dataset, file, account.repeats.clone()?)))
        .collect();
    let [(dataset, file, first)] = repeats.as_slice() else { panic!("{repeats:?}") };
    let bytes = |file: &str| std::fs::read(sample.folder(dataset).join(file)).unwrap();
    assert_eq!(bytes(file), bytes(first));
    assert!(first < *file, "the first one is loaded first");
}

#[test]
fn the_undeclared_field_is_counted() {
    let sample = sample();
    let mut found: BTreeMap<String, u64> = BTreeMap::new();
    for (file, row) in sample.rows("miniapp_events") {
        *found.entry(file).or_default() += u64::from(row.contains_key("clipboard"));
    }
    let told = sample.accounts.datasets["miniapp_events"].iter();
    let told: BTreeMap<String, u64> =
        told.map(|(file, a)| (file.clone(), a.over_collected.get("clipboard").copied().unwrap_or(0))).collect();
    assert_eq!(found, told);
    assert!(told.values().sum::<u64>() > 50);
}

#[test]
fn encodings_are_as_told() {
    let sample = sample();
    let mut met: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for dataset in DATASETS {
        for (file, account) in &sample.accounts.datasets[dataset] {
            let path = sample.folder(dataset).join(file);
            let bytes = common::bytes(&path);
            let bom = bytes.starts_with(b"\xef\xbb\xbf");
            let utf8 = std::str::from_utf8(&bytes).is_ok();
            match account.encoding.as_str() {
                "utf-8" => assert!(utf8 && !bom, "{file}"),
                "utf-8-bom" => assert!(utf8 && bom, "{file}"),
                "gb18030" => {
                    let (text, broken) = encoding_rs::GB18030.decode_without_bom_handling(&bytes);
                    assert!(!utf8 && !broken && text.contains("手机"), "{file}");
                }
                "parquet" => assert!(bytes.starts_with(b"PAR1") && bytes.ends_with(b"PAR1"), "{file}"),
                other => panic!("{other}"),
            }
            met.entry(dataset).or_default().insert(account.encoding.clone());
        }
    }
    let met = |dataset: &str| met[dataset].iter().map(String::as_str).collect::<Vec<_>>();
    assert_eq!(met("pos_sales"), ["gb18030", "utf-8"], "one UTF-8 file where GB18030 is declared");
    assert_eq!(met("crm_members"), ["gb18030", "utf-8-bom"], "and the reverse");
    assert_eq!(met("tmall_orders"), ["gb18030"]);
}

#[test]
fn columns_are_moved_in_one_file_only() {
    let sample = sample();
    let files = &sample.accounts.datasets["tmall_orders"];
    let header =
        |file: &str| common::text(&sample.folder("tmall_orders").join(file)).lines().next().unwrap().to_owned();
    let usual =
        "订单编号,买家昵称,收货人姓名,联系手机,收货地址,订单创建时间,付款时间,SKU,数量,实付款,退款金额,订单状态";
    let moved: Vec<&String> = files.keys().filter(|file| header(file) != usual).collect();
    assert_eq!(moved, files.iter().filter(|(_, a)| a.columns_moved).map(|(file, _)| file).collect::<Vec<_>>());
    let [file] = moved.as_slice() else { panic!("{moved:?}") };
    let sorted = |header: &str| header.split(',').map(str::to_owned).collect::<BTreeSet<_>>();
    assert_eq!(sorted(&header(file)), sorted(usual));
    let row = &rows(&sample.folder("tmall_orders").join(file))[0];
    assert!(row["联系手机"].chars().filter(|c| c.is_numeric()).count() >= 11, "values moved with their columns");
}

#[test]
fn phones_and_genders_are_spelled_in_many_ways() {
    let sample = sample();
    let members = sample.surviving("crm_members");
    let genders: BTreeSet<&str> = members.iter().map(|row| row.get("性别").map_or("", String::as_str)).collect();
    assert_eq!(genders, BTreeSet::from(["", "F", "M", "女", "男"]));
    let phones: Vec<&String> = members.iter().map(|row| &row["手机号"]).collect();
    for sign in ["+86 1", "0086 1", "１３", "+861", " 1"] {
        assert!(phones.iter().any(|phone| phone.starts_with(sign)), "{sign}");
    }
    assert!(phones.iter().all(|phone| e164(phone).starts_with("+8613")));
}

#[test]
fn texts_name_people_as_told() {
    let sample = sample();
    let tickets = sample.surviving("service_tickets");
    let holds = |sign: &str| tickets.iter().filter(|row| row["text"].contains(sign)).count() as u64;
    let told = |what: &str| -> u64 {
        let files = sample.accounts.datasets["service_tickets"].values();
        files.map(|file| file.texts_naming.get(what).copied().unwrap_or(0)).sum()
    };
    for (what, sign) in
        [("phone", "请回电13"), ("resident_id", "身份证110199"), ("email", "@example.com"), ("name", "我叫")]
    {
        assert_eq!(told(what), holds(sign), "{what}");
    }
    assert!(told("phone") > 0);
}

#[test]
fn sales_are_the_sums_over_surviving_rows() {
    let sample = sample();
    let fen = |text: &str| text.replace('.', "").parse::<i64>().unwrap();
    let mut channels: BTreeMap<String, ChannelSales> = BTreeMap::new();
    let pos = channels.entry("pos".into()).or_default();
    for row in sample.stored("pos_sales") {
        let (units, paid) = (row["数量"].parse::<u64>().unwrap(), fen(&row["实付金额"]));
        if row["类型"] == "退货" {
            pos.returned_lines += 1;
            pos.returned_units += units;
            pos.refunded.0 += paid;
        } else {
            pos.lines += 1;
            pos.units += units;
            pos.gross.0 += paid;
        }
    }
    let tmall = channels.entry("tmall".into()).or_default();
    for row in sample.stored("tmall_orders") {
        if row["订单状态"] == "交易关闭" {
            assert!(!row.contains_key("付款时间") && row["实付款"] == "0.00");
            tmall.closed_lines += 1;
            continue;
        }
        let units = row["数量"].parse::<u64>().unwrap();
        tmall.lines += 1;
        tmall.units += units;
        tmall.gross.0 += fen(&row["实付款"]);
        tmall.refunded.0 += fen(&row["退款金额"]);
        if row["订单状态"] == "已退款" {
            tmall.returned_lines += 1;
            tmall.returned_units += units;
        }
    }
    for sum in channels.values_mut() {
        sum.revenue.0 = sum.gross.0 - sum.refunded.0;
        assert!(sum.returned_lines > 0 && sum.revenue.0 > 0);
    }
    let told = Sales::read(&sample.truth()).unwrap();
    assert_eq!(told.channels, channels);
    for (channel, sum) in &told.channels {
        let by_month: i64 = told.months.values().filter_map(|m| m.get(channel)).map(|m| m.revenue.0).sum();
        assert_eq!(by_month, sum.revenue.0);
    }
}
