//! What rules that only warn, stopped files, thresholds and anomaly rules found, told on the terminal and in the report.

use crate::output::{counted, grouped};
use lakewarden_extract::Warning;
use lakewarden_pipeline::record::{DatasetAccount, FileWarningKind, Quarantined, ReplacementAccount, ReplacementCause};
use lakewarden_report::{Label, data};

/// The code of rows that were not written because their key belongs to another row.
const KEY_CONFLICTS: &str = "LW6065";
/// The rule of rows that name no person although a row of the same order does.
const FILL: &str = "fill";
/// The warning about them.
const FILL_WARNING: &str = "LW6060";

/// The code of a last record that is named like a total.
const TOTAL_ROW: &str = "LW4140";

/// The lines of a dataset after a run; empty if there is nothing to say.
pub fn told(account: &DatasetAccount) -> String {
    let dataset = &account.dataset;
    let mut text = account.replacement.as_ref().map(|r| replaced(account, r)).unwrap_or_default();
    for skipped in &account.skipped_exports {
        text.push_str(&format!("\nsnapshot: {dataset}: {skipped} is not read: a later full export is there"));
    }
    for warned in &account.warned {
        let rows = counted(warned.rows, "row");
        text.push_str(&format!("\nwarning: {dataset}: {rows} written although {} is broken", rule(warned)));
    }
    for (field, values) in &account.rounded {
        text.push_str(&format!("\nrounded: {dataset}: {} of `{field}` to its scale", counted(*values, "value")));
    }
    if account.key_conflicts > 0 {
        text.push_str(&format!("\nwarning[{KEY_CONFLICTS}]: {dataset}: {}", conflicts(account)));
    }
    for repeat in &account.repeated_files {
        text.push_str(&format!(
            "\nwarning[LW6066]: {dataset}: appended, as `snapshot` declares: {}",
            repeat.describe()
        ));
    }
    for left in &account.set_null {
        let values = counted(left.values, "value");
        text.push_str(&format!("\nset to null: {dataset}: {values} of `{}` ({})", left.field, left.rule));
    }
    for nameless in account.quarantined.iter().filter(|q| q.rule == FILL) {
        let (rows, field) = (counted(nameless.rows, "row"), nameless.field.as_deref().unwrap_or("its identifiers"));
        text.push_str(&format!(
            "\nwarning[{FILL_WARNING}]: {dataset}: {rows} went to quarantine without a person, although another row of the same \
             order names one\n  help: declare `fill: down within` the order's number on `{field}`, or `fill: none` if each row \
             stands alone; then load the file again. Where that is declared already, the lines of the order are not \
             consecutive, its first line is in another file, or the cell holds a placeholder instead of nothing: have the \
             export sorted by the order's number"
        ));
    }
    for told in &account.warnings {
        if let FileWarningKind::Extraction(warning @ Warning::TotalRow { .. }) = &told.warning {
            text.push_str(&format!("\nwarning[{TOTAL_ROW}]: {dataset}: {}: {warning}", told.file));
        }
    }
    for file in &account.set_aside {
        text.push_str(&format!("\nwarning[LW4051]: {dataset}: set aside until it is mended: {}", file.message));
    }
    for threshold in &account.thresholds {
        if threshold.accepted {
            text.push_str(&format!("\nwarning[LW6023]: {dataset}: accepted: {}", threshold.told()));
        } else if threshold.of.is_none() {
            text.push_str(&format!("\nthresholds: {dataset}: {}", threshold.told()));
        }
    }
    for anomaly in &account.anomalies {
        let (rows, of) = (grouped(anomaly.rows), counted(anomaly.of, "row"));
        text.push_str(&format!("\nanomalies: {dataset}: {} marks {rows} of {of}", anomaly.rule));
    }
    text
}

/// What was replaced, and how the accounts differ.
fn replaced(account: &DatasetAccount, replacement: &ReplacementAccount) -> String {
    let ReplacementAccount { cause, files, rows_before, rows_removed, rows_after, .. } = replacement;
    let dataset = &account.dataset;
    let what = match cause {
        ReplacementCause::Reload => "reload",
        ReplacementCause::Snapshot => "snapshot",
    };
    let files = match files.is_empty() {
        true => "what was read before".to_owned(),
        false => counted(files.len() as u64, "file"),
    };
    let mut text = format!(
        "\n{what}: {dataset}: {} of {files} replaced; {} before, {} after",
        counted(*rows_removed, "row"),
        counted(*rows_before, "row"),
        grouped(*rows_after)
    );
    let differences = replacement.differences();
    if !differences.is_empty() {
        let one =
            |(name, before, after): &(&str, u64, u64)| format!("{name} {} → {}", grouped(*before), grouped(*after));
        text.push_str(&format!(" ({})", differences.iter().map(one).collect::<Vec<_>>().join(", ")));
    }
    text
}

/// The same for the report.
pub fn notes(account: &DatasetAccount) -> Vec<data::Warning> {
    let dataset = &account.dataset;
    let note =
        |file: &str, zh: String, en: String| data::Warning::Note { file: file.to_owned(), text: Label::new(zh, en) };
    let mut notes = Vec::new();
    if let Some(replacement) = &account.replacement {
        let ReplacementAccount { rows_removed, rows_before, rows_after, .. } = **replacement;
        let zh = format!(
            "重新载入：替换 {} 行（原有 {} 行，现有 {} 行）",
            grouped(rows_removed),
            grouped(rows_before),
            grouped(rows_after)
        );
        let en = replaced(account, replacement).trim_start().to_owned();
        notes.push(note(dataset, zh, en));
    }
    for warned in &account.warned {
        let rows = counted(warned.rows, "row");
        let named = match &warned.field {
            Some(field) => format!("字段 `{field}` 的规则 `{}`", warned.rule),
            None => format!("规则 `{}`", warned.rule),
        };
        let zh = format!("{} 行违反{named}，仍予写入", grouped(warned.rows));
        notes.push(note(dataset, zh, format!("{rows} written although {} is broken", rule(warned))));
    }
    for (field, values) in &account.rounded {
        let zh = format!("字段 `{field}` 有 {} 个值四舍五入到声明的小数位", grouped(*values));
        let en = format!("{} of `{field}` rounded to its scale", counted(*values, "value"));
        notes.push(note(dataset, zh, en));
    }
    if account.key_conflicts > 0 {
        let zh = format!(
            "{} 行的主键已被另一行占用，而内容不同：未写入；用 `survivor` 声明保留哪一行",
            grouped(account.key_conflicts)
        );
        notes.push(note(dataset, zh, conflicts(account)));
    }
    for repeat in &account.repeated_files {
        let zh = format!(
            "已按 `snapshot` 声明追加：含有 {} 的 {} 条记录（共 {} 条）",
            repeat.earlier, repeat.records, repeat.of
        );
        notes.push(note(&repeat.file, zh, format!("appended, as `snapshot` declares: {}", repeat.describe())));
    }
    for left in &account.set_null {
        let (values, why) = (counted(left.values, "value"), left_out(&left.rule));
        let zh = format!("字段 `{}` 有 {} 个值置空：{}", left.field, grouped(left.values), why.0);
        notes.push(note(dataset, zh, format!("{values} of `{}` set to null: {}", left.field, why.1)));
    }
    for nameless in account.quarantined.iter().filter(|q| q.rule == FILL) {
        let rows = counted(nameless.rows, "row");
        let zh = format!("{} 行未写明本人，而同一订单的其他行已写明，已隔离", grouped(nameless.rows));
        let en =
            format!("{rows} went to quarantine without a person, although another row of the same order names one");
        notes.push(note(dataset, zh, en));
    }
    for file in &account.set_aside {
        let zh = format!("文件被搁置，修正后再载入：{}", file.message);
        notes.push(note(&file.file, zh, format!("set aside until it is mended: {}", file.message)));
    }
    for threshold in account.thresholds.iter().filter(|t| t.accepted) {
        let of = threshold.of.map(grouped).unwrap_or_default();
        let zh = format!(
            "超出阈值 {}（{}）：{} / {of}，已由操作者接受",
            threshold.threshold,
            threshold.limit,
            grouped(threshold.rows)
        );
        notes.push(note(dataset, zh, format!("accepted although a threshold is crossed: {}", threshold.told())));
    }
    for anomaly in &account.anomalies {
        let (rows, of) = (grouped(anomaly.rows), counted(anomaly.of, "row"));
        let zh = format!("异常规则 `{}` 标记 {rows} 行（共 {} 行）", anomaly.rule, grouped(anomaly.of));
        notes.push(note(dataset, zh, format!("anomaly rule `{}` marks {rows} of {of}", anomaly.rule)));
    }
    notes
}

/// What a user must know of rows that were left out for another row with their key.
fn conflicts(account: &DatasetAccount) -> String {
    let rows = counted(account.key_conflicts, "row");
    format!(
        "{rows} not written: the key belongs to another row, which has other values; declare `survivor`, or complete `key` with the columns that tell such rows apart; if the file corrects one that was loaded under its name, lakewarden run --reload {}/FILE takes its rows instead",
        account.dataset
    )
}

/// Why values are null, in Chinese and English.
fn left_out(rule: &str) -> (String, String) {
    match rule {
        "placeholder" => ("占位值，不指向任何人".to_owned(), "placeholders, which identify no person".to_owned()),
        "masked" => ("已被脱敏的标识".to_owned(), "identifiers with hidden characters".to_owned()),
        rule => (format!("不符合规则 `{rule}`"), format!("rule `{rule}` is broken")),
    }
}

fn rule(broken: &Quarantined) -> String {
    match &broken.field {
        Some(field) => format!("rule `{}` of `{field}`", broken.rule),
        None => format!("rule `{}`", broken.rule),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use lakewarden_pipeline::record::{AnomalyAccount, FileMessage, SetNull, ThresholdAccount};

    fn account() -> DatasetAccount {
        let threshold = |of, crossed| ThresholdAccount {
            threshold: "rows_at_least".to_owned(),
            limit: "90%".to_owned(),
            rows: 20,
            of,
            crossed,
            accepted: crossed,
        };
        DatasetAccount {
            dataset: "sales".to_owned(),
            rounded: [("amount".to_owned(), 27)].into(),
            warned: vec![Quarantined { field: Some("price".to_owned()), rule: "between".to_owned(), rows: 1 }],
            quarantined: vec![Quarantined { field: Some("email".to_owned()), rule: "fill".to_owned(), rows: 2 }],
            set_null: vec![SetNull { field: "phone".to_owned(), rule: "masked".to_owned(), values: 3 }],
            set_aside: vec![FileMessage { file: "a.csv".to_owned(), message: "a.csv: record 2 …".to_owned() }],
            thresholds: vec![threshold(Some(100), true), threshold(None, false), threshold(Some(20), false)],
            anomalies: vec![AnomalyAccount {
                rule: "burst".to_owned(),
                kind: "brushing".to_owned(),
                rows: 7,
                of: 2000,
            }],
            ..DatasetAccount::default()
        }
    }

    #[test]
    fn every_finding_has_a_line() {
        let lines = told(&account());
        let lines: Vec<&str> = lines.lines().skip(1).collect();
        assert_eq!(
            lines,
            [
                "warning: sales: 1 row written although rule `between` of `price` is broken",
                "rounded: sales: 27 values of `amount` to its scale",
                "set to null: sales: 3 values of `phone` (masked)",
                "warning[LW6060]: sales: 2 rows went to quarantine without a person, although another row of the same order names one",
                "  help: declare `fill: down within` the order's number on `email`, or `fill: none` if each row stands alone; then load the file again. Where that is declared already, the lines of the order are not consecutive, its first line is in another file, or the cell holds a placeholder instead of nothing: have the export sorted by the order's number",
                "warning[LW4051]: sales: set aside until it is mended: a.csv: record 2 …",
                "warning[LW6023]: sales: accepted: 20 rows were read, at least 90% of the usual 100 must be",
                "thresholds: sales: 20 rows were read; what is usual cannot be told before the fourth load",
                "anomalies: sales: burst marks 7 of 2,000 rows",
            ]
        );
        assert_eq!(told(&DatasetAccount::default()), "");
    }

    #[test]
    fn the_report_has_them_in_both_languages() {
        let notes = notes(&account());
        assert_eq!(notes.len(), 7, "a threshold that is not judged yet is no warning");
        for note in notes {
            let data::Warning::Note { text, .. } = note else { panic!("another kind") };
            assert!(!text.zh.is_empty() && !text.en.is_empty() && text.zh != text.en);
        }
    }
}
