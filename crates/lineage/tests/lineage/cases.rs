//! Reads the corpus, and writes lineage in its form.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use lakewarden_lineage::Lineage;
use lakewarden_lineage::columns::{Applied, AppliedKind, Direct, DirectKind, Indirect, IndirectKind, Way};

/// One case of the corpus.
pub(crate) struct Case {
    /// File and heading.
    pub(crate) name: String,
    pub(crate) file: String,
    pub(crate) heading: String,
    pub(crate) sql: String,
    /// Expected of the plan as planned.
    pub(crate) planned: String,
    /// Expected of the plan as analysed.
    pub(crate) analysed: String,
}

/// Where the corpus is.
pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus")
}

/// All cases, in the order of files and headings. Panics where a file is not in the form that
/// `tests/corpus/README.md` describes.
pub(crate) fn corpus() -> Vec<Case> {
    let files: BTreeSet<_> = std::fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| !path.ends_with("README.md"))
        .collect();
    files
        .iter()
        .flat_map(|path| {
            let file = path.file_name().unwrap().to_str().unwrap();
            cases_of(file, &std::fs::read_to_string(path).unwrap())
        })
        .collect()
}

fn cases_of(file: &str, text: &str) -> Vec<Case> {
    text.split("\n## ")
        .skip(1)
        .map(|section| {
            let heading = section.lines().next().unwrap();
            let name = format!("{file}: {heading}");
            let blocks = blocks_of(section);
            let block = |info: &str| {
                let mut found = blocks.iter().filter(|(is, _)| is == info);
                let block = found.next().map(|(_, text)| text.clone());
                assert!(found.next().is_none(), "{name}: two blocks `{info}`");
                block
            };
            let both = block("lineage");
            let of_stage = |stage: &str| {
                let block = both.clone().xor(block(&format!("lineage {stage}")));
                block.unwrap_or_else(|| panic!("{name}: not one lineage when {stage}"))
            };
            Case {
                sql: block("sql").unwrap_or_else(|| panic!("{name}: no SQL")),
                planned: of_stage("planned"),
                analysed: of_stage("analysed"),
                file: file.to_owned(),
                heading: heading.to_owned(),
                name,
            }
        })
        .collect()
}

/// The fenced blocks: what stands after the fence, and the text without the last line's end.
fn blocks_of(section: &str) -> Vec<(String, String)> {
    let mut blocks = Vec::new();
    let mut open: Option<(String, Vec<&str>)> = None;
    for line in section.lines() {
        match (line.strip_prefix("```"), &mut open) {
            (Some(info), None) => open = Some((info.to_owned(), Vec::new())),
            (Some(_), Some((info, lines))) => {
                blocks.push((std::mem::take(info), lines.join("\n")));
                open = None;
            }
            (None, Some((_, lines))) => lines.push(line),
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "a block that does not end:\n{section}");
    blocks
}

/// Writes `lineage` in the form of the corpus.
pub(crate) fn written(lineage: &Lineage) -> String {
    let mut text = String::new();
    for output in &lineage.outputs {
        let direct: Vec<_> = output.direct.iter().map(|(column, way)| format!("{column} {}", direct(way))).collect();
        let direct = if direct.is_empty() { "nothing".to_owned() } else { direct.join(", ") };
        writeln!(text, "{} <- {direct}", output.name).unwrap();
        write_indirect(&mut text, &output.name, &output.indirect);
    }
    write_indirect(&mut text, "*", &lineage.indirect);
    for unknown in &lineage.unknown {
        writeln!(text, "! {}", unknown.what).unwrap();
    }
    text.trim_end().to_owned()
}

fn direct(direct: &Direct) -> String {
    let mut text = match direct.kind() {
        DirectKind::Identity => "identity",
        DirectKind::Transformation => "transformation",
        DirectKind::Aggregation => "aggregation",
    }
    .to_owned();
    if direct.masking() {
        text.push_str(" masking");
    }
    // Most columns are taken as they are: no brackets for those.
    if direct.kind() != DirectKind::Identity || direct.ways().len() > 1 {
        for way in direct.ways() {
            write!(text, " [{}]", steps(way, direct.masking())).unwrap();
        }
    }
    text
}

fn steps(way: &Way, masking: bool) -> String {
    let mut steps: Vec<_> = way.through().iter().map(step).collect();
    let aggregates: Vec<_> = way.aggregates().collect();
    match way.last_aggregate() {
        Some(last) if aggregates.len() > 1 => steps.push(format!("last:{last}")),
        // The only one is the last.
        last => assert_eq!(last.as_slice(), aggregates),
    }
    if way.masking() != masking {
        steps.push("masking".to_owned());
    }
    steps.join(" ")
}

fn step(applied: &Applied) -> String {
    let kind = match applied.kind {
        AppliedKind::Operator => "op",
        AppliedKind::Scalar => "fn",
        AppliedKind::Aggregate => "agg",
        AppliedKind::WindowAggregate => "winagg",
        AppliedKind::Window => "win",
    };
    format!("{kind}:{}", applied.name.replace(' ', "_"))
}

/// The same lineage without the casts in its ways: type coercion puts in some when a plan is analysed.
pub(crate) fn without_casts(lineage: &str) -> String {
    let mut text = String::new();
    let mut seen: Vec<String> = Vec::new();
    for part in lineage.split_inclusive([']', ',', '\n']) {
        let Some((before, way)) = part.split_once('[').and_then(|(b, way)| Some((b, way.strip_suffix(']')?))) else {
            seen.clear();
            text.push_str(part);
            continue;
        };
        let steps: Vec<_> = way.split(' ').filter(|step| *step != "op:CAST").collect();
        let way = steps.join(" ");
        if seen.is_empty() {
            text.push_str(before);
            text.push('[');
            text.push_str(&way);
            text.push(']');
        } else if !seen.contains(&way) {
            write!(text, " [{way}]").unwrap();
        }
        seen.push(way);
    }
    text
}

fn write_indirect(text: &mut String, output: &str, indirect: &Indirect) {
    if indirect.is_empty() {
        return;
    }
    let sources: Vec<_> = indirect
        .iter()
        .map(|(column, kinds)| {
            let kinds = kinds.iter().map(|kind| match kind {
                IndirectKind::Filter => " filter",
                IndirectKind::Join => " join",
                IndirectKind::GroupBy => " group_by",
                IndirectKind::Sort => " sort",
                IndirectKind::Window => " window",
                IndirectKind::Conditional => " conditional",
            });
            format!("{column}{}", kinds.collect::<String>())
        })
        .collect();
    writeln!(text, "{output} ~ {}", sources.join(", ")).unwrap();
}
