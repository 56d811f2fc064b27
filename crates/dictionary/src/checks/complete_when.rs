//! A sign of completeness that cannot be seen.

use super::{Check, Context};
use crate::diagnostic::Problem;
use crate::docs::{DiagnosticDoc, Example};
use crate::model::{CompleteWhen, FilePattern, FilePlace};

const CODE: &str = "LW1157";

/// The check and its page.
pub(super) const CHECK: Check = Check {
    doc: DiagnosticDoc {
        code: CODE,
        title: "a sign of completeness that cannot be seen",
        what: "`complete_when` demands nothing, or a marker that is no file's name, or a marker beside the files of a web server.",
        why: "What can never be seen keeps every file waiting for ever; what demands nothing lets half-written files in.",
        mend: "Write `marker: _SUCCESS`, `marker: \"{file}.done\"` or `min_age_minutes: 15`. A web server cannot be asked what lies beside a file: it has only the age.",
        example: Example::Edit {
            path: "pipelines/shop/pipeline.yaml",
            good: "identity:\n",
            bad: "complete_when:\n  members: { marker: done/* }\nidentity:\n",
        },
    },
    run: check,
};

fn check(context: &Context<'_>, problems: &mut Vec<Problem>) {
    for pipeline in &context.project.pipelines {
        for sign in &pipeline.complete_when {
            let files = pipeline.channels.iter().find(|c| c.dataset.value == sign.dataset.value).map(|c| &c.files);
            let on_web = files.is_some_and(|files| {
                FilePattern::parse(files).is_ok_and(|all| all.iter().any(|p| matches!(p.place, FilePlace::Web { .. })))
            });
            if let Some((message, hint)) = fault(sign, on_web) {
                let at = sign.marker.as_ref().map_or(&sign.dataset.span, |marker| &marker.span);
                problems.push(Problem::error(CODE, at.clone(), message).hint(hint));
            }
        }
    }
}

fn fault(sign: &CompleteWhen, on_web: bool) -> Option<(&'static str, &'static str)> {
    let Some(marker) = &sign.marker else {
        let nothing = ("`complete_when` demands nothing", "write `marker: _SUCCESS` or `min_age_minutes: 15`");
        return sign.min_age_minutes.is_none().then_some(nothing);
    };
    if on_web {
        return Some(("a web server cannot be asked for a marker", "write `min_age_minutes: 15`"));
    }
    let name = marker.replacen("{file}", "", 1);
    let is_name =
        !name.is_empty() && !name.contains(['/', '\\', '*', '?', '[', '{', '}']) && name != "." && name != "..";
    (!is_name).then_some(("a marker is a file's name", "write `_SUCCESS`, or `{file}.done` for a marker of each file"))
}

#[cfg(test)]
mod tests {
    use crate::testing::after_all;

    #[test]
    fn signs_can_be_seen() {
        let with = |files: &str, sign: &str| {
            let text = format!("complete_when:\n  members: {sign}\nidentity:\n");
            after_all("pipelines/shop/pipeline.yaml", &[("exports/members/*", files), ("identity:\n", &text)])
        };
        for sound in ["{ marker: _SUCCESS }", "{ marker: \"{file}.done\" }", "{ min_age_minutes: 5 }"] {
            assert_eq!(with("exports/members/*", sound), [""; 0], "{sound}");
        }
        assert_eq!(
            with("exports/members/*", "{ marker: done/* }"),
            [
                "pipelines/shop/pipeline.yaml:8:22 LW1157 a marker is a file's name (write `_SUCCESS`, or `{file}.done` for a marker of each file)"
            ]
        );
        assert_eq!(
            with("https://example.com/members.csv", "{ marker: _SUCCESS }"),
            [
                "pipelines/shop/pipeline.yaml:8:22 LW1157 a web server cannot be asked for a marker (write `min_age_minutes: 15`)"
            ]
        );
        assert_eq!(
            with("exports/members/*", "{}"),
            [
                "pipelines/shop/pipeline.yaml:8:3 LW1157 `complete_when` demands nothing (write `marker: _SUCCESS` or `min_age_minutes: 15`)"
            ]
        );
        for odd in ["\"{file}\"", "..", "\"{date}\""] {
            assert_eq!(with("exports/members/*", &format!("{{ marker: {odd} }}")).len(), 1, "{odd}");
        }
    }
}
