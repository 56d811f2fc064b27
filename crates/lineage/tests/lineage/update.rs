//! Writes the corpus anew: what is found becomes what is expected, for a human to read the difference.

use crate::cases::{folder, without_casts};

/// What was found for a case.
pub(crate) struct Found {
    pub(crate) file: String,
    pub(crate) heading: String,
    pub(crate) planned: String,
    pub(crate) analysed: String,
}

/// Puts the answers into the blocks `lineage` of the corpus's files.
pub(crate) fn write(found: &[Found]) {
    for cases in found.chunk_by(|left, right| left.file == right.file) {
        let path = folder().join(&cases[0].file);
        let text = std::fs::read_to_string(&path).unwrap();
        let mut sections = text.split("\n## ");
        let mut updated = sections.next().unwrap().to_owned();
        for section in sections {
            let heading = section.lines().next().unwrap();
            let case = cases.iter().find(|case| case.heading == heading);
            updated.push_str("\n## ");
            updated.push_str(&case.map_or_else(|| section.to_owned(), |case| section_of(section, case)));
        }
        std::fs::write(&path, updated).unwrap();
    }
}

fn section_of(section: &str, case: &Found) -> String {
    let mut text = String::new();
    let mut replacing = false;
    for line in section.split_inclusive('\n') {
        match line.trim_end().strip_prefix("```") {
            Some("") if replacing => {
                replacing = false;
                text.push_str(line);
            }
            Some(info) if info.starts_with("lineage") => {
                replacing = true;
                text.push_str(&blocks(info, case));
            }
            _ if replacing => {}
            _ => text.push_str(line),
        }
    }
    text
}

/// A block without its last fence.
fn blocks(info: &str, case: &Found) -> String {
    let Found { planned, analysed, .. } = case;
    match info {
        "lineage planned" => format!("```{info}\n{planned}\n"),
        "lineage analysed" => format!("```{info}\n{analysed}\n"),
        _ if without_casts(planned) == without_casts(analysed) => format!("```{info}\n{analysed}\n"),
        _ => format!("```lineage planned\n{planned}\n```\n```lineage analysed\n{analysed}\n"),
    }
}
