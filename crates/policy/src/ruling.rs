//! Whether a relation, and a column of it, may serve a purpose, and on which lawful basis.

use crate::consent::Decision;
use crate::gate::GateRule;
use lakewarden_dictionary::{Dataset, DatasetRole, Field, LawfulBasis, Project, Purposes, Subjects, Table};
use std::collections::BTreeMap;

/// What the policy says of one relation for one purpose. There is no default: what decides by it matches on every
/// variant, or asks one of its methods, which do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ruling {
    /// No gate is needed: its rows are about no person, about enough people, or were gated for this purpose when they
    /// were made; and nothing else restricts its purposes or how long they are kept.
    Open,
    /// Its rows are about people whom it names; a gate on this lawful basis stands over every scan.
    Gated {
        /// Why it may be used at all.
        basis: LawfulBasis,
        /// Columns whose own purposes exclude this one.
        forbidden_columns: Vec<String>,
    },
    /// Its rows are about people who cannot be resolved (`subject: none`); a gate withholds those past their retention.
    WithoutSubject {
        /// Why it may be used at all; never consent.
        basis: LawfulBasis,
        /// Columns whose own purposes exclude this one.
        forbidden_columns: Vec<String>,
    },
    /// Its rows are not about people, but their purposes or retention are declared; a gate withholds those past their
    /// retention.
    Limited {
        /// Columns whose own purposes exclude this one.
        forbidden_columns: Vec<String>,
    },
    /// It may not be used.
    Refused(Refusal),
}

impl Ruling {
    /// By what the gate decides that has to stand over every scan; `None` where none does: the relation is open, or
    /// refused.
    pub fn gate(&self) -> Option<GateRule> {
        match self {
            Ruling::Gated { basis, .. } => Some(GateRule::Subject(*basis)),
            Ruling::WithoutSubject { basis, .. } => Some(GateRule::WithoutSubject(*basis)),
            Ruling::Limited { .. } => Some(GateRule::NotPersonal),
            Ruling::Open | Ruling::Refused(_) => None,
        }
    }

    /// Columns that may not be read for the purpose.
    pub fn forbidden_columns(&self) -> &[String] {
        match self {
            Ruling::Gated { forbidden_columns, .. }
            | Ruling::WithoutSubject { forbidden_columns, .. }
            | Ruling::Limited { forbidden_columns } => forbidden_columns,
            Ruling::Open | Ruling::Refused(_) => &[],
        }
    }

    /// Whether its rows are known not to be about people.
    pub fn is_not_about_people(&self) -> bool {
        match self {
            Ruling::Open | Ruling::Limited { .. } => true,
            Ruling::Gated { .. } | Ruling::WithoutSubject { .. } | Ruling::Refused(_) => false,
        }
    }
}

/// Why a relation may not be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// The dataset does not list the purpose or one it is part of.
    Purpose {
        /// What the dataset may serve.
        allowed: Vec<String>,
    },
    /// The engine's own log, which models do not read.
    ConsentLog,
    /// The engine's own list of people to keep out, which models do not read.
    SuppressionList,
    /// Its rows are about people and name none of them, and its entry does not say why (`LW1200`).
    SubjectUndeclared,
    /// It rests on consent, which cannot be shown for rows without a data subject (`LW1203`).
    ConsentWithoutSubject,
}

/// The rulings of a project for one purpose, by relation.
#[derive(Debug, Clone, Default)]
pub struct Rulings {
    /// The purpose.
    pub purpose: String,
    by_relation: BTreeMap<String, Ruling>,
}

impl Rulings {
    /// Rulings for a purpose with no relation yet; [`Rulings::set`] adds them.
    pub fn new(purpose: &str) -> Self {
        Self { purpose: purpose.to_owned(), by_relation: BTreeMap::new() }
    }

    /// Rules on every dataset and curated table of a project.
    pub fn of_project(project: &Project, purpose: &str) -> Self {
        let mut rulings = Self::new(purpose);
        for dataset in &project.datasets {
            rulings.set(&dataset.name.value, of_dataset(&project.purposes, dataset, purpose));
        }
        for table in &project.tables {
            rulings.set(&table.name.value, of_table(project, table, purpose, None));
        }
        rulings
    }

    /// Adds or replaces a relation's ruling.
    pub fn set(&mut self, relation: &str, ruling: Ruling) {
        self.by_relation.insert(relation.to_owned(), ruling);
    }

    /// The ruling on a relation; `None` means that nothing is known of it, and it must not be read.
    pub fn get(&self, relation: &str) -> Option<&Ruling> {
        self.by_relation.get(relation)
    }
}

/// Rules on a dataset: by its own declaration for the purpose or the nearest one it is part of.
pub fn of_dataset(purposes: &Purposes, dataset: &Dataset, purpose: &str) -> Ruling {
    match dataset.role {
        DatasetRole::ConsentLog => return Ruling::Refused(Refusal::ConsentLog),
        DatasetRole::SuppressionList => return Ruling::Refused(Refusal::SuppressionList),
        DatasetRole::Data => {}
    }
    let limited = || {
        let unlimited = dataset.serves_every_purpose() && dataset.retention.is_none();
        if unlimited {
            Ruling::Open
        } else {
            Ruling::Limited { forbidden_columns: forbidden(purposes, dataset, purpose) }
        }
    };
    let subjects = dataset.subjects();
    let ancestry = purposes.ancestry(purpose);
    let declared = ancestry.iter().find_map(|name| {
        dataset.purposes.iter().find(|p| purposes.find(&p.purpose.value).is_some_and(|f| f.name.value == **name))
    });
    let not_listed = || {
        Ruling::Refused(Refusal::Purpose {
            allowed: dataset.purposes.iter().map(|p| p.purpose.value.clone()).collect(),
        })
    };
    match (subjects, declared) {
        (Subjects::Undeclared, _) => Ruling::Refused(Refusal::SubjectUndeclared),
        (Subjects::NotPersonal, None) if dataset.purposes.is_empty() => limited(),
        (Subjects::NotPersonal, Some(_)) => limited(),
        (Subjects::NotPersonal | Subjects::Pseudonymous | Subjects::Unresolvable, None) => not_listed(),
        (Subjects::Pseudonymous, Some(declared)) => {
            Ruling::Gated { basis: declared.lawful_basis, forbidden_columns: forbidden(purposes, dataset, purpose) }
        }
        (Subjects::Unresolvable, Some(declared)) if declared.lawful_basis.needs_consent() => {
            Ruling::Refused(Refusal::ConsentWithoutSubject)
        }
        (Subjects::Unresolvable, Some(declared)) => Ruling::WithoutSubject {
            basis: declared.lawful_basis,
            forbidden_columns: forbidden(purposes, dataset, purpose),
        },
    }
}

/// The stored columns whose own purposes exclude this one.
fn forbidden(purposes: &Purposes, dataset: &Dataset, purpose: &str) -> Vec<String> {
    dataset.stored().filter(|f| !field_serves(purposes, f, purpose)).map(|f| f.column.value.clone()).collect()
}

/// Whether a field may serve a purpose: it does not restrict itself, or lists the purpose or one it is part of.
pub fn field_serves(purposes: &Purposes, field: &Field, purpose: &str) -> bool {
    field.purposes.is_empty()
        || purposes
            .ancestry(purpose)
            .iter()
            .any(|name| field.purposes.iter().any(|p| purposes.find(&p.value).is_some_and(|f| f.name.value == *name)))
}

/// Rules on a curated table. One of noised figures, or with at least the project's minimum of people behind each row, is
/// open. Any other serves its own purpose and the purposes that are part of it: below a gate if it has subjects, without
/// one if it has none, for then no row says of whom it is made.
///
/// `made_of` is the lawful basis of what the table is made of, if that is known. The table's own may be stricter, and
/// cannot be laxer.
pub fn of_table(project: &Project, table: &Table, purpose: &str, made_of: Option<LawfulBasis>) -> Ruling {
    if !project.is_bound_to_purpose(table) {
        return Ruling::Open;
    }
    let own = project.purposes.find(&table.purpose.value).map(|p| p.name.value.as_str());
    if !own.is_some_and(|own| project.purposes.ancestry(purpose).contains(&own)) {
        return Ruling::Refused(Refusal::Purpose { allowed: vec![table.purpose.value.clone()] });
    }
    match (&table.subject, strictest(table.lawful_basis.into_iter().chain(made_of))) {
        (Some(_), basis) => {
            Ruling::Gated { basis: basis.unwrap_or(LawfulBasis::Consent), forbidden_columns: Vec::new() }
        }
        (None, _) => Ruling::Open,
    }
}

/// The strictest of several lawful bases: the one under which the most people are withheld. `None` of none.
pub fn strictest(bases: impl IntoIterator<Item = LawfulBasis>) -> Option<LawfulBasis> {
    bases.into_iter().max_by_key(|basis| strictness(*basis))
}

/// How many of the reasons to withhold a person count on a lawful basis, see [`crate::Decision::under`]; bases between
/// which that makes no difference are told apart, so that the order is total.
fn strictness(basis: LawfulBasis) -> u8 {
    match basis {
        LawfulBasis::LegalObligation => 0,
        LawfulBasis::VitalInterests => 1,
        LawfulBasis::PublicInterest => 2,
        LawfulBasis::Contract => 3,
        LawfulBasis::LegitimateInterests => 4,
        LawfulBasis::Consent => 5,
    }
}

/// Whether rows may be used on `declared` that were collected on `source`: no person would be let through on the first
/// who is withheld on the second.
pub fn is_as_strict(declared: LawfulBasis, source: LawfulBasis) -> bool {
    Decision::ALL.iter().all(|d| d.under(source) == Decision::Permit || d.under(declared) != Decision::Permit)
}
