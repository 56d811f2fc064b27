//! Many queries, and what became of them.

use crate::forbidden::FORBIDDEN;
use crate::generator::Generator;
use crate::outcome::{Free, Outcome, compare};
use crate::shape::Shapes;
use crate::shop::{Source, filtered_and_mended, relations, spec};
use crate::unstated::unstated;
use futures::StreamExt;
use lakewarden_dictionary::LawfulBasis;
use lakewarden_engine::Session;
use lakewarden_policy::Ruling;
use std::fmt;
use std::sync::Arc;

/// Of so many queries one reads a forbidden column.
const ONE_FORBIDDEN_IN: u64 = 8;
/// Queries at once.
const AT_ONCE: usize = 2;

/// The sessions that queries are asked of.
pub struct Asked {
    /// Over memory, over files, and over files with predicates below the gates.
    governed: [Arc<Session>; 5],
    /// The same three, with columns that the purpose may not use.
    narrow: [Arc<Session>; 5],
    free: Free,
}

impl Asked {
    pub async fn new() -> Self {
        let of = async |source, forbid| {
            let (engine, mut all) = relations(source, LawfulBasis::Consent).await;
            for relation in all.iter_mut().filter(|_| forbid) {
                let Some((_, columns)) = FORBIDDEN.iter().find(|(name, _)| *name == relation.name) else { continue };
                let forbidden_columns = columns.iter().map(|c| (*c).to_owned()).collect();
                relation.ruling = Ruling::Gated { basis: LawfulBasis::Consent, forbidden_columns };
            }
            Session::new(&engine, &spec(), all).unwrap()
        };
        let all = async |forbid| {
            [
                Arc::new(of(Source::Memory, forbid).await),
                Arc::new(of(Source::Parquet, forbid).await),
                Arc::new(of(Source::Parquet, forbid).await.narrowing()),
                Arc::new(of(Source::Placed, forbid).await),
                Arc::new(of(Source::Placed, forbid).await.narrowing()),
            ]
        };
        let free = Free { usual: Arc::new(filtered_and_mended()), unstated: Arc::new(unstated()) };
        Self { governed: all(false).await, narrow: all(true).await, free }
    }

    /// Asks one query of the corpus of all three sessions.
    pub async fn everywhere(&self, sql: &str) -> Vec<Outcome> {
        let mut outcomes = Vec::new();
        for session in &self.governed {
            outcomes.push(compare(session.clone(), &self.free, sql.to_owned(), false).await);
        }
        outcomes
    }
}

/// The sum of a run.
#[derive(Default)]
pub struct Report {
    pub queries: u64,
    pub equal: u64,
    pub rows: u64,
    pub not_empty: u64,
    pub both_failed: u64,
    pub forbidden: u64,
    pub refused: u64,
    pub unread: u64,
    pub shapes: Shapes,
    /// See [`Outcome::Divided`].
    pub divided: Vec<String>,
    pub failures: Vec<String>,
    pub findings: Vec<String>,
}

impl Report {
    /// Percent of the queries, but for those that must be refused, that gave rows.
    pub fn ran(&self) -> f64 {
        100.0 * self.equal as f64 / (self.queries - self.forbidden).max(1) as f64
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} queries, {} findings", self.queries, self.findings.len())?;
        writeln!(
            f,
            "  equal: {} ({:.1} % of those that may run), {} with rows",
            self.equal,
            self.ran(),
            self.not_empty
        )?;
        writeln!(f, "  rows compared: {}", self.rows)?;
        writeln!(f, "  failed on both sides: {}", self.both_failed)?;
        writeln!(f, "  DataFusion disagrees with itself: {}", self.divided.len())?;
        writeln!(f, "  of a forbidden column: {}", self.forbidden)?;
        writeln!(f, "    refused: {}, constant without reading the table: {}", self.refused, self.unread)?;
        self.shapes.fmt(f)
    }
}

/// Whether a query that ran scans this table: `WHERE 1 > 2` leaves nothing to read.
async fn reads(session: &Session, sql: &str, table: &str) -> bool {
    session.operators(sql).await.unwrap().contains(&format!("relation={table},"))
}

/// Writes and asks the queries with these numbers.
pub async fn run(seed: u64, numbers: std::ops::Range<u64>, asked: Arc<Asked>, told: impl Fn(&Report)) -> Report {
    let mut report = Report::default();
    let mut outcomes = futures::stream::iter(numbers)
        .map(|number| {
            let asked = asked.clone();
            async move {
                let mut generator = Generator::new(seed, number);
                let place = (number % asked.governed.len() as u64) as usize;
                if number % ONE_FORBIDDEN_IN == 7 {
                    let (sql, table) = generator.forbidden();
                    let session = asked.narrow[place].clone();
                    let mut outcome = compare(session.clone(), &asked.free, sql.clone(), false).await;
                    if matches!(outcome, Outcome::Equal(_)) && !reads(&session, &sql, table).await {
                        outcome = Outcome::Unread;
                    }
                    return (number, sql, true, generator.shape, outcome);
                }
                let query = generator.statement();
                let session = asked.governed[place].clone();
                let outcome = compare(session, &asked.free, query.sql.clone(), query.ordered).await;
                (number, query.sql, false, generator.shape, outcome)
            }
        })
        .buffered(AT_ONCE);
    while let Some((number, sql, forbidden, shape, outcome)) = outcomes.next().await {
        report.queries += 1;
        report.shapes.add(&shape);
        report.forbidden += u64::from(forbidden);
        let what = match outcome {
            Outcome::Refused(_) if forbidden => {
                report.refused += 1;
                None
            }
            Outcome::Divided(what) => {
                report.divided.push(format!("seed {seed}, query {number}: {what}\n  {sql}"));
                None
            }
            Outcome::Unread => {
                report.unread += 1;
                None
            }
            // Also a query that must not run may be one that DataFusion cannot plan.
            Outcome::BothFailed(why) => {
                report.both_failed += 1;
                report.failures.push(format!("{why}\n  {sql}"));
                None
            }
            Outcome::Equal(rows) if !forbidden => {
                report.equal += 1;
                report.rows += rows as u64;
                report.not_empty += u64::from(rows > 0);
                None
            }
            Outcome::Equal(rows) => Some(format!("a forbidden column was read, {rows} rows")),
            Outcome::Refused(why) => Some(format!("refused: {why}")),
            Outcome::Finding(what) => Some(what),
        };
        if let Some(what) = what {
            report.findings.push(format!("seed {seed}, query {number}: {what}\n  {sql}"));
        }
        told(&report);
    }
    report
}
