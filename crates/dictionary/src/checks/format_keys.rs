//! A key of `format` that no file of the dataset is read with.

use super::{Check, Context};
use crate::diagnostic::Problem;
use crate::docs::{DiagnosticDoc, Example};
use crate::model::{Container, CsvHeader, Escape, Format, QUOTE};
use crate::nearest::quoted;

const CODE: &str = "LW1150";

/// The check and its page.
pub(super) const CHECK: Check = Check {
    doc: DiagnosticDoc {
        code: CODE,
        title: "a key of `format` that concerns another container",
        what: "`format` has a key that only files of some containers are read with, and the dataset declares and accepts none of these: `sheet` and `header_row` concern workbooks, `records` concerns `json`, `quote`, `escape`, `header`, `skip_rows` and `comment` concern `csv`, `footer` both `csv` and workbooks, `members` text in zip archives.",
        why: "Whoever wrote it expects something of it, and nothing would come of it.",
        mend: "Remove the key, or name the container under `container` or `accept`.",
        example: Example::Edit {
            path: "schemas/channels/members.yaml",
            good: "format: { container: csv }",
            bad: "format: { container: csv, sheet: Members }",
        },
    },
    run: check,
};

const BOOKS: &[Container] = &[Container::Xlsx, Container::Xls];
const CSV: &[Container] = &[Container::Csv];
const LINES: &[Container] = &[Container::Csv, Container::Xlsx, Container::Xls];
const JSON: &[Container] = &[Container::Json];
const TEXT: &[Container] = &[Container::Csv, Container::Ndjson, Container::Json];

/// The keys, whether they are given, and what they concern.
fn keys(format: &Format) -> [(&'static str, bool, &'static [Container], &'static [&'static str]); 10] {
    let books = ["xlsx", "xls"].as_slice();
    [
        ("quote", format.quote != Some(QUOTE), CSV, &["csv"]),
        ("escape", format.escape != Escape::default(), CSV, &["csv"]),
        ("header", format.header != CsvHeader::default(), CSV, &["csv"]),
        ("skip_rows", format.skip_rows > 0, CSV, &["csv"]),
        ("comment", format.comment.is_some(), CSV, &["csv"]),
        ("footer", format.footer.is_some(), LINES, &["csv", "xlsx", "xls"]),
        ("sheet", format.sheet.is_some(), BOOKS, books),
        ("header_row", format.header_row.is_some(), BOOKS, books),
        ("records", !format.records.0.is_empty(), JSON, &["json"]),
        ("members", format.members.is_some(), TEXT, &["csv", "ndjson", "json"]),
    ]
}

fn check(context: &Context<'_>, problems: &mut Vec<Problem>) {
    for dataset in &context.project.datasets {
        let format = &dataset.format;
        if context.is_broken(&format.span, &["container", "accept"]) {
            continue;
        }
        for (key, given, concerns, words) in keys(format) {
            if given && !concerns.iter().any(|c| format.takes(*c)) {
                let message = format!("`{key}` concerns no file of `{}`", dataset.name.value);
                let hint = format!("remove it; it concerns {}", quoted(words.iter().copied()));
                problems.push(Problem::error(CODE, format.span.clone(), message).hint(hint));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::after;

    const MEMBERS: &str = "schemas/channels/members.yaml";

    fn with(format: &str) -> Vec<String> {
        after(MEMBERS, "format: { container: csv }", &format!("format: {{ container: {format} }}"))
    }

    #[test]
    fn keys_concern_a_container_that_is_read() {
        assert_eq!(
            with("csv, sheet: Members"),
            [
                "schemas/channels/members.yaml:7:9 LW1150 `sheet` concerns no file of `members` (remove it; it concerns `xlsx`, `xls`)"
            ]
        );
        for sound in [
            "csv, accept: [xls], sheet: Members, header_row: 3, footer: Total, skip_rows: 2",
            "json, records: $.rows, members: '*.json'",
            "parquet, accept: [csv], quote: none, comment: '#'",
        ] {
            assert_eq!(with(sound), [""; 0], "{sound}");
        }
        for (key, value) in [("records", "$.a"), ("header_row", "2"), ("sheet", "A")] {
            assert_eq!(with(&format!("csv, {key}: {value}")).len(), 1, "{key}");
        }
        for (key, value) in
            [("quote", "none"), ("skip_rows", "1"), ("comment", "'#'"), ("footer", "T"), ("members", "'*'")]
        {
            assert_eq!(with(&format!("parquet, {key}: {value}")).len(), 1, "{key}");
        }
    }
}
