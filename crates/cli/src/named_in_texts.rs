//! Commands, options and keys that messages, hints and pages name are those that exist.
//!
//! The texts are those of the source files and of the documentation. Only what stands in backticks, or in a shell
//! example, is taken for a command.
#![allow(clippy::unwrap_used)]

use crate::args::Args;
use clap::{Command, CommandFactory};
use regex::Regex;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// Every file below `folder` with this extension.
fn find_files(folder: &Path, extension: &str, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            find_files(&path, extension, found);
        } else if path.extension().is_some_and(|e| e == extension) {
            found.push(path);
        }
    }
}

/// The text of every source file of the crates, with the literals that are continued on another line joined.
fn read_sources() -> Vec<(PathBuf, String)> {
    let mut files = Vec::new();
    for entry in fs::read_dir(root().join("crates")).unwrap() {
        find_files(&entry.unwrap().path().join("src"), "rs", &mut files);
    }
    let continued = Regex::new(r"\\\n\s*").unwrap();
    files
        .into_iter()
        // This file names what does not exist.
        .filter(|path| !path.ends_with(file!().rsplit('/').next().unwrap()))
        .map(|path| {
            let text = continued.replace_all(&fs::read_to_string(&path).unwrap(), "").into_owned();
            (path, text)
        })
        .collect()
}

/// The documentation that users read.
fn read_pages() -> Vec<(PathBuf, String)> {
    let mut files = Vec::new();
    for folder in ["docs/diagnostics", "docs/reference", "docs/policy"] {
        find_files(&root().join(folder), "md", &mut files);
    }
    files.extend(["README.md", "README.zh.md", "SECURITY.md", "docs/threat-model.md"].map(|name| root().join(name)));
    files.into_iter().map(|path| (path.clone(), fs::read_to_string(&path).unwrap())).collect()
}

/// The command, with the options that it inherits.
fn built() -> Command {
    let mut command = Args::command();
    command.build();
    command
}

/// Why a command line cannot be one of `command`; values are not looked at.
fn find_fault(command: &Command, line: &str) -> Option<String> {
    let mut at = command;
    let mut deep = 0;
    let mut tokens = line.split_whitespace().skip(1);
    while let Some(token) = tokens.next() {
        // What follows belongs to the shell.
        if matches!(token, "|" | "&&" | ";" | ">" | "#" | "2>&1") {
            break;
        }
        let token = token.trim_matches(|c: char| matches!(c, '[' | ']' | '(' | ')' | ',' | '.' | ':' | '"' | '\''));
        if let Some(option) = token.strip_prefix("--") {
            let name = option.split('=').next().unwrap_or_default();
            match at.get_arguments().find(|a| a.get_long() == Some(name)) {
                Some(known) if known.get_action().takes_values() && name == option => drop(tokens.next()),
                Some(_) => {}
                None if matches!(name, "help" | "version" | "") => {}
                None => return Some(format!("`{}` has no option --{name}", at.get_name())),
            }
        } else if let Some(sub) = at.find_subcommand(token) {
            at = sub;
            deep += 1;
        } else if deep == 0 && !token.starts_with(['-', '{']) {
            return Some(format!("no command is named {token:?}"));
        }
    }
    None
}

#[test]
fn every_command_in_a_message_or_page_exists() {
    let command = built();
    let quoted = Regex::new(r"`(lakewarden [^`\n]*)`").unwrap();
    let typed = Regex::new(r"(?m)^\$ (lakewarden [^\n]*)$").unwrap();
    let (mut seen, mut faults) = (0, Vec::new());
    for (path, text) in read_sources().into_iter().chain(read_pages()) {
        for found in quoted.captures_iter(&text).chain(typed.captures_iter(&text)) {
            seen += 1;
            if let Some(fault) = find_fault(&command, &found[1]) {
                faults.push(format!("{}: {}: {fault}", path.display(), &found[1]));
            }
        }
    }
    assert!(seen > 100, "the search found only {seen} commands");
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn a_command_that_does_not_exist_is_found() {
    let command = built();
    assert_eq!(find_fault(&command, "lakewarden run --as-of DATE --lake PATH | head -1"), None);
    assert_eq!(find_fault(&command, "lakewarden --format json status --head N:SHA256"), None);
    assert!(find_fault(&command, "lakewarden mend").is_some());
    assert!(find_fault(&command, "lakewarden run --everything").is_some());
    assert!(find_fault(&command, "lakewarden keys init --purpose x").is_some());
}

#[test]
fn every_option_in_a_message_exists() {
    fn collect(command: &Command, known: &mut BTreeSet<String>) {
        known.extend(command.get_arguments().filter_map(|a| a.get_long().map(str::to_owned)));
        for sub in command.get_subcommands() {
            collect(sub, known);
        }
    }
    let mut known = BTreeSet::new();
    collect(&built(), &mut known);
    let option = Regex::new(r"(?:^|[^\w-])--([a-z][a-z-]+)").unwrap();
    let (mut seen, mut unknown) = (0, Vec::new());
    for (path, text) in read_sources() {
        // Notes for those who read the code name options of other programs.
        let shown = text.lines().filter(|line| !line.trim_start().starts_with("//"));
        for line in shown {
            for found in option.captures_iter(line) {
                seen += 1;
                if !known.contains(&found[1]) {
                    unknown.push(format!("{}: --{}", path.display(), &found[1]));
                }
            }
        }
    }
    assert!(seen > 40, "the search found only {seen} options");
    assert!(unknown.is_empty(), "{}", unknown.join("\n"));
}

/// Every name that the schemas of the declarative files know: properties, and words that a value may be.
fn collect_names(schema: &serde_json::Value, known: &mut BTreeSet<String>) {
    match schema {
        serde_json::Value::Object(members) => {
            for (key, value) in members {
                match (key.as_str(), value) {
                    ("properties", serde_json::Value::Object(properties)) => known.extend(properties.keys().cloned()),
                    ("const", serde_json::Value::String(word)) => {
                        known.insert(word.clone());
                    }
                    ("enum", serde_json::Value::Array(words)) => {
                        known.extend(words.iter().filter_map(|w| w.as_str().map(str::to_owned)));
                    }
                    _ => {}
                }
                collect_names(value, known);
            }
        }
        serde_json::Value::Array(members) => members.iter().for_each(|member| collect_names(member, known)),
        _ => {}
    }
}

#[test]
fn every_key_in_a_message_exists() {
    let mut known = BTreeSet::new();
    let mut schemas = Vec::new();
    find_files(&root().join("docs/reference"), "json", &mut schemas);
    for schema in schemas.iter().filter(|path| path.to_string_lossy().ends_with(".schema.json")) {
        collect_names(&serde_json::from_str(&fs::read_to_string(schema).unwrap()).unwrap(), &mut known);
    }
    assert!(known.contains("subject") && known.contains("time_zone"), "the schemas were not found");
    // The name of a purpose, in an example of `purposes`, and words of an export, in examples of `map`.
    known.extend(["analytics", "opted_in", "pending"].map(str::to_owned));
    let key = Regex::new(r"`\{?\s*([a-z_]+): [^`]*`").unwrap();
    let (mut seen, mut unknown) = (0, Vec::new());
    for (path, text) in read_sources() {
        for line in text.lines().filter(|line| !line.trim_start().starts_with("//")) {
            for found in key.captures_iter(line) {
                seen += 1;
                if !known.contains(&found[1]) {
                    unknown.push(format!("{}: {}", path.display(), &found[0]));
                }
            }
        }
    }
    assert!(seen > 60, "the search found only {seen} keys");
    assert!(unknown.is_empty(), "{}", unknown.join("\n"));
}
