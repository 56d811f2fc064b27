//! An address of exports that means nothing.

use super::{Check, Context};
use crate::diagnostic::Problem;
use crate::docs::{DiagnosticDoc, Example};
use crate::model::FilePattern;

const CODE: &str = "LW1155";

/// The check and its page.
pub(super) const CHECK: Check = Check {
    doc: DiagnosticDoc {
        code: CODE,
        title: "an address of exports that means nothing",
        what: "Where a channel's files arrive is written so that no file can be found by it: another kind of storage, a brace that is no part of a date, a day without its month, a wildcard in a web address, a user name or a password.",
        why: "A run would find nothing, or other files than were meant. A password in a project's file is read by whoever reads the project.",
        mend: "Write a path, or an address that begins with `s3://`, `gs://`, `az://`, `abfs://` or `https://`. The date of a file's data is `{date}`, `{date:%Y%m%d}`, or `{year}`, `{month}`, `{day}`, `{hour}` each by itself. Credentials come from the environment.",
        example: Example::Edit {
            path: "pipelines/shop/pipeline.yaml",
            good: "  members: exports/members/*",
            bad: "  members: s3://shop-exports/members/dt={today}/*.csv",
        },
    },
    run: check,
};

fn check(context: &Context<'_>, problems: &mut Vec<Problem>) {
    let channels = context.project.pipelines.iter().flat_map(|p| &p.channels);
    for channel in channels.filter(|channel| channel.database.is_none()) {
        if let Err(error) = FilePattern::parse(&channel.files) {
            problems.push(Problem::error(CODE, channel.files.span.clone(), error.to_string()).hint(error.hint()));
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::after;

    const PIPELINE: &str = "pipelines/shop/pipeline.yaml";

    #[test]
    fn addresses_are_understood() {
        let after = |address: &str| after(PIPELINE, "exports/members/*", address);
        assert_eq!(
            after("s3://shop/dt={today}/*"),
            [
                "pipelines/shop/pipeline.yaml:6:12 LW1155 `{today}` is no part of a date and no list (write {date}, {date:%Y%m%d}, {year}, {month}, {day}, {hour}, or a list such as {shop,web})"
            ]
        );
        assert_eq!(
            after("https://me:word@example.com/members.csv"),
            [
                "pipelines/shop/pipeline.yaml:6:12 LW1155 the address holds a user name or a password (take it out: credentials come from the environment (see docs/sources.md))"
            ]
        );
        for sound in ["s3://shop/dt={date}/*.csv.gz", "az://shop/{year}/{month}/**/*", "https://example.com/{a,b}.csv"]
        {
            assert_eq!(after(sound), [""; 0], "{sound}");
        }
    }
}
