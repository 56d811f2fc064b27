//! A password among the declarative files.

use super::{Check, Context};
use crate::diagnostic::Problem;
use crate::docs::{DiagnosticDoc, Example};

const CODE: &str = "LW1158";

/// The check and its page.
pub(super) const CHECK: Check = Check {
    doc: DiagnosticDoc {
        code: CODE,
        title: "a password stands in the project",
        what: "The `url` of a database holds a password, or what may be one.",
        why: "Projects are committed, copied and shown in reviews. A password in one is known to all who ever see a copy, and cannot be called back.",
        mend: "Change the password, for it has been written down. Put the address into an environment variable (`env:NAME`) or into a file of mode 0600 outside the project (`file:~/…`).",
        example: Example::Edit {
            path: "pipelines/shop/pipeline.yaml",
            good: "  members: exports/members/*",
            bad: "  members: { database: { url: 'postgres://shop:secret@db.example.com/crm', table: members } }",
        },
    },
    run: check,
};

fn check(context: &Context<'_>, problems: &mut Vec<Problem>) {
    for channel in context.project.pipelines.iter().flat_map(|p| &p.channels) {
        let Some(database) = &channel.database else { continue };
        if database.url.value.has_password() {
            let variable = format!("{}_DB_URL", channel.dataset.value.to_uppercase());
            let hint = format!("write `url: env:{variable}`, and change the password");
            // The place is the channel's name, not the address: what is pointed at is shown.
            problems.push(
                Problem::error(CODE, channel.dataset.span.clone(), "the address of the database holds a password")
                    .hint(hint),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::after;

    const PIPELINE: &str = "pipelines/shop/pipeline.yaml";
    const FILES: &str = "  members: exports/members/*";

    #[test]
    fn passwords_do_not_stand_in_projects() {
        for url in ["postgres://shop:hunter2@db.example.com/crm", "mysql://db.example.com/crm?user=a&password=hunter2"]
        {
            let database = format!("  members:\n    database: {{ url: '{url}', table: members }}");
            assert_eq!(
                after(PIPELINE, FILES, &database),
                [
                    "pipelines/shop/pipeline.yaml:6:3 LW1158 the address of the database holds a password (write `url: env:MEMBERS_DB_URL`, and change the password)"
                ]
            );
        }
        for url in ["env:SHOP", "'postgres://shop@db.example.com/crm'", "file:~/shop.url"] {
            let database = format!("  members: {{ database: {{ url: {url}, table: members }} }}");
            assert_eq!(after(PIPELINE, FILES, &database), [""; 0], "{url}");
        }
    }
}
