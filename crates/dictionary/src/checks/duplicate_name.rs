//! Two things with one name.

use super::{Check, Context};
use crate::diagnostic::Problem;
use crate::diagnostic::{Span, Spanned};
use crate::docs::{DiagnosticDoc, Example};
use std::collections::BTreeMap;

const CODE: &str = "LW1102";

/// The check and its page.
pub(super) const CHECK: Check = Check {
    doc: DiagnosticDoc {
        code: CODE,
        title: "a name is taken",
        what: "Two relations (datasets, curated tables), two models, two columns of a table, two fields read from one column of an export, or two purposes have one name.",
        why: "A name in SQL, in a consent log or in a lineage graph must mean one thing.",
        mend: "Rename one of the two.",
        example: Example::Edit {
            path: "schemas/curated/member_spend.yaml",
            good: "  - name: spend\n",
            bad: "  - name: customer_id\n",
        },
    },
    run: check,
};

fn check(context: &Context<'_>, problems: &mut Vec<Problem>) {
    let project = context.project;
    let relations = project.datasets.iter().map(|d| &d.name).chain(project.tables.iter().map(|t| &t.name));
    unique("a dataset or table", relations.map(place), problems);
    for dataset in &project.datasets {
        unique("a field", dataset.fields.iter().map(|f| place(&f.name)), problems);
    }
    for table in &project.tables {
        unique("a column", table.columns.iter().map(|c| place(&c.name)), problems);
    }
    let models = project.pipelines.iter().flat_map(|p| &p.models);
    unique("a model", models.map(|m| (m.name.as_str(), Span::file(&m.path))), problems);
    let purposes = &project.purposes.purposes;
    let names = purposes.iter().map(|p| place(&p.name));
    let aliases = purposes.iter().flat_map(|p| p.aliases.iter().map(|a| (a.as_str(), p.name.span.clone())));
    unique("a purpose", names.chain(aliases), problems);
}

fn place(name: &Spanned<String>) -> (&str, Span) {
    (&name.value, name.span.clone())
}

fn unique<'a>(what: &str, names: impl Iterator<Item = (&'a str, Span)>, problems: &mut Vec<Problem>) {
    let mut seen: BTreeMap<&str, Span> = BTreeMap::new();
    for (name, span) in names {
        let Some(first) = seen.get(name) else {
            seen.insert(name, span);
            continue;
        };
        problems.push(
            Problem::error(CODE, span, format!("the name `{name}` is taken by {what} already"))
                .related(first.clone(), "first here")
                .hint("rename one of the two"),
        );
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::after;

    #[test]
    fn purposes_have_names_and_aliases_of_their_own() {
        assert_eq!(
            after("schemas/purposes.yaml", "aliases: [营销]", "aliases: [analytics]"),
            [
                "schemas/purposes.yaml:6:3 LW1102 the name `analytics` is taken by a purpose already (rename one of the two) [schemas/purposes.yaml:2:3 first here]"
            ]
        );
    }

    #[test]
    fn a_table_cannot_be_called_as_a_dataset() {
        let found = after("schemas/curated/member_spend.yaml", "table: member_spend", "table: members");
        assert!(found.iter().any(|p| p.contains("LW1102 the name `members` is taken")), "{found:?}");
    }
}
