//! Reads a Markdown file of cases: headings, and the fenced blocks under them.

use chrono::{DateTime, Utc};

/// A file of cases.
#[derive(Debug)]
pub struct File {
    /// Its name.
    pub name: String,
    /// Blocks before the first case, which all cases share.
    pub shared: Vec<Block>,
    /// Its cases.
    pub cases: Vec<Case>,
}

/// What stands under one `##` heading.
#[derive(Debug)]
pub struct Case {
    /// The heading.
    pub title: String,
    /// Its line, from 1.
    pub line: usize,
    /// Its blocks.
    pub blocks: Vec<Block>,
}

/// A fenced block.
#[derive(Debug)]
pub struct Block {
    /// What it is.
    pub kind: Kind,
    /// The text between the fences, without its last line's end.
    pub text: String,
    /// The line of the first fence, from 1.
    pub line: usize,
    /// The line of the last fence, from 1.
    pub end: usize,
}

/// What a block is, by what stands after its fence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// A file of the project.
    File(String),
    /// A query, asked once the project has run.
    Query {
        /// What for.
        purpose: String,
        /// As of when, if not as of the run.
        as_of: Option<DateTime<Utc>>,
        /// The clock; the run's instant if absent.
        now: Option<DateTime<Utc>>,
        /// Whether the consent known at `as_of` is asked for.
        replay: bool,
    },
    /// What is expected of the project, or of the query before.
    Expect(Expect),
}

/// What is expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Expect {
    /// It compiles and runs; the text is its warnings.
    Permitted,
    /// It is refused, with these problems.
    Refused,
    /// The rows of the query's result, sorted.
    Rows,
    /// The accounts of the governed scans.
    Withheld,
}

impl Expect {
    /// Its word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Permitted => "permitted",
            Self::Refused => "refused",
            Self::Rows => "rows",
            Self::Withheld => "withheld",
        }
    }
}

impl File {
    /// Reads a file.
    ///
    /// # Errors
    /// Says what is not as `README.md` describes, and where.
    pub fn parse(name: &str, text: &str) -> Result<Self, String> {
        let mut file = Self { name: name.to_owned(), shared: Vec::new(), cases: Vec::new() };
        let mut open: Option<(usize, &str, Vec<&str>)> = None;
        for (number, line) in text.lines().enumerate().map(|(n, l)| (n + 1, l)) {
            if let Some((first, info, mut lines)) = open.take() {
                if line.trim_end() != "```" {
                    lines.push(line);
                    open = Some((first, info, lines));
                    continue;
                }
                let kind = kind(info).map_err(|why| format!("{name}:{first}: {why}"))?;
                let block = Block { kind, text: lines.join("\n"), line: first, end: number };
                match file.cases.last_mut() {
                    Some(case) => case.blocks.push(block),
                    None => file.shared.push(block),
                }
            } else if let Some(info) = line.strip_prefix("```") {
                open = Some((number, info.trim(), Vec::new()));
            } else if let Some(title) = line.strip_prefix("## ") {
                file.cases.push(Case { title: title.trim().to_owned(), line: number, blocks: Vec::new() });
            }
        }
        if let Some((line, ..)) = open {
            return Err(format!("{name}:{line}: the block does not end"));
        }
        file.whole()?;
        Ok(file)
    }

    /// Refuses what could never fail: a file without cases, a case without an expectation.
    fn whole(&self) -> Result<(), String> {
        let name = &self.name;
        if self.cases.is_empty() {
            return Err(format!("{name}: no case; a case begins with a heading `## …`"));
        }
        if let Some(block) = self.shared.iter().find(|b| !matches!(b.kind, Kind::File(_))) {
            return Err(format!("{name}:{}: only files are shared; write this under a case's heading", block.line));
        }
        for (at, case) in self.cases.iter().enumerate() {
            let place = format!("{name}:{}: {:?}", case.line, case.title);
            if self.cases[..at].iter().any(|c| c.title == case.title) {
                return Err(format!("{place}: another case has this heading"));
            }
            case.whole(&place)?;
        }
        Ok(())
    }
}

impl Case {
    fn whole(&self, place: &str) -> Result<(), String> {
        let mut expected: Vec<Expect> = Vec::new();
        let mut query = false;
        for block in &self.blocks {
            match &block.kind {
                Kind::File(path) if query || !expected.is_empty() => {
                    return Err(format!("{place}: {path} comes after a query or an expectation"));
                }
                Kind::File(_) => {}
                Kind::Query { .. } => {
                    if query && expected.is_empty() {
                        return Err(format!("{place}: nothing is expected of a query"));
                    }
                    (query, expected) = (true, Vec::new());
                }
                Kind::Expect(expect) => {
                    if *expect == Expect::Rows && !query {
                        return Err(format!("{place}: `rows` are those of a query"));
                    }
                    let alone = [Expect::Refused, Expect::Permitted];
                    let other = expected.first().copied();
                    if other.is_some_and(|o| o == *expect || alone.contains(&o) || alone.contains(expect)) {
                        return Err(format!("{place}: `{}` and another expectation of the same", expect.name()));
                    }
                    expected.push(*expect);
                }
            }
        }
        if expected.is_empty() {
            return Err(format!("{place}: nothing is expected"));
        }
        Ok(())
    }
}

/// Reads what stands after a fence.
fn kind(info: &str) -> Result<Kind, String> {
    let words: Vec<&str> = info.split_whitespace().collect();
    match words.as_slice() {
        ["permitted"] => Ok(Kind::Expect(Expect::Permitted)),
        ["refused"] => Ok(Kind::Expect(Expect::Refused)),
        ["rows"] => Ok(Kind::Expect(Expect::Rows)),
        ["withheld"] => Ok(Kind::Expect(Expect::Withheld)),
        ["sql", "query", options @ ..] => query(options),
        [kind @ ("yaml" | "sql" | "csv"), path] if path.ends_with(&format!(".{kind}")) => {
            let model = path.strip_prefix("models/").map(|m| format!("pipelines/shop/models/{m}"));
            Ok(Kind::File(model.unwrap_or_else(|| (*path).to_owned())))
        }
        _ => Err(format!("unknown kind of block: {info:?}")),
    }
}

fn query(options: &[&str]) -> Result<Kind, String> {
    let (mut purpose, mut as_of, mut now, mut replay) = (None, None, None, false);
    let instant = |at: &str| at.parse::<DateTime<Utc>>().map_err(|_| format!("{at:?} is no instant"));
    for option in options {
        match option.split_once('=') {
            Some(("purpose", name)) if !name.is_empty() => purpose = Some(name.to_owned()),
            Some(("as-of", at)) => as_of = Some(instant(at)?),
            Some(("now", at)) => now = Some(instant(at)?),
            Some(("consent", "known-then")) => replay = true,
            _ => return Err(format!("a query has no option {option:?}")),
        }
    }
    Ok(Kind::Query { purpose: purpose.ok_or("a query has a purpose: `sql query purpose=…`")?, as_of, now, replay })
}
