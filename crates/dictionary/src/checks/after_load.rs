//! Files that nothing can be done with once they are loaded.

use super::{Check, Context};
use crate::diagnostic::Problem;
use crate::docs::{DiagnosticDoc, Example};
use crate::model::{AfterLoadAction, FilePattern, FilePlace};
use crate::nearest::hint_for;

const CODE: &str = "LW1291";

/// The check and its page.
pub(super) const CHECK: Check = Check {
    doc: DiagnosticDoc {
        code: CODE,
        title: "`after_load` cannot be carried out",
        what: "`after_load` of a pipeline names a dataset that is not among its `channels`, or one that is read from a database or a web server; or its archive has no path, has wildcards, is in the folder that the channel reads, or is not a path in the bucket of the channel.",
        why: "Exports would stay in clear text although they are declared to go; an archive that the channel reads would be loaded again.",
        mend: "Name a dataset of `channels` with files in a folder or bucket, and an archive outside of that folder.",
        example: Example::Edit {
            path: "pipelines/shop/pipeline.yaml",
            good: "identity:\n",
            bad: "after_load:\n  members: { archive: exports/members/done }\nidentity:\n",
        },
    },
    run: check,
};

fn check(context: &Context<'_>, problems: &mut Vec<Problem>) {
    for pipeline in &context.project.pipelines {
        for after in &pipeline.after_load {
            let known = || pipeline.channels.iter().map(|channel| channel.dataset.as_str());
            let Some(channel) = pipeline.channels.iter().find(|channel| channel.dataset.value == after.dataset.value)
            else {
                let message = format!("`after_load` names no channel: `{}`", after.dataset.value);
                problems.push(Problem::error(CODE, after.dataset.span.clone(), message).hint(hint_for(
                    &after.dataset,
                    known(),
                    "name a dataset of `channels`",
                )));
                continue;
            };
            if after.action == AfterLoadAction::Keep {
                continue;
            }
            let found = match channel.database {
                Some(_) => Some(("the rows of a database are no files", "remove it from `after_load`")),
                None => FilePattern::parse(&channel.files)
                    .ok()
                    .and_then(|patterns| patterns.iter().find_map(|pattern| fault(pattern, &after.action))),
            };
            if let Some((message, hint)) = found {
                problems.push(Problem::error(CODE, after.span.clone(), message).hint(hint));
            }
        }
    }
}

fn fault(pattern: &FilePattern, action: &AfterLoadAction) -> Option<(&'static str, &'static str)> {
    if let FilePlace::Web { .. } = pattern.place {
        return Some(("files of a web server cannot be deleted", "remove it from `after_load`"));
    }
    let AfterLoadAction::Archive(archive) = action else { return None };
    let odd = archive.trim().is_empty() || archive.contains(['*', '?', '[', ']', '{', '}', '\\']);
    if odd || archive.contains("://") {
        return Some((
            "an archive is a folder's path",
            "write a path such as `../archive/members`; of a bucket's files one in the same bucket",
        ));
    }
    let parts = |path: &str| -> Vec<String> {
        path.split('/').filter(|part| !part.is_empty() && *part != ".").map(str::to_owned).collect()
    };
    let read: Vec<String> = pattern.folder().map(str::to_owned).collect();
    let absolute = matches!(pattern.place, FilePlace::Folder { absolute: true });
    let same_root = match pattern.place {
        FilePlace::Folder { .. } => absolute == archive.starts_with('/'),
        FilePlace::Bucket { .. } | FilePlace::Web { .. } => true,
    };
    (same_root && parts(archive).starts_with(&read)).then_some((
        "the archive is in the folder that the channel reads",
        "write a path outside of it, such as `../archive/members`",
    ))
}

#[cfg(test)]
mod tests {
    use crate::testing::after;

    #[test]
    fn files_can_be_moved_where_they_are_not_read_again() {
        let with = |text: &str| {
            let text = format!("after_load:\n  {text}\nidentity:\n");
            after("pipelines/shop/pipeline.yaml", "identity:\n", &text)
        };
        for sound in [
            "members: delete",
            "members: keep",
            "members: { archive: ../a }",
            "members: { archive: exports/old }",
            "members: { archive: /srv/a }",
        ] {
            assert_eq!(with(sound), [""; 0], "{sound}");
        }
        for (text, message) in [
            ("member: delete", "`after_load` names no channel: `member` (did you mean `members`?)"),
            ("members: { archive: exports/members/old }", "the archive is in the folder that the channel reads"),
            ("members: { archive: ./exports/members }", "the archive is in the folder that the channel reads"),
            ("members: { archive: s3://bucket/old }", "an archive is a folder's path"),
            ("members: { archive: \"a/*\" }", "an archive is a folder's path"),
        ] {
            let found = with(text);
            assert!(found.len() == 1 && found[0].contains(&format!("LW1291 {message}")), "{text}: {found:?}");
        }
    }
}
