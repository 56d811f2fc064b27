//! Whether a relation, and a column of it, may serve a purpose, and on what ground.

use lakewarden_dictionary::{Dataset, DatasetRole, Field, LawfulBasis, Project, Purposes, Table};
use std::collections::BTreeMap;

/// What the policy says of one relation for one purpose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ruling {
    /// Its rows are about nobody.
    Open,
    /// Its rows are about people; a gate on this ground stands over every scan.
    Gated {
        /// Why it may be used at all.
        basis: LawfulBasis,
        /// Columns whose own purposes exclude this one.
        forbidden_columns: Vec<String>,
    },
    /// It may not be used.
    Refused(Refusal),
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
            rulings.set(&table.name.value, of_table(&project.purposes, table, purpose));
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
    if !dataset.is_personal() {
        return Ruling::Open;
    }
    let ancestry = purposes.ancestry(purpose);
    let declared = ancestry.iter().find_map(|name| {
        dataset.purposes.iter().find(|p| purposes.find(&p.purpose.value).is_some_and(|f| f.name.value == **name))
    });
    match declared {
        None => Ruling::Refused(Refusal::Purpose {
            allowed: dataset.purposes.iter().map(|p| p.purpose.value.clone()).collect(),
        }),
        Some(declared) => Ruling::Gated {
            basis: declared.lawful_basis,
            forbidden_columns: dataset
                .stored()
                .filter(|f| !field_serves(purposes, f, purpose))
                .map(|f| f.column.value.clone())
                .collect(),
        },
    }
}

/// Whether a field may serve a purpose: it does not restrict itself, or lists the purpose or one it is part of.
pub fn field_serves(purposes: &Purposes, field: &Field, purpose: &str) -> bool {
    field.purposes.is_empty()
        || purposes
            .ancestry(purpose)
            .iter()
            .any(|name| field.purposes.iter().any(|p| purposes.find(&p.value).is_some_and(|f| f.name.value == *name)))
}

/// Rules on a curated table: one with subjects serves its own purpose and the purposes that are part of it.
pub fn of_table(purposes: &Purposes, table: &Table, purpose: &str) -> Ruling {
    if table.subject.is_none() {
        return Ruling::Open;
    }
    let own = purposes.find(&table.purpose.value).map(|p| p.name.value.as_str());
    if own.is_some_and(|own| purposes.ancestry(purpose).contains(&own)) {
        Ruling::Gated { basis: table.lawful_basis.unwrap_or(LawfulBasis::Consent), forbidden_columns: Vec::new() }
    } else {
        Ruling::Refused(Refusal::Purpose { allowed: vec![table.purpose.value.clone()] })
    }
}
