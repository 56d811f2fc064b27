//! Two formats of times that differ in which number is the day and which the month.

use super::{Check, Context};
use crate::diagnostic::Problem;
use crate::docs::{DiagnosticDoc, Example};

const CODE: &str = "LW1271";

/// The check and its page.
pub(super) const CHECK: Check = Check {
    doc: DiagnosticDoc {
        code: CODE,
        title: "two time formats swap day and month",
        what: "A field declares two formats under `time_format` that are the same but for day and month, such as `%d/%m/%Y` and `%m/%d/%Y`.",
        why: "Of a day up to the 12th nobody can tell which format it is written in: `03/04/2026` would be read by the first, and be a month off where the second was meant.",
        mend: "Declare the one that the export has. Where two exports write dates differently, give each its own dataset, or have one of them write `%Y-%m-%d`.",
        example: Example::Edit {
            path: "schemas/channels/members.yaml",
            good: "time_format: [\"%Y-%m-%d\", \"%Y/%m/%d\"]",
            bad: "time_format: [\"%d/%m/%Y\", \"%m/%d/%Y\"]",
        },
    },
    run: check,
};

fn check(context: &Context<'_>, problems: &mut Vec<Problem>) {
    for field in context.project.datasets.iter().flat_map(|dataset| &dataset.fields) {
        let formats: Vec<String> = field.time_formats.iter().map(|format| plain(format)).collect();
        for (at, first) in formats.iter().enumerate() {
            let Some(second) = formats[at + 1..].iter().position(|second| *second == swapped(first) && second != first)
            else {
                continue;
            };
            let (first, second) = (&field.time_formats[at], &field.time_formats[at + 1 + second]);
            let message = format!(
                "`{}` may be written as `{first}` or as `{second}`: of a day up to the 12th it cannot be told which",
                field.column.value
            );
            problems.push(
                Problem::error(CODE, field.column.span.clone(), message)
                    .hint(format!("declare one of them under `time_format`: `{first}` or `{second}`")),
            );
        }
    }
}

/// A format without what does not matter when text is read: padding, and abbreviations of several specifiers.
fn plain(format: &str) -> String {
    let mut plain = format.to_owned();
    let same =
        [("%D", "%m/%d/%y"), ("%x", "%m/%d/%y"), ("%F", "%Y-%m-%d"), ("%T", "%H:%M:%S"), ("%R", "%H:%M"), ("%e", "%d")];
    for (short, long) in same {
        plain = plain.replace(short, long);
    }
    for padding in ["%-", "%_", "%0"] {
        plain = plain.replace(padding, "%");
    }
    plain
}

fn swapped(format: &str) -> String {
    format.replace("%d", "%\0").replace("%m", "%d").replace("%\0", "%m")
}

#[cfg(test)]
mod tests {
    use crate::testing::after;

    #[test]
    fn formats_that_swap_day_and_month_are_refused() {
        let found = |formats: &str| {
            let declared = format!("time_format: {formats}");
            let found = after("schemas/channels/members.yaml", "time_format: [\"%Y-%m-%d\", \"%Y/%m/%d\"]", &declared);
            found.into_iter().filter(|problem| problem.contains("LW1271")).count()
        };
        for formats in [
            r#"["%d/%m/%Y", "%m/%d/%Y"]"#,
            r#"["%Y-%m-%d", "%-d/%-m/%y", "%D"]"#,
            r#"["%m%d%Y", "%d%m%Y"]"#,
            r#"["%d.%m.%Y %H:%M", "%m.%d.%Y %R"]"#,
        ] {
            assert_eq!(found(formats), 1, "{formats}");
        }
        for formats in [
            r#"["%d.%m.%Y", "%m/%d/%Y"]"#,
            r#"["%d/%m/%Y", "%d/%m/%Y"]"#,
            r#"["%d/%m/%Y", "%-d/%-m/%Y"]"#,
            r#"["%Y-%m", "%d/%m/%Y %H:%M"]"#,
        ] {
            assert_eq!(found(formats), 0, "{formats}");
        }
    }
}
