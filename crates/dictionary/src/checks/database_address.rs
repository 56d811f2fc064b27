//! The address of a database in a file of the project.

use super::key_file::is_outside;
use super::{Check, Context};
use crate::diagnostic::Problem;
use crate::docs::{DiagnosticDoc, Example};
use crate::model::DatabaseAddress;

const CODE: &str = "LW1159";

/// The check and its page.
pub(super) const CHECK: Check = Check {
    doc: DiagnosticDoc {
        code: CODE,
        title: "the file with a database's address may lie inside the project",
        what: "`url: file:…` of a database is a relative path, so the address, which holds a password, would lie among the project's own files.",
        why: "Projects are committed, copied and shared, and what lies in them is as well.",
        mend: "Name an absolute path or one in the home folder (`file:~/…`), outside the project.",
        example: Example::Edit {
            path: "pipelines/shop/pipeline.yaml",
            good: "  members: exports/members/*",
            bad: "  members: { database: { url: 'file:secrets/crm.url', table: members } }",
        },
    },
    run: check,
};

fn check(context: &Context<'_>, problems: &mut Vec<Problem>) {
    for channel in context.project.pipelines.iter().flat_map(|p| &p.channels) {
        let Some(database) = &channel.database else { continue };
        let DatabaseAddress::File(path) = &database.url.value else { continue };
        if !is_outside(path) {
            let message = format!("the file `{path}` with the database's address is relative to the project");
            problems.push(
                Problem::error(CODE, database.url.span.clone(), message)
                    .hint("name an absolute path, or one in the home folder: `file:~/.config/lakewarden/crm.url`"),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::after;

    #[test]
    fn addresses_lie_outside() {
        let with = |url: &str| {
            let database = format!("  members: {{ database: {{ url: '{url}', table: members }} }}");
            after("pipelines/shop/pipeline.yaml", "  members: exports/members/*", &database)
        };
        assert_eq!(
            with("file:crm.url"),
            [
                "pipelines/shop/pipeline.yaml:6:31 LW1159 the file `crm.url` with the database's address is relative to the project (name an absolute path, or one in the home folder: `file:~/.config/lakewarden/crm.url`)"
            ]
        );
        assert_eq!(with("file:/etc/lakewarden/crm.url"), [""; 0]);
    }
}
