//! A model without a contract.

use super::{Check, Context, goes_by};
use crate::diagnostic::Problem;
use crate::diagnostic::Span;
use crate::docs::{DiagnosticDoc, Example};
use crate::files::FileKind;
use crate::nearest::nearest;

const CODE: &str = "LW1132";

/// The check and its page.
pub(super) const CHECK: Check = Check {
    doc: DiagnosticDoc {
        code: CODE,
        title: "a model has no dictionary entry",
        what: "A pipeline has a model for a table that `schemas/curated/` has no entry for.",
        why: "The entry says for which purpose the model reads, and what it may publish. Without one nothing may be read.",
        mend: "`lakewarden model contract <table> --write` proposes `schemas/curated/<table>.yaml` from the model's plan; fill it in. Or remove the model.",
        example: Example::Extra { path: "pipelines/shop/models/visits.sql", text: "SELECT 1 AS one" },
    },
    run: check,
};

fn check(context: &Context<'_>, problems: &mut Vec<Problem>) {
    let project = context.project;
    let models = || project.pipelines.iter().flat_map(|p| &p.models);
    for model in models() {
        let name = model.name.as_str();
        if project.tables.iter().any(|t| goes_by(&t.name, name)) || context.is_unread(FileKind::Table, name) {
            continue;
        }
        let unfulfilled = project.tables.iter().filter(|t| !models().any(|m| goes_by(&t.name, &m.name)));
        let hint = match nearest(name, unfulfilled.map(|t| t.name.as_str())) {
            Some(table) => format!("is it the table `{table}`? Give both one name"),
            None => format!("lakewarden model contract {name} --write proposes schemas/curated/{name}.yaml"),
        };
        let message = format!("the model `{name}` has no dictionary entry");
        problems.push(Problem::error(CODE, Span::file(&model.path), message).hint(hint));
    }
}

#[cfg(test)]
mod tests {
    use crate::diagnostic::SourceFile;
    use crate::load;
    use crate::testing::{rendered, sample_project};

    #[test]
    fn models_have_entries() {
        let mut files = sample_project();
        files.push(SourceFile { path: "pipelines/shop/models/visits.sql".into(), text: "SELECT 1".into() });
        assert_eq!(
            rendered(&load(&files).problems),
            [
                "pipelines/shop/models/visits.sql:1:1 LW1132 the model `visits` has no dictionary entry (lakewarden model contract visits --write proposes schemas/curated/visits.yaml)"
            ]
        );
    }

    #[test]
    fn a_misnamed_pair_is_recognised() {
        let mut files = sample_project();
        for file in files.iter_mut().filter(|f| f.path.ends_with(".sql")) {
            file.path = "pipelines/shop/models/members_spend.sql".into();
        }
        assert_eq!(
            rendered(&load(&files).problems),
            [
                "pipelines/shop/models/members_spend.sql:1:1 LW1132 the model `members_spend` has no dictionary entry (is it the table `member_spend`? Give both one name)",
                "schemas/curated/member_spend.yaml:1:8 LW1131 the table `member_spend` has no model (is it the model `members_spend`? Give both one name)",
            ]
        );
    }
}
