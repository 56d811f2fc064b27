//! Holds what became of a case against what it says.

use crate::complete::{Files, complete};
use crate::diff::diff;
use crate::markdown::{Block, Case, Expect, File, Kind};
use crate::project::{Asked, Found, carry_out};

/// What a case says and what was found, expectation by expectation.
#[derive(Debug)]
pub struct Judged {
    /// File, line and heading.
    pub place: String,
    /// Its expectations.
    pub expectations: Vec<Expectation>,
    /// That something failed of which nothing was expected.
    pub unexpected: Option<String>,
}

/// One expectation.
#[derive(Debug)]
pub struct Expectation {
    /// What is expected.
    pub expect: Expect,
    /// The text expected.
    pub said: String,
    /// The text found, or what was found instead of this verdict.
    pub found: Result<String, String>,
    /// Lines of the block's fences, from 1.
    pub lines: (usize, usize),
}

impl Judged {
    /// What is wrong, for people; with `updated` only what could not be written anew.
    pub fn failures(&self, updated: bool) -> Vec<String> {
        let place = &self.place;
        let mut failures: Vec<String> = self.unexpected.iter().map(|why| format!("{place}\n{why}")).collect();
        for one in &self.expectations {
            let name = one.expect.name();
            match &one.found {
                Err(instead) => failures.push(format!("{place}\n  `{name}` is expected, but it is {instead}")),
                Ok(text) if *text != one.said && !updated => {
                    failures
                        .push(format!("{place}\n  `{name}` differs: - expected, + found\n{}", diff(&one.said, text)));
                }
                Ok(_) => {}
            }
        }
        failures
    }
}

/// Carries a case out.
pub fn judge(file: &File, case: &Case) -> Judged {
    let place = format!("tests/policy/{}:{}: {}", file.name, case.line, case.title);
    let blocks = || file.shared.iter().chain(&case.blocks);
    let given = blocks().filter_map(|b| match &b.kind {
        Kind::File(path) => Some((path.clone(), b.text.clone() + "\n")),
        _ => None,
    });
    // Of two files of one name the case's own counts, for it comes last.
    let files = complete(given.collect::<Files>());
    let asked: Vec<Asked<'_>> = case
        .blocks
        .iter()
        .filter_map(|b| match &b.kind {
            Kind::Query { purpose, as_of, now, replay } => {
                Some(Asked { sql: &b.text, purpose, as_of: *as_of, now: *now, replay: *replay })
            }
            _ => None,
        })
        .collect();
    compare(place, &case.blocks, &carry_out(&files, &asked))
}

/// `found` is of the project and of each query, in order; it ends early if the project is refused.
pub fn compare(place: String, blocks: &[Block], found: &[Found]) -> Judged {
    let mut judged = Judged { place, expectations: Vec::new(), unexpected: None };
    let mut at = 0;
    for block in blocks {
        match &block.kind {
            Kind::File(_) => {}
            Kind::Query { .. } => at += 1,
            Kind::Expect(expect) => judged.expectations.push(Expectation {
                expect: *expect,
                said: block.text.clone(),
                found: match found.get(at) {
                    Some(found) => text(*expect, found),
                    None => Err("not asked, for the project is refused".to_owned()),
                },
                lines: (block.line, block.end),
            }),
        }
    }
    // What a case says nothing of must be in order.
    let project_is_expected =
        blocks.iter().take_while(|b| !matches!(b.kind, Kind::Query { .. })).any(|b| matches!(b.kind, Kind::Expect(_)));
    match &found[0] {
        Found::Refused(text) if !project_is_expected => {
            judged.unexpected = Some(format!("  the project is refused\n{text}"));
        }
        Found::Permitted { warnings, .. } if !project_is_expected && !warnings.is_empty() => {
            judged.unexpected = Some(format!("  the project has warnings\n{warnings}"));
        }
        _ => {}
    }
    judged
}

/// The text for an expectation, or what there is instead.
fn text(expect: Expect, found: &Found) -> Result<String, String> {
    match (expect, found) {
        (Expect::Refused, Found::Refused(text)) => Ok(text.clone()),
        (_, Found::Refused(text)) => Err(format!("refused\n{text}")),
        (Expect::Permitted, Found::Permitted { warnings, .. }) => Ok(warnings.clone()),
        (Expect::Rows, Found::Permitted { rows: Some(rows), .. }) => Ok(rows.clone()),
        (Expect::Withheld, Found::Permitted { accounts: Some(accounts), .. }) => Ok(accounts.clone()),
        (Expect::Withheld, _) => Err("not run, for it has no exports".to_owned()),
        (_, Found::Permitted { rows, .. }) => {
            Err(format!("permitted\n{}", rows.as_deref().unwrap_or_default()).trim_end().to_owned())
        }
    }
}

/// The file with the texts that were found. A verdict stays as its author wrote it.
pub fn rewritten(file: &str, judged: &[Judged]) -> String {
    let mut lines: Vec<String> = file.lines().map(str::to_owned).collect();
    let all: Vec<&Expectation> = judged.iter().flat_map(|j| &j.expectations).collect();
    for one in all.into_iter().rev() {
        if let Ok(found) = &one.found
            && *found != one.said
        {
            lines.splice(one.lines.0..one.lines.1 - 1, found.lines().map(str::to_owned));
        }
    }
    lines.join("\n") + "\n"
}
