//! CSV signs that cannot be told apart.

use super::{Check, Context};
use crate::diagnostic::Problem;
use crate::docs::{DiagnosticDoc, Example};

const CODE: &str = "LW1151";

/// The check and its page.
pub(super) const CHECK: Check = Check {
    doc: DiagnosticDoc {
        code: CODE,
        title: "signs of a CSV file that cannot be told apart",
        what: "`delimiter` and `quote` are the same sign, or `comment` begins with one of them or holds a line break.",
        why: "A record that begins with an empty or a quoted value would be taken for a remark, and be lost.",
        mend: "Write the signs as the file has them; a file whose values are never enclosed has `quote: none`.",
        example: Example::Edit {
            path: "schemas/channels/members.yaml",
            good: "format: { container: csv }",
            bad: "format: { container: csv, delimiter: \"|\", quote: \"|\" }",
        },
    },
    run: check,
};

fn check(context: &Context<'_>, problems: &mut Vec<Problem>) {
    for dataset in &context.project.datasets {
        let format = &dataset.format;
        if context.is_broken(&format.span, &["delimiter", "quote", "comment"]) {
            continue;
        }
        if format.quote == Some(format.delimiter) {
            let message = "`quote` is the same sign as `delimiter`";
            problems
                .push(Problem::error(CODE, format.span.clone(), message).hint("write `quote: none`, or another sign"));
        }
        let Some(comment) = &format.comment else { continue };
        let first = comment.value.bytes().next();
        if first == Some(format.delimiter) || first.is_some() && first == format.quote {
            let message = "`comment` begins as a record may";
            let hint = "write how remarks begin, such as `#` or `--`";
            problems.push(Problem::error(CODE, comment.span.clone(), message).hint(hint));
        } else if comment.value.contains(['\r', '\n']) {
            let message = "`comment` holds a line break";
            problems.push(Problem::error(CODE, comment.span.clone(), message).hint("write how a line begins"));
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::after;

    const MEMBERS: &str = "schemas/channels/members.yaml";

    #[test]
    fn signs_are_told_apart() {
        let with = |keys: &str| after(MEMBERS, "container: csv }", &format!("container: csv, {keys} }}"));
        assert_eq!(
            with("quote: ','"),
            [
                "schemas/channels/members.yaml:7:9 LW1151 `quote` is the same sign as `delimiter` (write `quote: none`, or another sign)"
            ]
        );
        assert_eq!(
            with("comment: '\"#'"),
            [
                "schemas/channels/members.yaml:7:36 LW1151 `comment` begins as a record may (write how remarks begin, such as `#` or `--`)"
            ]
        );
        assert_eq!(with("delimiter: ';', comment: ';'").len(), 1);
        assert_eq!(with("comment: \"#\\n\"").len(), 1);
        for sound in ["delimiter: ';', quote: \"'\", comment: '#'", "quote: none, comment: '\"'", "comment: '--'"] {
            assert_eq!(with(sound), [""; 0], "{sound}");
        }
    }
}
