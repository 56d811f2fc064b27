//! Holds the crates apart: what each must not import, directly or through others, and what must not stand
//! in its source.
//!
//! A crate exists where something must not be imported (see CONTRIBUTING.md). Whoever needs one of these
//! imports all the same changes a line of [`RULES`], and says why in a record under `docs/adr/`.
#![allow(clippy::unwrap_used)]

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fs;
use std::path::{Path, PathBuf};

/// What one crate keeps away from. A name that ends in `*` stands for all that begin so.
struct Rule {
    /// The package, without `lakewarden-`.
    name: &'static str,
    /// Crates of ours that it may import; arrows point down only.
    ours: &'static [&'static str],
    /// Packages that it must not import itself.
    not_direct: &'static [&'static str],
    /// Packages that must not be linked into it, through whatever others.
    not_at_all: &'static [&'static str],
    /// What its source must not say.
    not_said: &'static [&'static str],
}

/// Files, clocks, processes and networks: what a pure crate leaves to its callers.
const WORLD: &[&str] = &["std::env::", "std::fs", "std::net", "std::process", "std::time"];

const RULES: &[Rule] = &[
    Rule {
        name: "dictionary",
        ours: &[],
        not_direct: &[],
        not_at_all: &["arrow*", "datafusion*", "deltalake*", "object_store", "parquet", "tokio*"],
        not_said: WORLD,
    },
    Rule {
        name: "privacy",
        ours: &[],
        not_direct: &[],
        not_at_all: &["datafusion*", "deltalake*", "object_store", "parquet", "tokio*"],
        not_said: WORLD,
    },
    Rule {
        name: "lineage",
        ours: &[],
        not_direct: &["object_store", "parquet", "tokio"],
        not_at_all: &["deltalake*"],
        not_said: &["std::fs", "std::net", "std::process"],
    },
    Rule {
        name: "policy",
        ours: &["dictionary", "lineage"],
        not_direct: &["object_store", "parquet", "tokio"],
        not_at_all: &["deltalake*", "lakewarden-lake"],
        not_said: WORLD,
    },
    Rule { name: "lake", ours: &[], not_direct: &["sqlparser"], not_at_all: &["datafusion*"], not_said: &[] },
    Rule {
        name: "extract",
        ours: &["dictionary", "privacy"],
        not_direct: &["object_store", "tokio"],
        not_at_all: &["datafusion*", "deltalake*", "sqlparser"],
        not_said: &[],
    },
    Rule {
        name: "identity",
        ours: &["privacy"],
        not_direct: &[],
        not_at_all: &["datafusion*", "deltalake*", "object_store", "parquet", "tokio*"],
        not_said: WORLD,
    },
    Rule {
        name: "engine",
        ours: &["dictionary", "policy", "privacy"],
        not_direct: &[],
        not_at_all: &["annotate-snippets", "clap*", "deltalake*", "indicatif", "lakewarden-report", "maud"],
        not_said: &[],
    },
    Rule {
        name: "source",
        ours: &["dictionary", "extract", "privacy"],
        not_direct: &["arrow*", "parquet"],
        not_at_all: &["datafusion*", "deltalake*", "sqlparser"],
        not_said: &[],
    },
    Rule {
        name: "pipeline",
        ours: &["dictionary", "engine", "extract", "identity", "lake", "lineage", "policy", "privacy", "source"],
        not_direct: &[],
        not_at_all: &["annotate-snippets", "clap*", "indicatif", "lakewarden-report", "lakewarden-sample", "maud"],
        not_said: &[],
    },
    Rule {
        name: "report",
        ours: &[],
        not_direct: &[],
        not_at_all: &["arrow*", "datafusion*", "object_store", "reqwest", "rustls", "tokio*"],
        not_said: &["std::fs", "std::net", "std::process"],
    },
    Rule {
        name: "sample",
        ours: &[],
        not_direct: &["tokio"],
        not_at_all: &["datafusion*", "deltalake*"],
        not_said: &[],
    },
    Rule {
        name: "cli",
        ours: &[
            "dictionary",
            "engine",
            "extract",
            "identity",
            "lake",
            "lineage",
            "pipeline",
            "policy",
            "privacy",
            "report",
            "sample",
            "source",
        ],
        not_direct: &["datafusion*", "object_store", "parquet"],
        not_at_all: &[],
        not_said: &[],
    },
];

/// The only crate that imports Delta.
const DELTA: (&str, &str) = ("lakewarden-lake", "deltalake*");
/// The only crate that registers tables, and what others must not say.
const TABLES: (&str, &[&str]) = ("engine", &[".register_schema(", ".register_table("]);
/// One version each (docs/adr/0002-one-dependency-set.md).
const ONE_VERSION: &[&str] =
    &["arrow", "arrow-*", "datafusion", "datafusion-*", "deltalake-core", "object_store", "parquet"];
/// Not a crate of the product: chores may import anything.
const CHORES: &str = "xtask";
const LICENCE: &str = "Apache-2.0";

/// Normal dependencies by package name, for this machine's platform.
#[derive(Default)]
struct Graph {
    direct: BTreeMap<String, BTreeSet<String>>,
    ours: BTreeSet<String>,
}

impl Graph {
    fn of(metadata: &Metadata) -> Self {
        let name: BTreeMap<_, _> = metadata.packages.iter().map(|p| (&p.id, p.name.to_string())).collect();
        let mut graph = Graph::default();
        for node in &metadata.resolve.as_ref().unwrap().nodes {
            let normal = node.deps.iter().filter(|d| d.dep_kinds.iter().any(|k| k.kind == DependencyKind::Normal));
            let names = normal.map(|d| name[&d.pkg].clone());
            graph.direct.entry(name[&node.id].clone()).or_default().extend(names);
        }
        graph.ours = metadata.workspace_members.iter().map(|id| name[id].clone()).collect();
        graph
    }

    fn direct(&self, name: &str) -> impl Iterator<Item = &str> {
        self.direct.get(name).into_iter().flatten().map(String::as_str)
    }

    /// Everything that `from` is linked with, each with the shortest way to it.
    fn linked(&self, from: &str) -> BTreeMap<String, Vec<String>> {
        let mut found = BTreeMap::from([(from.to_owned(), vec![from.to_owned()])]);
        let mut next = VecDeque::from([from.to_owned()]);
        while let Some(name) = next.pop_front() {
            for dependency in self.direct(&name) {
                if !found.contains_key(dependency) {
                    let way = found[&name].iter().cloned().chain([dependency.to_owned()]).collect();
                    found.insert(dependency.to_owned(), way);
                    next.push_back(dependency.to_owned());
                }
            }
        }
        found.remove(from);
        found
    }
}

fn matches(patterns: &[&str], name: &str) -> bool {
    patterns.iter().any(|p| match p.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => name == *p,
    })
}

/// Every dependency that should not be there.
fn imports(graph: &Graph, rules: &[Rule]) -> Vec<String> {
    let mut breaches = Vec::new();
    let package = |rule: &Rule| format!("lakewarden-{}", rule.name);
    for name in graph.ours.iter().filter(|n| *n != CHORES) {
        if !rules.iter().any(|r| package(r) == *name) {
            breaches.push(format!("{name} has no rule in tests/architecture.rs"));
        }
        if name != DELTA.0 {
            let delta = graph.direct(name).filter(|d| matches(&[DELTA.1], d));
            breaches.extend(delta.map(|d| format!("{name} imports {d}, which only {} may", DELTA.0)));
        }
    }
    for rule in rules {
        let name = package(rule);
        if !graph.ours.contains(&name) {
            breaches.push(format!("there is a rule for {name}, and no such crate"));
        }
        for direct in graph.direct(&name) {
            let upward = direct.strip_prefix("lakewarden-").is_some_and(|own| !rule.ours.contains(&own));
            if upward || matches(rule.not_direct, direct) {
                breaches.push(format!("{name} imports {direct}"));
            }
        }
        let linked = graph.linked(&name).into_iter().filter(|(linked, _)| matches(rule.not_at_all, linked));
        breaches.extend(linked.map(|(_, way)| format!("{name} is linked with {}", way.join(" > "))));
    }
    breaches
}

/// Packages that the lock file has in no or several versions, though all must agree on one.
fn versions(lock: &str, wanted: &[&str]) -> Vec<String> {
    let quoted =
        |line: &str, key: &str| Some(line.strip_prefix(key)?.strip_prefix(" = \"")?.strip_suffix('"')?.to_owned());
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut lines = lock.lines();
    while let Some(line) = lines.next() {
        let Some(name) = quoted(line, "name") else { continue };
        let version = lines.next().and_then(|l| quoted(l, "version")).unwrap_or_default();
        if matches(wanted, &name) {
            found.entry(name).or_default().push(version);
        }
    }
    let absent = wanted.iter().filter(|w| !w.ends_with('*') && !found.contains_key(**w));
    let mut faults: Vec<String> = absent.map(|w| format!("{w} is not in Cargo.lock")).collect();
    let several = found.iter().filter(|(_, versions)| versions.len() > 1);
    faults.extend(several.map(|(name, versions)| format!("{name} is in Cargo.lock as {}", versions.join(" and "))));
    faults
}

/// What a crate's manifest lacks of what all crates have in common.
fn manifest(name: &str, text: &str, licence: Option<&str>, published: bool) -> Vec<String> {
    let mut lines = text.lines().map(str::trim);
    let linted = lines.any(|l| l == "[lints]") && lines.next() == Some("workspace = true");
    let faults = [
        (!linted, "has not the workspace's lints: `[lints]`, `workspace = true`"),
        (licence != Some(LICENCE), "is not licensed under Apache-2.0: `license.workspace = true`"),
        (published, "can be published: `publish.workspace = true`"),
    ];
    faults.into_iter().filter(|(fault, _)| *fault).map(|(_, what)| format!("{name} {what}")).collect()
}

/// The lines of a source file that say what they must not, comments and tests left out.
fn said(path: &str, text: &str, words: &[&str]) -> Vec<String> {
    if text.contains("#[test]") && !text.contains("#[cfg(test)]") {
        return Vec::new(); // a module of tests
    }
    let shipped = text.lines().take_while(|l| !l.trim_start().starts_with("#[cfg(test)]"));
    let code = shipped.enumerate().filter(|(_, l)| !l.trim_start().starts_with("//"));
    code.flat_map(|(at, line)| {
        let found = words.iter().filter(move |w| line.contains(**w));
        found.map(move |word| format!("{path}:{}: says `{word}`", at + 1))
    })
    .collect()
}

fn root() -> PathBuf {
    let own = std::env::var_os("CARGO_MANIFEST_DIR").expect("cargo says where the crate is");
    Path::new(&own).ancestors().nth(2).unwrap().to_owned()
}

fn metadata() -> Metadata {
    let options = ["--locked", "--filter-platform", "host-tuple"].map(str::to_owned);
    MetadataCommand::new().current_dir(root()).other_options(options).exec().unwrap()
}

fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn crates_import_only_what_they_may() {
    let breaches = imports(&Graph::of(&metadata()), RULES);
    assert!(breaches.is_empty(), "{}", breaches.join("\n"));
}

#[test]
fn what_moves_together_has_one_version() {
    let faults = versions(&fs::read_to_string(root().join("Cargo.lock")).unwrap(), ONE_VERSION);
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn every_crate_has_the_workspaces_lints_and_licence() {
    let metadata = metadata();
    let packages = metadata.workspace_packages();
    assert!(packages.len() > RULES.len(), "the crates and the chores");
    let faults: Vec<String> = packages
        .iter()
        .flat_map(|p| {
            let text = fs::read_to_string(&p.manifest_path).unwrap();
            let private = p.publish.as_ref().is_some_and(Vec::is_empty);
            manifest(&p.name, &text, p.license.as_deref(), !private)
        })
        .collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn sources_say_only_what_they_may() {
    let root = root();
    let mut faults = Vec::new();
    for rule in RULES {
        let mut words = rule.not_said.to_vec();
        if rule.name != TABLES.0 {
            words.extend(TABLES.1);
        }
        let mut files = Vec::new();
        rust_files(&root.join("crates").join(rule.name).join("src"), &mut files);
        assert!(!files.is_empty(), "{} has a source", rule.name);
        for file in files {
            let shown = file.strip_prefix(&root).unwrap().display().to_string();
            faults.extend(said(&shown, &fs::read_to_string(&file).unwrap(), &words));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// The checks themselves must be able to fail: a made-up workspace with one breach of each kind.
mod made_up {
    use super::*;

    fn graph(edges: &[(&str, &[&str])]) -> Graph {
        let set = |names: &[&str]| names.iter().map(|n| (*n).to_owned()).collect();
        Graph {
            direct: edges.iter().map(|(from, to)| ((*from).to_owned(), set(to))).collect(),
            ours: edges.iter().map(|(n, _)| (*n).to_owned()).filter(|n| n.starts_with("lakewarden-")).collect(),
        }
    }

    const LOW: Rule = Rule { name: "low", ours: &[], not_direct: &["clap"], not_at_all: &["tokio*"], not_said: &[] };
    const HIGH: Rule = Rule { name: "high", ours: &["low"], not_direct: &[], not_at_all: &[], not_said: &[] };

    #[test]
    fn a_sound_workspace_passes() {
        let sound =
            graph(&[("lakewarden-low", &["clap_builder", "serde"]), ("lakewarden-high", &["lakewarden-low", "tokio"])]);
        assert_eq!(imports(&sound, &[LOW, HIGH]), Vec::<String>::new());
    }

    #[test]
    fn every_kind_of_import_is_found() {
        let broken = graph(&[
            ("lakewarden-low", &["clap", "lakewarden-high", "http"]),
            ("lakewarden-high", &["deltalake-core"]),
            ("lakewarden-new", &[]),
            ("http", &["tokio-util"]),
        ]);
        let gone = Rule { name: "gone", ..HIGH };
        assert_eq!(
            imports(&broken, &[LOW, HIGH, gone]),
            [
                "lakewarden-high imports deltalake-core, which only lakewarden-lake may",
                "lakewarden-new has no rule in tests/architecture.rs",
                "lakewarden-low imports clap",
                "lakewarden-low imports lakewarden-high",
                "lakewarden-low is linked with lakewarden-low > http > tokio-util",
                "there is a rule for lakewarden-gone, and no such crate",
            ]
        );
    }

    #[test]
    fn second_and_absent_versions_are_found() {
        let lock = "[[package]]\nname = \"arrow\"\nversion = \"58.0.0\"\n\n[[package]]\nname = \"arrow\"\nversion = \"59.3.2\"\n\
                    \n[[package]]\nname = \"arrow-row\"\nversion = \"59.3.2\"\ndependencies = [\n \"arrow 58.0.0\",\n]\n";
        let faults = versions(lock, &["arrow", "arrow-*", "parquet"]);
        assert_eq!(faults, ["parquet is not in Cargo.lock", "arrow is in Cargo.lock as 58.0.0 and 59.3.2"]);
    }

    #[test]
    fn bare_manifests_are_found() {
        let sound = "[package]\nname = \"x\"\n\n[lints]\nworkspace = true\n";
        assert_eq!(manifest("x", sound, Some(LICENCE), false), Vec::<String>::new());
        assert_eq!(manifest("x", "[package]\nname = \"x\"\n", Some("MIT"), true).len(), 3);
        assert_eq!(manifest("x", "[lints]\n[dependencies]\nworkspace = true\n", Some(LICENCE), false).len(), 1);
    }

    #[test]
    fn words_are_found_in_code_and_only_there() {
        let text = "// std::fs\nuse std::fs;\n#[cfg(test)]\nmod tests {\n    #[test]\n    fn f() { std::fs::read(\"x\"); }\n}\n";
        assert_eq!(said("a.rs", text, WORLD), ["a.rs:2: says `std::fs`"]);
        assert_eq!(said("tests.rs", "use std::fs;\n#[test]\nfn f() {}\n", WORLD), Vec::<String>::new());
    }
}
