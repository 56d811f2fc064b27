//! The warnings of extraction, told in both languages.
//!
//! A record keeps a warning as the text that `lakewarden_extract::Warning` shows; the tests hold both together.

use lakewarden_report::{Label, data};

/// Tells what a warning of a file says. A text of an unknown form is shown as it is.
pub(super) fn warning(file: &str, text: &str) -> data::Warning {
    let file = file.to_owned();
    if let Some((declared, found)) = text.strip_prefix("declared as ").and_then(|t| t.split_once(", read as ")) {
        return data::Warning::Encoding { file, declared: declared.to_owned(), found: found.to_owned() };
    }
    let zh = container(text).or_else(|| never_occurs(text)).or_else(|| nobody(text));
    let zh = zh.or_else(|| too_many(text)).or_else(|| absent(text)).or_else(|| widened(text));
    let zh = zh.or_else(|| missing(text)).or_else(|| waiting(text));
    let zh = zh.or_else(|| damaged(text)).or_else(|| skipped(text));
    data::Warning::Note { file, text: Label::new(zh.unwrap_or_default(), text) }
}

fn container(text: &str) -> Option<String> {
    let found = text.strip_prefix("read as ")?;
    Some(format!("按 {found} 读取"))
}

fn never_occurs(text: &str) -> Option<String> {
    let rest = text.strip_prefix("no record has `")?;
    Some(match rest.strip_suffix("`, but an undeclared field has nearly that name") {
        Some(field) => format!("没有记录含有字段 `{field}`；有一个未申报字段的名称与它相近"),
        None => format!("没有记录含有字段 `{}`", rest.strip_suffix('`')?),
    })
}

fn damaged(text: &str) -> Option<String> {
    let (records, rest) = text.split_once(" damaged record")?;
    let (rule, lines) = rest.split_once(" in quarantine (`")?.1.split_once("`): ")?;
    let (_, lines) = lines.split_once(' ')?;
    Some(format!("隔离区中有 {records} 条文本损坏的记录（`{rule}`），位于第 {lines} 行"))
}

fn skipped(text: &str) -> Option<String> {
    if let Some(files) = text.strip_prefix("skipped, as programs leave them behind: ") {
        let (count, names) = files.split_once(" (")?;
        let count = count.split(' ').next()?;
        return Some(format!("已跳过程序遗留的 {count} 个文件（{}）", names.strip_suffix(')')?));
    }
    let (count, names) = text.strip_prefix("members of the archive that were not read: ")?.split_once(" (")?;
    Some(format!("压缩包中未读取的成员：{count} 个（{}）", names.strip_suffix(')')?))
}

fn nobody(text: &str) -> Option<String> {
    let records = text.strip_prefix("records that cannot be read and do not say for certain whom they name: ")?;
    Some(format!("读不懂、也无法确定是谁的记录：{records} 条"))
}

fn absent(text: &str) -> Option<String> {
    let fields = text.strip_prefix("lacks what is optional, read as null: ")?;
    Some(format!("缺少可选字段，按空值读取：{fields}"))
}

fn widened(text: &str) -> Option<String> {
    let (field, rest) = text.strip_prefix('`')?.split_once("` seems to have become ")?;
    let (found, values) = rest.split_once(": values of that type in quarantine: ")?;
    Some(format!("字段 `{field}` 的类型似乎变成了 {found}：隔离区中有 {values} 个这种值"))
}

fn missing(text: &str) -> Option<String> {
    let (named, counts) = text.strip_prefix("no file for ")?.strip_suffix(" intervals)")?.rsplit_once(" (")?;
    let (missing, of) = counts.split_once(" of ")?;
    Some(format!("{named} 没有文件（{of} 个区间中缺 {missing} 个）"))
}

fn waiting(text: &str) -> Option<String> {
    let (why, files) = text.strip_prefix("not read yet, ")?.rsplit_once(": ")?;
    let files = files.split(' ').next()?;
    Some(match why.strip_prefix("waiting for ") {
        Some(marker) => format!("暂未读取 {files} 个文件：等待 {marker}"),
        None => {
            let minutes = why.strip_prefix("written less than ")?.strip_suffix(" minutes ago")?;
            format!("暂未读取 {files} 个文件：写入不足 {minutes} 分钟")
        }
    })
}

fn too_many(text: &str) -> Option<String> {
    let (remembered, _) =
        text.strip_prefix("more than ")?.split_once(" undeclared names; the rest is counted as `(others)`")?;
    Some(format!("未申报的字段超过 {remembered} 个；其余计入 `(others)`"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use lakewarden_extract::Warning;
    use lakewarden_pipeline::RemarkKind;

    fn note(of: Warning) -> Label {
        match warning("a.csv", &of.to_string()) {
            data::Warning::Note { file, text } => {
                assert_eq!(file, "a.csv");
                text
            }
            other => panic!("{other:?} is no note"),
        }
    }

    #[test]
    fn another_encoding_is_told_apart() {
        let of = Warning::EncodingDiffers { declared: "GB18030", found: "UTF-8" };
        let own = data::Warning::Encoding { file: "a.csv".into(), declared: "GB18030".into(), found: "UTF-8".into() };
        assert_eq!(warning("a.csv", &of.to_string()), own);
    }

    #[test]
    fn what_extraction_says_has_chinese_words() {
        let field = || "手机号".to_owned();
        let cases = [
            (Warning::ContainerDiffers { found: "XLSX" }, "按 XLSX 读取"),
            (Warning::FieldNeverOccurs { field: field(), nearest: false }, "没有记录含有字段 `手机号`"),
            (
                Warning::FieldNeverOccurs { field: field(), nearest: true },
                "没有记录含有字段 `手机号`；有一个未申报字段的名称与它相近",
            ),
            (
                Warning::DamagedRecords { rule: "quote", records: 3, lines: vec![2, 3] },
                "隔离区中有 3 条文本损坏的记录（`quote`），位于第 2, 3, … 行",
            ),
            (
                Warning::MembersSkipped { members: 1, names: vec!["__MACOSX/._a.csv".to_owned()] },
                "压缩包中未读取的成员：1 个（__MACOSX/._a.csv）",
            ),
            (
                Warning::OptionalAbsent { fields: vec!["胸围".to_owned(), "肩宽".to_owned()] },
                "缺少可选字段，按空值读取：胸围, 肩宽",
            ),
            (
                Warning::TypeWidened { field: "数量".to_owned(), found: "decimal with a fraction", values: 4 },
                "字段 `数量` 的类型似乎变成了 decimal with a fraction：隔离区中有 4 个这种值",
            ),
            (Warning::NobodyNamed { records: 3 }, "读不懂、也无法确定是谁的记录：3 条"),
            (Warning::TooManyUndeclaredNames { remembered: 64 }, "未申报的字段超过 64 个；其余计入 `(others)`"),
        ];
        for (of, zh) in cases {
            let english = of.to_string();
            assert_eq!(note(of), Label::new(zh, english));
        }
    }

    #[test]
    fn what_listing_says_has_chinese_words() {
        let cases = [
            (
                RemarkKind::Missing { intervals: vec!["2026-09-03".into(), "2026-09-04".into()], of: 30 },
                "2026-09-03, 2026-09-04 没有文件（30 个区间中缺 2 个）",
            ),
            (RemarkKind::Unmarked { files: 3, marker: "_SUCCESS".into() }, "暂未读取 3 个文件：等待 _SUCCESS"),
            (RemarkKind::Skipped { files: vec!["a/~$a.xlsx".into()] }, "已跳过程序遗留的 1 个文件（a/~$a.xlsx）"),
            (RemarkKind::Young { files: 1, minutes: 15 }, "暂未读取 1 个文件：写入不足 15 分钟"),
        ];
        for (of, zh) in cases {
            let english = of.to_string();
            match warning("a/*.csv", &english) {
                data::Warning::Note { text, .. } => assert_eq!(text, Label::new(zh, english)),
                other => panic!("{other:?} is no note"),
            }
        }
    }

    #[test]
    fn an_unknown_text_is_shown_as_it_is() {
        let shown = warning("a.csv", "something new");
        let text = Label::new("", "something new");
        assert_eq!(shown, data::Warning::Note { file: "a.csv".into(), text });
    }
}
