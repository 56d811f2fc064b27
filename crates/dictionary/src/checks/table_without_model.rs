//! A contract that nothing fulfils.

use super::{Check, Context, goes_by};
use crate::diagnostic::Problem;
use crate::docs::{DiagnosticDoc, Example};
use crate::nearest::nearest;

const CODE: &str = "LW1131";

/// The check and its page.
pub(super) const CHECK: Check = Check {
    doc: DiagnosticDoc {
        code: CODE,
        title: "a curated table has no model",
        what: "`schemas/curated/` has an entry for a table that no pipeline has a model for.",
        why: "The entry promises a table that will never be published.",
        mend: "Write `pipelines/<pipeline>/models/<table>.sql`, or remove the entry.",
        example: Example::Missing { path: "pipelines/shop/models/member_spend.sql" },
    },
    run: check,
};

fn check(context: &Context<'_>, problems: &mut Vec<Problem>) {
    let project = context.project;
    let models = || project.pipelines.iter().flat_map(|p| &p.models).map(|m| m.name.as_str());
    let claimed = |model: &str| project.tables.iter().any(|t| goes_by(&t.name, model));
    for table in &project.tables {
        let name = table.name.as_str();
        if models().chain(context.unread.models.iter().map(String::as_str)).any(|m| goes_by(&table.name, m)) {
            continue;
        }
        let hint = match nearest(name, models().filter(|m| !claimed(m))) {
            Some(model) => format!("is it the model `{model}`? Give both one name"),
            None => format!("write pipelines/<pipeline>/models/{name}.sql, or remove this entry"),
        };
        let message = format!("the table `{name}` has no model");
        problems.push(Problem::error(CODE, table.name.span.clone(), message).hint(hint));
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::after;

    use crate::load;
    use crate::testing::{rendered, sample_project};

    #[test]
    fn tables_have_models() {
        let files: Vec<_> = sample_project().into_iter().filter(|f| !f.path.ends_with(".sql")).collect();
        assert_eq!(
            rendered(&load(&files).problems),
            [
                "schemas/curated/member_spend.yaml:1:8 LW1131 the table `member_spend` has no model (write pipelines/<pipeline>/models/member_spend.sql, or remove this entry)"
            ]
        );
    }

    #[test]
    fn a_model_of_a_broken_pipeline_is_there() {
        let found = after("pipelines/shop/pipeline.yaml", "pipeline: shop", "pipeline: [shop");
        assert_eq!(found.len(), 1, "{found:?}");
    }
}
