//! How a gate finds out whose a row is.

use crate::relation::{Governance, SubjectColumns};
use crate::rows::{RowSubjects, SILENT};
use crate::subjects::NOBODY;
use datafusion::arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use datafusion::arrow::datatypes::Int64Type;
use datafusion::common::{Result, exec_err};
use lakewarden_dictionary::LawfulBasis;
use lakewarden_policy::{Decision, GateRule};
use lakewarden_privacy::token_bits;
use std::sync::Arc;

/// Marks a row without a pseudonym in a column; no customer has this number either.
const ABSENT: u32 = SILENT - 1;

/// What of the columns read says whose a row is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Whose {
    /// Nothing: rows name no data subject.
    Unresolved,
    /// The pseudonyms, or ids.
    Named {
        /// Their columns: those that make customers, strongest first, and then the others.
        columns: Vec<usize>,
        /// The column that marks rows of which an identifier was left out when they were loaded.
        unidentified: Option<usize>,
    },
    /// Where it stands: the number of its file, and its own within it.
    Placed {
        /// The column with the file's.
        file: usize,
        /// The column with the row's.
        row: usize,
    },
}

/// What is known of the rows of a batch, by row.
#[derive(Debug, Default)]
pub(crate) struct Resolved {
    /// The customer that names it, or [`NOBODY`].
    pub(crate) subjects: Vec<u32>,
    /// Whether it may be used.
    pub(crate) decisions: Vec<Decision>,
    /// Whether it is about a person who is not known: one without a customer, whose identifiers were left out, or, in a
    /// table, a row without its subject.
    pub(crate) unknown: Vec<bool>,
}

impl Resolved {
    fn push(&mut self, (subject, decision, unknown): (u32, Decision, bool)) {
        self.subjects.push(subject);
        self.decisions.push(decision);
        self.unknown.push(unknown);
    }
}

/// Finds out whose rows are, and what may be done with them.
#[derive(Debug, Clone)]
pub(crate) struct Resolver {
    pub(crate) governance: Governance,
    /// By what the gate decides; which reasons withhold a row depends on the lawful basis.
    pub(crate) rule: GateRule,
    pub(crate) whose: Whose,
    /// For rows known by their places: whose and what by number, groups after customers.
    numbered: Option<Numbered>,
}

/// What rows known by their places look up.
#[derive(Debug, Clone)]
struct Numbered {
    rows: Arc<RowSubjects>,
    decisions: Vec<Decision>,
    /// By group: the customer that names its rows.
    subjects: Vec<u32>,
    /// What is known of rows that name no person.
    nameless: (u32, Decision, bool),
}

impl Resolver {
    /// For one scan of a relation.
    ///
    /// # Errors
    /// If rows are to be known by their places and are not, or the rule and the relation disagree about whether rows
    /// name their data subjects.
    pub(crate) fn try_new(governance: Governance, rule: GateRule, whose: Whose) -> Result<Self> {
        let numbered = match (&whose, rule, &governance.rows) {
            (Whose::Unresolved, GateRule::WithoutSubject(_) | GateRule::NotPersonal, None) => None,
            (Whose::Named { columns, .. }, GateRule::Subject(_), _) if !columns.is_empty() => None,
            (Whose::Placed { .. }, GateRule::Subject(basis), Some(rows)) => {
                Some(Numbered::new(rows, &governance, basis))
            }
            (Whose::Unresolved | Whose::Named { .. } | Whose::Placed { .. }, _, _) => {
                return exec_err!("the data subjects of these rows have not been looked up");
            }
        };
        Ok(Self { governance, rule, whose, numbered })
    }

    /// Whose rows are, and the decision on each.
    ///
    /// # Errors
    /// If a subject column holds no pseudonym, or rows are read that nobody has looked up.
    pub(crate) fn resolve(&self, batch: &RecordBatch) -> Result<Resolved> {
        match (&self.whose, self.rule, &self.numbered) {
            (Whose::Placed { file, row }, GateRule::Subject(_), Some(numbered)) => {
                numbered.resolve(batch.column(*file), batch.column(*row))
            }
            (Whose::Unresolved, GateRule::WithoutSubject(_) | GateRule::NotPersonal, None) => {
                let rows = batch.num_rows();
                let (subjects, decisions) = (vec![NOBODY; rows], vec![Decision::Permit; rows]);
                Ok(Resolved { subjects, decisions, unknown: vec![false; rows] })
            }
            (Whose::Named { columns, unidentified }, GateRule::Subject(basis), None) => {
                let mut found = Found::new(batch.num_rows());
                let linking = match &self.governance.subject {
                    SubjectColumns::Tokens { linking, .. } => linking.len(),
                    SubjectColumns::CustomerId => columns.len(),
                    SubjectColumns::Unresolvable => 0,
                };
                for (place, at) in columns.iter().enumerate() {
                    self.look_up(batch.column(*at), basis, place < linking, &mut found)?;
                }
                if let Some(at) = unidentified {
                    found.mark(batch.column(*at))?;
                }
                Ok(found.close(basis))
            }
            (Whose::Unresolved | Whose::Named { .. } | Whose::Placed { .. }, _, _) => {
                exec_err!("the data subjects of these rows have not been looked up")
            }
        }
    }

    /// Resolves one column of pseudonyms (or ids): the first that belongs to a customer names the row's, and the
    /// strictest decision of all of them counts, as far as the lawful basis leaves it. One that `links` and belongs to no
    /// known customer is refused; another adds only what was refused by it.
    fn look_up(&self, column: &ArrayRef, basis: LawfulBasis, links: bool, found: &mut Found) -> Result<()> {
        let Some(values) = column.as_string_opt::<i32>() else {
            return exec_err!("a subject column is not text");
        };
        let index = &self.governance.subjects;
        let by_id = match self.governance.subject {
            SubjectColumns::CustomerId => true,
            SubjectColumns::Tokens { .. } => false,
            SubjectColumns::Unresolvable => return exec_err!("the relation names no data subjects"),
        };
        let mut bits = Vec::with_capacity(values.len());
        for value in values {
            match value.map(token_bits) {
                Some(None) => return exec_err!("a subject column holds no pseudonym"),
                other => bits.push(other.flatten()),
            }
        }
        // Looking a pseudonym up waits for memory: a loop that does nothing else lets the processor wait for several.
        let find = |bits: Option<u128>| match bits {
            None => ABSENT,
            Some(bits) if by_id => index.of_id(bits).unwrap_or(NOBODY),
            Some(bits) => index.number_of(bits).unwrap_or(if links { NOBODY } else { SILENT }),
        };
        let numbers: Vec<u32> = bits.into_iter().map(find).collect();
        if by_id {
            found.mark_unnamed(&numbers, basis);
        }
        let customers = index.len() as u32;
        for (row, number) in numbers.into_iter().enumerate().filter(|(_, number)| *number != ABSENT) {
            found.add(row, number, customers, || decision(&self.governance, basis, number));
        }
        Ok(())
    }
}

/// What is known of the rows of a batch while their pseudonyms are looked up.
struct Found {
    subjects: Vec<u32>,
    decisions: Vec<Decision>,
    names: Vec<Names>,
}

/// What the pseudonyms of a row name so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Names {
    /// No person: the row has none.
    Nothing,
    /// A person that is not known: no pseudonym makes a customer.
    Someone,
    /// A customer, known or not.
    Customer,
}

impl Found {
    fn new(rows: usize) -> Self {
        Self {
            subjects: vec![NOBODY; rows],
            decisions: vec![Decision::Permit; rows],
            names: vec![Names::Nothing; rows],
        }
    }

    #[inline]
    fn add(&mut self, row: usize, number: u32, customers: u32, decision: impl FnOnce() -> Decision) {
        if number == SILENT {
            self.names[row] = self.names[row].max(Names::Someone);
            return;
        }
        let is_customer = number < customers;
        if is_customer && self.subjects[row] == NOBODY {
            self.subjects[row] = number;
        }
        let names = if is_customer || number == NOBODY { Names::Customer } else { Names::Someone };
        self.names[row] = self.names[row].max(names);
        self.decisions[row] = self.decisions[row].max(decision());
    }

    /// Takes in which rows had an identifier that was left out.
    fn mark(&mut self, column: &ArrayRef) -> Result<()> {
        let Some(marks) = column.as_boolean_opt() else {
            return exec_err!("the column that marks rows without a usable identifier is not of truth values");
        };
        for (names, mark) in self.names.iter_mut().zip(marks) {
            if mark == Some(true) {
                *names = Names::Someone.max(*names);
            }
        }
        Ok(())
    }

    /// Takes in which rows of a table lack the subject that the table declares.
    fn mark_unnamed(&mut self, numbers: &[u32], basis: LawfulBasis) {
        let rows = numbers.iter().enumerate().filter(|(_, number)| **number == ABSENT);
        for (row, _) in rows {
            self.names[row] = Names::Someone.max(self.names[row]);
            self.decisions[row] = unnamed(basis).max(self.decisions[row]);
        }
    }

    /// The data subject of a row that names a person who is not known has agreed to nothing.
    fn close(mut self, basis: LawfulBasis) -> Resolved {
        let unknown = Decision::NotGranted.under(basis);
        for (decision, names) in self.decisions.iter_mut().zip(&self.names) {
            if *names == Names::Someone {
                *decision = unknown.max(*decision);
            }
        }
        let unknown = self.subjects.iter().zip(&self.names).map(|(s, names)| *s == NOBODY && *names != Names::Nothing);
        Resolved { unknown: unknown.collect(), subjects: self.subjects, decisions: self.decisions }
    }
}

/// The decision on a row of a table that lacks the subject which the table declares. Whoever it is about may have withdrawn
/// or demanded a restriction, neither of which could be found.
fn unnamed(basis: LawfulBasis) -> Decision {
    match basis {
        LawfulBasis::LegalObligation => Decision::Permit,
        LawfulBasis::Consent
        | LawfulBasis::Contract
        | LawfulBasis::VitalInterests
        | LawfulBasis::PublicInterest
        | LawfulBasis::LegitimateInterests => Decision::NotGranted,
    }
}

/// The decision on what names this customer, or one that is not known.
fn decision(governance: &Governance, basis: LawfulBasis, subject: u32) -> Decision {
    let decision = match subject {
        NOBODY => Decision::NotGranted,
        subject => governance.decisions.of(subject),
    };
    decision.under(basis)
}

impl Numbered {
    fn new(rows: &Arc<RowSubjects>, governance: &Governance, basis: LawfulBasis) -> Self {
        let of = |subject| decision(governance, basis, subject);
        let customers = rows.customers();
        let mut decisions: Vec<Decision> = (0..customers).map(of).collect();
        let strictest = |group: &Vec<u32>| {
            let mut found = Found::new(1);
            group.iter().for_each(|number| found.add(0, *number, customers, || of(*number)));
            found.close(basis).decisions[0]
        };
        decisions.extend(rows.groups().iter().map(strictest));
        let names = |group: &Vec<u32>| group.iter().copied().find(|s| *s < customers).unwrap_or(NOBODY);
        let nameless = match governance.subject {
            SubjectColumns::CustomerId => (NOBODY, unnamed(basis), true),
            SubjectColumns::Tokens { .. } | SubjectColumns::Unresolvable => (NOBODY, Decision::Permit, false),
        };
        Self { rows: rows.clone(), decisions, subjects: rows.groups().iter().map(names).collect(), nameless }
    }

    fn resolve(&self, files: &ArrayRef, rows: &ArrayRef) -> Result<Resolved> {
        let (Some(files), Some(rows)) = (files.as_primitive_opt::<Int64Type>(), rows.as_primitive_opt::<Int64Type>())
        else {
            return exec_err!("the places of rows are no numbers");
        };
        let (files, rows) = (files.values(), rows.values());
        if let Some(people) = self.run(files, rows) {
            let mut found = Resolved::default();
            people.iter().for_each(|number| found.push(self.of(*number)));
            return Ok(found);
        }
        let mut found = Resolved::default();
        for (file, row) in files.iter().zip(rows) {
            let Some(number) = self.rows.of(*file, *row) else {
                return exec_err!("a row is read that nobody has looked up");
            };
            found.push(self.of(number));
        }
        Ok(found)
    }

    /// Whom rows name that follow one another in one file, as all do where no predicate leaves some out.
    fn run(&self, files: &[i64], rows: &[i64]) -> Option<&[u32]> {
        let (file, first) = (*files.first()?, *rows.first()?);
        let follow = rows.iter().zip(first..).all(|(row, next)| *row == next);
        let one_file = files.iter().all(|f| *f == file);
        (follow && one_file).then(|| self.rows.of_run(file, first, rows.len()))?
    }

    /// The customer that names a row, the decision, and whether it is about an unknown person, by whom the row names.
    #[inline]
    fn of(&self, number: u32) -> (u32, Decision, bool) {
        match self.decisions.get(number as usize) {
            None if number == NOBODY => self.nameless,
            None => (NOBODY, Decision::NotGranted, true),
            Some(decision) if number < self.rows.customers() => (number, *decision, false),
            Some(decision) => {
                let group = (number - self.rows.customers()) as usize;
                let subject = self.subjects.get(group).copied().unwrap_or(NOBODY);
                (subject, *decision, subject == NOBODY)
            }
        }
    }
}
