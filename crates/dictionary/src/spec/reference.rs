//! The declaration as a page for readers.

use super::{Choice, Key, Kind, ObjectSpec, WordDoc, of};
use crate::files::FileKind;
use std::fmt::Write;

/// The reference of all keys of all files, in Markdown: one chapter a kind of file, one table an object.
pub fn reference_markdown() -> String {
    let mut page = String::from(
        "# Reference of the declarative files\n\n\
         <!-- Generated from crates/dictionary/src/spec; do not edit. -->\n\n\
         Every key that a project's files may have. A key that is not listed is refused. The JSON Schemas beside\n\
         this page say the same to editors; `docs/diagnostics/` explains what `lakewarden check` says.\n",
    );
    let mut told = Vec::new();
    for kind in FileKind::ALL {
        let spec = of(kind);
        let _ = write!(page, "\n## `{}`\n\n{}\n", kind.pattern(), spec.doc);
        keys(spec.keys, &mut page);
        let mut open: Vec<&'static Kind> = spec.keys.iter().map(|k| &k.kind).collect();
        open.reverse();
        while let Some(kind) = open.pop() {
            match inner(kind) {
                Kind::Object(spec) | Kind::WordOr(_, spec) if !told.contains(&spec.name) => {
                    told.push(spec.name);
                    object(spec, &mut page);
                    open.extend(spec.keys.iter().rev().map(|k| &k.kind));
                }
                Kind::Choice(spec) if !told.contains(&spec.name) => {
                    told.push(spec.name);
                    choice(spec, &mut page);
                    open.extend(spec.keys.iter().rev().map(|k| &k.kind));
                }
                _ => {}
            }
        }
    }
    page
}

/// The kind of what a list or map holds, or the kind itself.
fn inner(kind: &'static Kind) -> &'static Kind {
    match kind {
        Kind::List(kind) | Kind::OneOrList(kind) | Kind::Map(_, kind) => inner(kind),
        kind => kind,
    }
}

fn object(spec: &'static ObjectSpec, page: &mut String) {
    let _ = write!(page, "\n### {}\n\n{}\n", capital(spec.noun()), spec.doc);
    keys(spec.keys, page);
}

fn choice(choice: &'static Choice, page: &mut String) {
    let noun = choice.name.split_once(' ').map_or(choice.name, |(_, noun)| noun);
    let _ = write!(page, "\n### {}\n\n{} Either {}", capital(noun), choice.doc, described(&choice.scalar));
    let _ = writeln!(page, ", or an object with exactly one of these keys:");
    keys(choice.keys, page);
    if let Kind::Word(words) = choice.scalar {
        page.push('\n');
        words_list(&words(), page);
    }
}

fn keys(keys: &'static [Key], page: &mut String) {
    page.push_str("\n| key | value | needed | meaning |\n|---|---|---|---|\n");
    for key in keys {
        let needed = match (key.required, key.absent) {
            (true, _) => "yes".to_owned(),
            (false, Some(absent)) => format!("no; absent: {absent}"),
            (false, None) => "no".to_owned(),
        };
        let _ = writeln!(
            page,
            "| `{}` | {} | {needed} | {} |",
            key.name,
            described(&key.kind).replace('|', "\\|"),
            key.doc
        );
    }
    for key in keys {
        if let Kind::Word(words) = inner(&key.kind) {
            let _ = write!(page, "\n`{}`:\n\n", key.name);
            words_list(&words(), page);
        }
    }
}

fn words_list(words: &[WordDoc], page: &mut String) {
    for word in words {
        let _ = writeln!(page, "- `{}`: {}.", word.word, word.doc);
    }
}

/// A kind in words, with links to what is told below.
fn described(kind: &'static Kind) -> String {
    let link = |name: &str| {
        let (article, noun) = name.split_once(' ').unwrap_or(("", name));
        format!("{article} [{noun}](#{})", noun.replace(' ', "-"))
    };
    match kind {
        Kind::Text => "text".to_owned(),
        Kind::Scalar => "a single value".to_owned(),
        Kind::Boolean => "`true` or `false`".to_owned(),
        Kind::Integer(least, most) => format!("a whole number, {least} to {most}"),
        Kind::Fraction => "a number, 0 to less than 1".to_owned(),
        Kind::Word(words) => words().iter().map(|w| format!("`{}`", w.word)).collect::<Vec<_>>().join(", "),
        Kind::Form(form) => {
            let examples: Vec<String> = form.examples.iter().map(|e| format!("`{}`", e.escape_default())).collect();
            format!("{}, such as {}", form.name, examples.join(", "))
        }
        Kind::Object(spec) => link(spec.name),
        Kind::WordOr(words, spec) => {
            let words: Vec<String> = words().iter().map(|w| format!("`{}`", w.word)).collect();
            format!("{} or {}", words.join(", "), link(spec.name))
        }
        Kind::Choice(choice) => link(choice.name),
        Kind::List(item) => format!("a list; each: {}", described(item)),
        Kind::OneOrList(item) => format!("one or a list; each: {}", described(item)),
        Kind::Map(key, each) => format!("an object; each key: {key}; each value: {}", described(each)),
    }
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_word_and_object_is_told() {
        let page = reference_markdown();
        for text in [
            "## `schemas/channels/<dataset>.yaml`",
            "### Treatment",
            "### Label",
            "### Set of identity rules",
            "| `by_field` |",
            "| `statistical_period` |",
            "- `gb18030`: GB18030",
            "- `not_in_future`: ",
            "- `unique`: No value twice.",
        ] {
            assert!(page.contains(text), "{text}");
        }
        assert_eq!(page.matches("### Label\n").count(), 1, "what is shared is told once");
    }

    #[test]
    fn links_lead_somewhere() {
        let page = reference_markdown();
        for part in page.split("](#").skip(1) {
            let anchor = part.split(')').next().unwrap_or_default();
            let found = page
                .lines()
                .filter_map(|line| line.strip_prefix("### "))
                .any(|heading| heading.to_lowercase().replace(' ', "-") == anchor);
            assert!(found, "#{anchor}");
        }
    }

    #[test]
    fn tables_have_as_many_cells_as_heads() {
        for line in reference_markdown().lines().filter(|line| line.starts_with('|')) {
            assert_eq!(line.replace("\\|", "").matches('|').count(), 5, "{line}");
        }
    }
}
