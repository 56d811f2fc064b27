//! The warnings about files, in both languages.

use lakewarden_extract::Warning;
use lakewarden_pipeline::record::{FileWarning, FileWarningKind};
use lakewarden_pipeline::{OneConnection, RemarkKind};
use lakewarden_report::{Label, data};

/// Intervals and files named before the rest is counted.
const NAMED: usize = 5;

/// Renders a warning for the report.
pub(super) fn render_warning(warning: &FileWarning) -> data::Warning {
    let file = warning.file.clone();
    let zh = match &warning.warning {
        FileWarningKind::Extraction(Warning::EncodingDiffers { declared, found }) => {
            return data::Warning::Encoding { file, declared: declared.to_string(), found: found.to_string() };
        }
        FileWarningKind::Extraction(warning) => describe_extraction(warning),
        FileWarningKind::Listing(remark) => describe_listing(remark),
        FileWarningKind::Database(reason) => describe_database(reason),
    };
    data::Warning::Note { file, text: Label::new(zh, warning.warning.to_string()) }
}

fn describe_extraction(warning: &Warning) -> String {
    match warning {
        Warning::EncodingDiffers { declared, found } => format!("申报编码为 {declared}，按 {found} 读取"),
        Warning::ContainerDiffers { found } => format!("按 {found} 读取"),
        Warning::FieldNeverOccurs { field, nearest: true } => {
            format!("没有记录含有字段 `{field}`；有一个未申报字段的名称与它相近")
        }
        Warning::FieldNeverOccurs { field, nearest: false } => format!("没有记录含有字段 `{field}`"),
        Warning::DamagedRecords { rule, records, lines } => {
            let more = if *records > lines.len() as u64 { ", …" } else { "" };
            let lines: Vec<String> = lines.iter().map(u64::to_string).collect();
            format!("隔离区中有 {records} 条文本损坏的记录（`{rule}`），位于第 {}{more} 行", lines.join(", "))
        }
        Warning::MembersSkipped { members, names } => {
            let more = if *members > names.len() as u64 { ", …" } else { "" };
            format!("压缩包中未读取的成员：{members} 个（{}{more}）", names.join(", "))
        }
        Warning::OptionalAbsent { fields } => format!("缺少可选字段，按空值读取：{}", fields.join(", ")),
        Warning::TypeWidened { field, found, values } => {
            format!("字段 `{field}` 的类型似乎变成了 {found}：隔离区中有 {values} 个这种值")
        }
        Warning::NobodyNamed { records } => format!("无法读取且无法确定数据主体的记录：{records} 条"),
        Warning::TotalRow { record } => {
            format!(
                "最后一条记录（第 {record} 条）名为合计，已按数据行读取；如确为合计行，请在 `format` 中声明 `footer`"
            )
        }
        Warning::TooManyUndeclaredNames { remembered } => {
            format!("未申报的字段超过 {remembered} 个；其余计入 `(others)`")
        }
    }
}

fn describe_listing(remark: &RemarkKind) -> String {
    match remark {
        RemarkKind::Missing { intervals, of } => {
            format!("{} 没有文件（{of} 个区间中缺 {} 个）", name_first(intervals), intervals.len())
        }
        RemarkKind::Unmarked { files, marker } => format!("暂未读取 {files} 个文件：等待 {marker}"),
        RemarkKind::Skipped { files } => format!("已跳过程序遗留的 {} 个文件（{}）", files.len(), name_first(files)),
        RemarkKind::Young { files, minutes } => format!("暂未读取 {files} 个文件：写入不足 {minutes} 分钟"),
    }
}

fn describe_database(reason: &OneConnection) -> String {
    let reason = match reason {
        OneConnection::NoSharedSnapshot => "服务器无法在多个连接间共享快照".to_owned(),
        OneConnection::EngineWithoutSnapshots { engine } => format!("存储引擎 {engine} 不支持快照"),
        OneConnection::LockNotPermitted => "用户无权短暂锁表".to_owned(),
        OneConnection::LockTimedOut => "未能及时取得共享快照所需的锁".to_owned(),
    };
    format!("{reason}：由一个连接读取")
}

fn name_first(names: &[String]) -> String {
    let more = if names.len() > NAMED { ", …" } else { "" };
    let named: Vec<&str> = names.iter().take(NAMED).map(String::as_str).collect();
    format!("{}{more}", named.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note(of: FileWarningKind) -> Label {
        match render_warning(&FileWarning { file: "a.csv".to_owned(), warning: of }) {
            data::Warning::Note { file, text } => {
                assert_eq!(file, "a.csv");
                text
            }
            other => panic!("{other:?} is no note"),
        }
    }

    #[test]
    fn another_encoding_is_told_apart() {
        let of = Warning::EncodingDiffers { declared: "GB18030".into(), found: "UTF-8".into() };
        let own = data::Warning::Encoding { file: "a.csv".into(), declared: "GB18030".into(), found: "UTF-8".into() };
        let of = FileWarning { file: "a.csv".to_owned(), warning: FileWarningKind::Extraction(of) };
        assert_eq!(render_warning(&of), own);
    }

    #[test]
    fn what_extraction_says_has_chinese_words() {
        let field = || "手机号".to_owned();
        let cases = [
            (Warning::ContainerDiffers { found: "XLSX".into() }, "按 XLSX 读取"),
            (Warning::FieldNeverOccurs { field: field(), nearest: false }, "没有记录含有字段 `手机号`"),
            (
                Warning::FieldNeverOccurs { field: field(), nearest: true },
                "没有记录含有字段 `手机号`；有一个未申报字段的名称与它相近",
            ),
            (
                Warning::DamagedRecords { rule: "quote".into(), records: 3, lines: vec![2, 3] },
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
                Warning::TypeWidened { field: "数量".to_owned(), found: "decimal with a fraction".into(), values: 4 },
                "字段 `数量` 的类型似乎变成了 decimal with a fraction：隔离区中有 4 个这种值",
            ),
            (Warning::NobodyNamed { records: 3 }, "无法读取且无法确定数据主体的记录：3 条"),
            (
                Warning::TotalRow { record: 7 },
                "最后一条记录（第 7 条）名为合计，已按数据行读取；如确为合计行，请在 `format` 中声明 `footer`",
            ),
            (Warning::TooManyUndeclaredNames { remembered: 64 }, "未申报的字段超过 64 个；其余计入 `(others)`"),
        ];
        for (of, zh) in cases {
            let english = of.to_string();
            assert_eq!(note(FileWarningKind::Extraction(of)), Label::new(zh, english));
        }
    }

    #[test]
    fn what_listing_says_has_chinese_words() {
        let days = |count: u32| (1..=count).map(|day| format!("2026-09-0{day}")).collect();
        let cases = [
            (
                RemarkKind::Missing { intervals: days(2), of: 30 },
                "2026-09-01, 2026-09-02 没有文件（30 个区间中缺 2 个）",
            ),
            (
                RemarkKind::Missing { intervals: days(6), of: 30 },
                "2026-09-01, 2026-09-02, 2026-09-03, 2026-09-04, 2026-09-05, … 没有文件（30 个区间中缺 6 个）",
            ),
            (RemarkKind::Unmarked { files: 3, marker: "_SUCCESS".into() }, "暂未读取 3 个文件：等待 _SUCCESS"),
            (RemarkKind::Skipped { files: vec!["a/~$a.xlsx".into()] }, "已跳过程序遗留的 1 个文件（a/~$a.xlsx）"),
            (RemarkKind::Young { files: 1, minutes: 15 }, "暂未读取 1 个文件：写入不足 15 分钟"),
        ];
        for (of, zh) in cases {
            let english = of.to_string();
            assert_eq!(note(FileWarningKind::Listing(of)), Label::new(zh, english));
        }
    }

    #[test]
    fn how_a_database_was_read_has_chinese_words() {
        let of = OneConnection::EngineWithoutSnapshots { engine: "MyISAM".to_owned() };
        let english = of.to_string();
        let zh = "存储引擎 MyISAM 不支持快照：由一个连接读取";
        assert_eq!(note(FileWarningKind::Database(of)), Label::new(zh, english));
    }
}
