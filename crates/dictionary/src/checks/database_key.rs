//! Rows of a database that nobody could tell apart.

use super::{Check, Context};
use crate::diagnostic::Problem;
use crate::docs::{DiagnosticDoc, Example};

const CODE: &str = "LW1160";

/// The check and its page.
pub(super) const CHECK: Check = Check {
    doc: DiagnosticDoc {
        code: CODE,
        title: "a dataset that is read from a database has no key",
        what: "The channel is a database, and its dataset declares no `key`.",
        why: "A file is known by its checksum, so it is loaded once. A row of a database is read again when it lies in the overlap, when the watermark is lost, or in each run where there is none. Only its key says that the lake has it; without one it would be loaded twice.",
        mend: "Declare `key` in the dataset's entry: the columns of the table's primary key.",
        example: Example::Edit {
            path: "pipelines/shop/pipeline.yaml",
            good: "  consents: exports/consents/*",
            bad: "  consents: { database: { url: env:CRM_URL, table: consents } }",
        },
    },
    run: check,
};

fn check(context: &Context<'_>, problems: &mut Vec<Problem>) {
    for channel in context.project.pipelines.iter().flat_map(|p| &p.channels) {
        let Some(database) = &channel.database else { continue };
        let Some(dataset) = context.project.dataset(&channel.dataset.value) else { continue };
        if dataset.key.is_empty() && !context.is_broken(&dataset.span, &["key"]) {
            let name = &channel.dataset.value;
            problems.push(
                Problem::error(CODE, database.span.clone(), format!("`{name}` is read from a database and has no key"))
                    .related(dataset.name.span.clone(), "declared here without `key`")
                    .hint(format!("add `key: […]` to schemas/channels/{name}.yaml: the columns of the primary key")),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::after;

    #[test]
    fn rows_of_databases_have_keys() {
        assert_eq!(
            after(
                "pipelines/shop/pipeline.yaml",
                "  consents: exports/consents/*",
                "  consents: { database: { url: env:CRM_URL, table: consents } }"
            ),
            [
                "pipelines/shop/pipeline.yaml:5:25 LW1160 `consents` is read from a database and has no key (add `key: […]` to schemas/channels/consents.yaml: the columns of the primary key) [schemas/channels/consents.yaml:1:10 declared here without `key`]"
            ]
        );
    }
}
