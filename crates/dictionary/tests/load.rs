//! `load` as its callers see it: everything at once, nothing twice, never a panic.
#![allow(clippy::unwrap_used)]

use lakewarden_dictionary::{FileKind, Loaded, Problem, Severity, SourceFile, load};
use proptest::prelude::*;

fn file(path: &str, text: &str) -> SourceFile {
    SourceFile { path: path.into(), text: text.into() }
}

/// Problems as a terminal would list them.
fn rendered(problems: &[Problem]) -> String {
    let mut lines = Vec::new();
    for p in problems {
        let severity = if p.severity == Severity::Error { "error" } else { "warning" };
        lines.push(format!("{}:{}:{} {severity} {}: {}", p.span.path, p.span.line, p.span.column, p.code, p.message));
        if let Some((span, label)) = &p.related {
            lines.push(format!("    {}:{}:{} {label}", span.path, span.line, span.column));
        }
        lines.extend(p.hint.iter().map(|hint| format!("    hint: {hint}")));
    }
    lines.join("\n")
}

#[test]
fn a_broken_project_shows_everything_at_once() {
    let loaded = load(&[
        file("lakewarden.yaml", include_str!("broken/lakewarden.yaml")),
        file("schemas/purposes.yaml", include_str!("broken/schemas/purposes.yaml")),
        file("schemas/channels/orders.yaml", include_str!("broken/schemas/channels/orders.yaml")),
        file("schemas/channels/unclosed.yaml", include_str!("broken/schemas/channels/unclosed.yaml")),
        file("schemas/chanels/lost.yaml", "dataset: lost\n"),
        file("schemas/curated/revenue.yaml", include_str!("broken/schemas/curated/revenue.yaml")),
        file("pipelines/main/pipeline.yaml", include_str!("broken/pipelines/main/pipeline.yaml")),
        file("pipelines/main/models/revenues.sql", "SELECT 1"),
    ]);
    assert!(loaded.has_errors());
    insta::assert_snapshot!(rendered(&loaded.problems));

    // What was not broken is there.
    let orders = loaded.project.dataset("order").unwrap();
    assert_eq!(orders.fields.len(), 4);
    assert_eq!(orders.column("amount").unwrap().label.en, "Amount");
    assert!(loaded.problems.is_sorted_by_key(|p| (p.span.path.clone(), p.span.start)));
}

#[test]
fn an_empty_folder_is_told_how_to_begin() {
    let loaded = load(&[]);
    assert_eq!(
        rendered(&loaded.problems),
        "lakewarden.yaml:1:1 error LW1002: there is no `lakewarden.yaml` here\n    hint: run `lakewarden init` to make a project, or go to the folder that has one"
    );
}

#[test]
fn warnings_stop_nothing() {
    let settings = file("lakewarden.yaml", "project: p\ntime_zone: UTC\n");
    let loaded = load(&[settings, file("schemas/x.yml", "")]);
    assert_eq!(loaded.problems.len(), 1);
    assert!(!loaded.has_errors());
}

#[test]
fn the_order_of_files_does_not_matter() {
    let mut files = vec![
        file("pipelines/main/pipeline.yaml", include_str!("broken/pipelines/main/pipeline.yaml")),
        file("schemas/channels/orders.yaml", include_str!("broken/schemas/channels/orders.yaml")),
        file("lakewarden.yaml", include_str!("broken/lakewarden.yaml")),
    ];
    let one = load(&files);
    files.reverse();
    assert_eq!(load(&files).problems, one.problems);
}

#[test]
fn the_repository_s_own_till_export_loads() {
    let loaded = load(&[
        file(
            "lakewarden.yaml",
            "project: retail\ntime_zone: Asia/Shanghai\nconsent_log: none\nconsent_log_reason: One export only.\n",
        ),
        file("schemas/purposes.yaml", include_str!("../../../schemas/purposes.yaml")),
        file("schemas/channels/pos_sales.yaml", TILL),
    ]);
    assert_eq!(rendered(&loaded.problems), "");
    let till = loaded.project.dataset("pos_sales").unwrap();
    assert!(till.has_subjects());
    assert_eq!(till.column("kind").unwrap().map[1], ("退货".to_owned(), "return".to_owned()));
    assert_eq!(till.key.iter().map(|k| k.as_str()).collect::<Vec<_>>(), ["receipt_no", "line_no"]);
}

/// A real entry.
const TILL: &str = include_str!("../../../schemas/channels/pos_sales.yaml");

/// Places must lie inside their file, and columns and lines must be those of the offset.
fn assert_places(files: &[SourceFile], loaded: &Loaded) -> Result<(), TestCaseError> {
    let spans = loaded.problems.iter().flat_map(|p| std::iter::once(&p.span).chain(p.related.iter().map(|(s, _)| s)));
    for span in spans {
        let Some(file) = files.iter().find(|f| f.path == span.path) else {
            continue;
        };
        prop_assert!(span.start <= span.end && span.end <= file.text.len(), "{span:?}");
        prop_assert!(file.text.is_char_boundary(span.start) && file.text.is_char_boundary(span.end), "{span:?}");
        let line = file.text[..span.start].matches('\n').count() as u32 + 1;
        prop_assert_eq!(span.line, line);
    }
    Ok(())
}

const PATHS: [&str; 5] = [
    "lakewarden.yaml",
    "schemas/purposes.yaml",
    "schemas/channels/orders.yaml",
    "schemas/curated/revenue.yaml",
    "pipelines/main/pipeline.yaml",
];

/// Pieces that the files are made of, so that random rows of them reach deep.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "dataset",
        "table",
        "fields",
        "columns",
        "label",
        "treatment",
        "pseudonymise",
        "by_field",
        "rules",
        "between",
        "min",
        "generalise",
        "grid",
        "mask",
        "keep_first",
        "purposes",
        "parent",
        "key",
        "command",
        "file",
        "map",
        "in",
        ": ",
        ":\n",
        "\n",
        "\n  ",
        "\n    ",
        "\n  - ",
        "- ",
        "[",
        "]",
        "{",
        "}",
        ", ",
        "'",
        "\"",
        "#",
        "&a ",
        "*a ",
        "!t ",
        "? ",
        "| ",
        "~",
        "1",
        "-1",
        "99999999999999999999",
        "1.5",
        "true",
        "P5Y",
        "decimal(12, 2)",
        "手机号",
        "\r\n",
        "\u{feff}",
        "\t",
        "---\n",
        "...\n",
        "%",
        "@",
        "\\",
    ]);
    prop::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

/// A sound file with some of its characters exchanged.
fn damaged() -> impl Strategy<Value = String> {
    let text: Vec<char> = TILL.chars().collect();
    let wounds = prop::collection::vec(
        (
            0..text.len(),
            prop::sample::select(vec![':', '\n', ' ', '{', '[', ']', '"', '-', '1', '#', '&', '*', '\u{e000}', '号']),
        ),
        1..12,
    );
    wounds.prop_map(move |wounds| {
        let mut text = text.clone();
        for (index, c) in wounds {
            text[index] = c;
        }
        text.into_iter().collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_text_never_panics(text in any::<String>(), path in prop::sample::select(PATHS.to_vec())) {
        let files = [file(path, &text)];
        assert_places(&files, &load(&files))?;
    }

    #[test]
    fn rows_of_pieces_never_panic(text in pieces(), path in prop::sample::select(PATHS.to_vec())) {
        let files = [file(path, &text)];
        assert_places(&files, &load(&files))?;
    }

    #[test]
    fn damaged_files_never_panic(text in damaged()) {
        let files = [file("schemas/channels/pos_sales.yaml", &text)];
        assert_places(&files, &load(&files))?;
    }

    #[test]
    fn arbitrary_paths_never_panic(path in "[a-z/.*号]{0,40}") {
        let known = FileKind::of(&path);
        let loaded = load(&[file(&path, "a: 1")]);
        prop_assert!(loaded.has_errors() || known == Some(FileKind::Settings));
    }
}
