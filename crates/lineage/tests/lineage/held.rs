//! Files that hold what is expected, written anew with `INSTA_UPDATE=always`, as snapshots are.

use std::path::Path;

pub(crate) fn updating() -> bool {
    std::env::var("INSTA_UPDATE").is_ok_and(|how| how == "always")
}

/// Compares `text` with the file at `path`, from the repository's root.
pub(crate) fn held(path: &str, text: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path);
    if updating() {
        std::fs::write(&file, text).unwrap();
        return;
    }
    let expected = std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{path}: {error}"));
    let differences: Vec<_> = expected
        .lines()
        .filter(|line| !text.lines().any(|other| other == *line))
        .map(|line| format!("- {line}"))
        .chain(
            text.lines().filter(|line| !expected.lines().any(|other| other == *line)).map(|line| format!("+ {line}")),
        )
        .collect();
    assert!(
        expected == text,
        "{path} is not what is found now ({} lines differ; INSTA_UPDATE=always writes it anew)\n{}",
        differences.len(),
        differences.join("\n")
    );
}
