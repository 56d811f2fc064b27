//! A small sound project for tests, and ways to break it.
#![allow(clippy::unwrap_used)]

use crate::diagnostic::{Problem, SourceFile, Span};
use crate::docs::Example;
use crate::yaml::{Node, ScalarKind, Value};
use crate::{Loaded, load};

const FILES: [(&str, &str); 7] = [
    ("lakewarden.yaml", include_str!("../tests/shop/lakewarden.yaml")),
    ("schemas/purposes.yaml", include_str!("../tests/shop/schemas/purposes.yaml")),
    ("schemas/channels/consents.yaml", include_str!("../tests/shop/schemas/channels/consents.yaml")),
    ("schemas/channels/members.yaml", include_str!("../tests/shop/schemas/channels/members.yaml")),
    ("schemas/channels/stores.yaml", include_str!("../tests/shop/schemas/channels/stores.yaml")),
    ("schemas/curated/member_spend.yaml", include_str!("../tests/shop/schemas/curated/member_spend.yaml")),
    ("pipelines/shop/pipeline.yaml", include_str!("../tests/shop/pipelines/shop/pipeline.yaml")),
];

/// The sound project.
pub(crate) fn sample_project() -> Vec<SourceFile> {
    let sql = (
        "pipelines/shop/models/member_spend.sql",
        include_str!("../tests/shop/pipelines/shop/models/member_spend.sql"),
    );
    FILES.into_iter().chain([sql]).map(|(path, text)| SourceFile { path: path.into(), text: text.into() }).collect()
}

/// The project after replacements, each of the first place where its text stands in the file.
pub(crate) fn edited(path: &str, edits: &[(&str, &str)]) -> Vec<SourceFile> {
    let mut files = sample_project();
    let file = files.iter_mut().find(|f| &*f.path == path).unwrap();
    for (good, bad) in edits {
        assert!(file.text.contains(good), "{path} does not hold {good:?}");
        file.text = file.text.replacen(good, bad, 1).into();
    }
    files
}

/// The project with the example of a page.
pub(crate) fn with_example(example: Example) -> Vec<SourceFile> {
    match example {
        Example::Edit { path, good, bad } => edited(path, &[(good, bad)]),
        Example::Missing { path } => {
            let mut files = sample_project();
            let before = files.len();
            files.retain(|f| &*f.path != path);
            assert_eq!(files.len(), before - 1, "{path} is not there anyway");
            files
        }
        Example::Extra { path, text } => {
            let mut files = sample_project();
            files.push(SourceFile { path: path.into(), text: text.into() });
            files
        }
    }
}

/// Loads the project after one replacement.
pub(crate) fn load_with(path: &str, good: &str, bad: &str) -> Loaded {
    load(&edited(path, &[(good, bad)]))
}

/// The rendered problems of the project after one replacement.
pub(crate) fn after(path: &str, good: &str, bad: &str) -> Vec<String> {
    rendered(&load_with(path, good, bad).problems)
}

/// The rendered problems of the project after several replacements.
pub(crate) fn after_all(path: &str, edits: &[(&str, &str)]) -> Vec<String> {
    rendered(&load(&edited(path, edits)).problems)
}

/// Problems in one line each.
pub(crate) fn rendered(problems: &[Problem]) -> Vec<String> {
    let place = |span: &Span| format!("{}:{}:{}", span.path, span.line, span.column);
    problems
        .iter()
        .map(|p| {
            let hint = p.hint.as_ref().map(|h| format!(" ({h})")).unwrap_or_default();
            let related = p.related.as_ref().map(|(s, l)| format!(" [{} {l}]", place(s))).unwrap_or_default();
            format!("{} {} {}{hint}{related}", place(&p.span), p.code, p.message)
        })
        .collect()
}

/// A YAML text as editors see it.
pub(crate) fn as_json(text: &str) -> serde_json::Value {
    let mut problems = Vec::new();
    let node = crate::yaml::parse(&"a.yaml".into(), text, &mut problems).unwrap();
    assert!(problems.is_empty(), "{problems:?}");
    json(&node)
}

fn json(node: &Node) -> serde_json::Value {
    match &node.value {
        Value::Nothing | Value::Unreadable => serde_json::Value::Null,
        Value::Scalar(text, ScalarKind::Text) => text.as_str().into(),
        Value::Scalar(text, _) => serde_json::from_str(text).unwrap(),
        Value::List(items) => items.iter().map(json).collect(),
        Value::Map(entries) => {
            serde_json::Value::Object(entries.iter().map(|e| (e.key.clone(), json(&e.value))).collect())
        }
    }
}
