//! Datasets that wait for one another.

use super::{Check, Context};
use crate::diagnostic::{Problem, Span};
use crate::docs::{DiagnosticDoc, Example};
use crate::model::{Dataset, Rule};
use std::collections::BTreeMap;

const CODE: &str = "LW1169";

/// The check and its page.
pub(super) const CHECK: Check = Check {
    doc: DiagnosticDoc {
        code: CODE,
        title: "references go in a circle",
        what: "A dataset refers to itself, or to one that refers back to it, directly or through others.",
        why: "The files of a dataset are loaded after those that it refers to. In a circle none could be the first.",
        mend: "Take one of the references out, or make it a test of a model, which sees both.",
        example: Example::Edit {
            path: "schemas/channels/members.yaml",
            good: "{ between: { min: 0, max: 1000000 } }",
            bad: "{ references: members.points }",
        },
    },
    run: check,
};

fn check(context: &Context<'_>, problems: &mut Vec<Problem>) {
    let datasets = &context.project.datasets;
    let edges: BTreeMap<&str, Vec<(&str, &Span)>> = datasets.iter().map(|d| (d.name.as_str(), edges(d))).collect();
    for dataset in datasets {
        let own = dataset.name.as_str();
        let Some((span, through)) = circle(own, &edges) else { continue };
        // Told once: by the first of the circle, in the order of names.
        if through.iter().any(|name| *name < own) {
            continue;
        }
        let mut way = vec![own];
        way.extend(through);
        let message = format!("references go in a circle: {} → {own}", way.join(" → "));
        problems.push(Problem::error(CODE, span.clone(), message).hint("take one of these references out"));
    }
}

fn edges(dataset: &Dataset) -> Vec<(&str, &Span)> {
    let rules = dataset.fields.iter().flat_map(|f| &f.rules);
    rules
        .filter_map(|rule| match &rule.rule.value {
            Rule::References { dataset, .. } => Some((dataset.as_str(), &rule.rule.span)),
            _ => None,
        })
        .collect()
}

/// The first reference of a circle through `start`, and those between; `None` if there is no such circle.
fn circle<'a>(start: &str, edges: &BTreeMap<&'a str, Vec<(&'a str, &'a Span)>>) -> Option<(&'a Span, Vec<&'a str>)> {
    for (first, span) in edges.get(start)? {
        let mut open = vec![vec![*first]];
        let mut seen = vec![*first];
        while let Some(way) = open.pop() {
            let last = *way.last()?;
            if last == start {
                return Some((span, way[..way.len() - 1].to_vec()));
            }
            for (next, _) in edges.get(last).into_iter().flatten() {
                if !seen.contains(next) {
                    seen.push(next);
                    open.push(way.iter().copied().chain([*next]).collect());
                }
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use crate::testing::{edited, rendered};

    const MEMBERS: &str = "schemas/channels/members.yaml";

    #[test]
    fn circles_are_told_once_with_their_way() {
        let mut files =
            edited(MEMBERS, &[("{ between: { min: 0, max: 1000000 } }", "{ references: stores.store_code }")]);
        let of = |files: &[crate::SourceFile]| -> Vec<String> {
            rendered(&crate::load(files).problems).into_iter().filter(|p| p.contains("LW1169")).collect()
        };
        assert!(of(&files).is_empty());
        if let Some(stores) = files.iter_mut().find(|f| f.path.ends_with("stores.yaml")) {
            stores.text = stores.text.replace("rules: [required]", "rules: [{ references: members.points }]").into();
        }
        let told = of(&files);
        assert_eq!(
            told,
            [
                "schemas/channels/members.yaml:69:15 LW1169 references go in a circle: members → stores → members (take one of these references out)"
            ]
        );
    }
}
