//! What every code means: one page each, with an example that is run as a test.

use crate::{checks, structure};
use std::fmt::Write;
use std::sync::OnceLock;

/// The page of one code.
#[derive(Debug, Clone, Copy)]
pub struct DiagnosticDoc {
    /// The code, `LW` and four digits.
    pub code: &'static str,
    /// The rule in a few words, without a full stop.
    pub title: &'static str,
    /// What the problem is.
    pub what: &'static str,
    /// Why it is one.
    pub why: &'static str,
    /// How to mend it.
    pub mend: &'static str,
    /// A project that has it.
    pub example: Example,
}

/// A small departure from a sound project that shows the problem.
#[derive(Debug, Clone, Copy)]
pub enum Example {
    /// A part of a file is written otherwise.
    Edit {
        /// The file.
        path: &'static str,
        /// How it should be.
        good: &'static str,
        /// How it is.
        bad: &'static str,
    },
    /// A file is missing.
    Missing {
        /// The file.
        path: &'static str,
    },
    /// A file is there that should not be.
    Extra {
        /// The file.
        path: &'static str,
        /// Its text.
        text: &'static str,
    },
}

/// Every code of this crate, in ascending order.
pub fn diagnostics() -> &'static [DiagnosticDoc] {
    static DOCS: OnceLock<Vec<DiagnosticDoc>> = OnceLock::new();
    DOCS.get_or_init(|| {
        let mut docs: Vec<DiagnosticDoc> = structure::DOCS.iter().copied().chain(checks::docs()).collect();
        docs.sort_by_key(|d| d.code);
        docs
    })
}

/// The pages as files for `docs/diagnostics/`: name (`LW1003.md`) and Markdown.
pub fn diagnostic_pages() -> Vec<(String, String)> {
    diagnostics().iter().map(|doc| (format!("{}.md", doc.code), page(doc))).collect()
}

fn page(doc: &DiagnosticDoc) -> String {
    let mut page =
        format!("# {}: {}\n\n<!-- Generated from crates/dictionary; do not edit. -->\n\n", doc.code, doc.title);
    let _ = writeln!(page, "{}\n\n## Why\n\n{}\n\n## Example\n", doc.what, doc.why);
    match doc.example {
        Example::Edit { path, bad, .. } => {
            let _ = writeln!(page, "In `{path}`:\n\n{}", block(path, bad));
        }
        Example::Missing { path } => {
            let _ = writeln!(page, "A project without `{path}`.\n");
        }
        Example::Extra { path, text } => {
            let _ = writeln!(page, "A file `{path}`:\n\n{}", block(path, text));
        }
    }
    let _ = writeln!(page, "## Mend\n\n{}", doc.mend);
    if let Example::Edit { path, good, .. } = doc.example {
        let _ = write!(page, "\n{}", block(path, good));
    }
    page
}

fn block(path: &str, text: &str) -> String {
    let language = if path.ends_with(".sql") { "sql" } else { "yaml" };
    format!("```{language}\n{}\n```\n", text.trim_end())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::testing::{rendered, sample_project, with_example};

    #[test]
    fn codes_are_in_order_and_unique() {
        let codes: Vec<&str> = diagnostics().iter().map(|d| d.code).collect();
        assert!(codes.is_sorted_by(|a, b| a < b), "{codes:?}");
        assert!(codes.iter().all(|c| c.len() == 6 && c.starts_with("LW1")), "{codes:?}");
        assert!(codes.len() >= 34, "{}", codes.len());
    }

    #[test]
    fn the_sample_project_is_sound() {
        let loaded = crate::load(&sample_project());
        assert_eq!(rendered(&loaded.problems), [""; 0]);
    }

    #[test]
    fn every_example_has_its_problem() {
        for doc in diagnostics() {
            let loaded = crate::load(&with_example(doc.example));
            let hinted: Vec<bool> =
                loaded.problems.iter().filter(|p| p.code == doc.code).map(|p| p.hint.is_some()).collect();
            assert!(!hinted.is_empty(), "{}: {:?}", doc.code, rendered(&loaded.problems));
            assert!(hinted.iter().all(|h| *h) || doc.code == "LW1001", "{} gives no hint", doc.code);
        }
    }

    #[test]
    fn pages_say_what_why_and_how_to_mend() {
        for (name, page) in diagnostic_pages() {
            assert!(name.starts_with("LW") && name.ends_with(".md"));
            for heading in ["\n## Why\n", "\n## Example\n", "\n## Mend\n"] {
                assert_eq!(page.matches(heading).count(), 1, "{name}: {heading}");
            }
            assert!(!page.contains("\n\n\n"), "{name} has a gap");
            assert!(!page.contains("```yaml\n\n```"), "{name} shows nothing");
        }
    }
}
