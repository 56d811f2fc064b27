//! Whether a table is as anonymous as its entry demands: measured on its way to the lake, before publication.

use crate::error::{PipelineError, TooLittleAnonymity};
use crate::record::{AnonymityAccount, ClosenessFigure, Counted, DistanceKind, DiversityFigure, KFigure};
use arrow::array::{ArrayRef, RecordBatch};
use lakewarden_dictionary::{Anonymity as Demand, DiversityKind, Table};
use lakewarden_extract::arrow_type;
use lakewarden_privacy::anonymity::{AnonymityError, Columns, EquivalenceClasses, Measured};

/// Measures a table while its batches pass. Keeps no row and no value of a cell, and says none.
pub struct Anonymity<'a> {
    table: &'a Table,
    demand: &'a Demand,
    /// Places of columns in the contract's order.
    quasi: Vec<usize>,
    sensitive: Vec<usize>,
    subject: Option<usize>,
    classes: EquivalenceClasses,
}

impl<'a> Anonymity<'a> {
    /// Begins to measure, if the table's entry demands anything; `seed` is for hashes.
    ///
    /// # Errors
    /// [`PipelineError::Unmeasurable`].
    pub fn of(table: &'a Table, seed: u64) -> Result<Option<Self>, PipelineError> {
        let Some(demand) = &table.anonymity else { return Ok(None) };
        let place = |name: &str| table.columns.iter().position(|c| c.name.value == name);
        let quasi: Vec<usize> = table.quasi_identifiers().filter_map(|c| place(&c.name.value)).collect();
        let sensitive: Vec<usize> = demand.sensitive.iter().filter_map(|name| place(&name.value)).collect();
        // Where a row is a person, which the contract's grain sees to, rows are people.
        let subject = table.subject.as_ref().filter(|s| !is_grain(table, &s.value)).and_then(|s| place(&s.value));
        let data_type = |at: &usize| arrow_type(table.columns[*at].data_type.value);
        let columns = Columns {
            quasi: quasi.iter().map(data_type).collect(),
            sensitive: sensitive.iter().map(data_type).collect(),
            subject: subject.as_ref().map(data_type),
        };
        let classes = EquivalenceClasses::new(&columns, seed).map_err(unmeasurable(table))?;
        Ok(Some(Self { table, demand, quasi, sensitive, subject, classes }))
    }

    /// Takes in a batch that has the contract's columns.
    ///
    /// # Errors
    /// [`PipelineError::Unmeasurable`].
    pub fn take(&mut self, batch: &RecordBatch) -> Result<(), PipelineError> {
        let columns = |places: &[usize]| places.iter().map(|at| batch.column(*at).clone()).collect::<Vec<ArrayRef>>();
        let subject = self.subject.map(|at| batch.column(at));
        self.classes
            .observe(&columns(&self.quasi), &columns(&self.sensitive), subject)
            .map_err(unmeasurable(self.table))
    }

    /// What was measured.
    ///
    /// # Errors
    /// [`PipelineError::Anonymity`] with the first demand that is not met: k, then l, then t.
    pub fn finish(self) -> Result<AnonymityAccount, PipelineError> {
        let k = self.k()?;
        let mut account = AnonymityAccount {
            quasi_identifiers: self.quasi.iter().map(|at| self.name(*at)).collect(),
            counted: if self.table.subject.is_some() { Counted::Subjects } else { Counted::Rows },
            rows: self.classes.rows(),
            classes: self.classes.len() as u64,
            k,
            diversity: Vec::new(),
            closeness: Vec::new(),
        };
        for at in 0..self.sensitive.len() {
            account.diversity.extend(self.diversity(at)?);
        }
        for at in 0..self.sensitive.len() {
            account.closeness.extend(self.closeness(at)?);
        }
        Ok(account)
    }

    fn k(&self) -> Result<KFigure, PipelineError> {
        let declared = u64::from(self.demand.k.value);
        let measured = self.classes.k_anonymity(declared);
        let measure = match self.table.subject {
            Some(_) => "k-anonymity in data subjects",
            None => "k-anonymity in rows",
        };
        self.refuse(&measured, measure, None, declared.to_string(), |k| k.to_string(), || self.hint(declared))?;
        Ok(KFigure { declared, found: measured.worst })
    }

    fn diversity(&self, at: usize) -> Result<Option<DiversityFigure>, PipelineError> {
        let Some(l) = &self.demand.l else { return Ok(None) };
        let (declared, kind) = (u64::from(l.value), self.demand.diversity);
        let column = self.name(self.sensitive[at]);
        let hint = || {
            let coarser = self.quoted(&self.quasi);
            format!(
                "nothing was published; make {coarser} coarser in the model, so that each class holds more of `{column}`"
            )
        };
        let found = match kind {
            DiversityKind::Distinct => {
                let measured = self.classes.l_diversity(at, declared);
                let text = |l: u64| l.to_string();
                self.refuse(&measured, "distinct l-diversity", Some(&column), declared.to_string(), text, hint)?;
                measured.worst.map(|l| l as f64)
            }
            DiversityKind::Entropy => {
                let measured = self.classes.entropy_l_diversity(at, declared as f64);
                self.refuse(&measured, "entropy l-diversity", Some(&column), declared.to_string(), short, hint)?;
                measured.worst
            }
        };
        Ok(Some(DiversityFigure { column, kind, declared, found }))
    }

    fn closeness(&self, at: usize) -> Result<Option<ClosenessFigure>, PipelineError> {
        let Some(t) = &self.demand.t else { return Ok(None) };
        let column = self.name(self.sensitive[at]);
        let measured = self.classes.t_closeness(at, t.value);
        let hint = || {
            let coarser = self.quoted(&self.quasi);
            format!(
                "nothing was published; make {coarser} coarser in the model, so that `{column}` is in each class as in \
                 the whole table"
            )
        };
        self.refuse(&measured, "t-closeness", Some(&column), short(t.value), short, hint)?;
        let distance = if self.classes.is_ordered(at) { DistanceKind::Ordered } else { DistanceKind::Equal };
        Ok(Some(ClosenessFigure { column, distance, declared: t.value, found: measured.worst }))
    }

    fn refuse<T: Copy>(
        &self,
        measured: &Measured<T>,
        measure: &'static str,
        of: Option<&str>,
        declared: String,
        text: impl Fn(T) -> String,
        hint: impl Fn() -> String,
    ) -> Result<(), PipelineError> {
        let Some(worst) = measured.worst.filter(|_| !measured.holds()) else { return Ok(()) };
        Err(PipelineError::Anonymity(Box::new(TooLittleAnonymity {
            table: self.table.name.value.clone(),
            measure,
            of: of.map(str::to_owned),
            columns: self.quasi.iter().map(|at| self.name(*at)).collect(),
            found: text(worst),
            declared,
            rows: measured.rows,
            all: self.classes.rows(),
            classes: measured.classes,
            hint: hint(),
        })))
    }

    /// Which column to make coarser: the one without which k is largest, of equals the first.
    fn hint(&self, declared: u64) -> String {
        let without = (0..self.quasi.len()).map(|at| (self.classes.k_without(at), at));
        let best = without.max_by_key(|(k, at)| (*k, usize::MAX - at));
        match best {
            Some((k, at)) if self.quasi.len() > 1 && k >= declared => format!(
                "nothing was published; make `{}` coarser in the model, or leave it out: without it k is {k}",
                self.name(self.quasi[at])
            ),
            Some((k, at)) if self.quasi.len() > 1 => format!(
                "nothing was published; make {} coarser in the model, or leave rare combinations out; most is gained \
                 by `{}`: without it k is {k}",
                self.quoted(&self.quasi),
                self.name(self.quasi[at])
            ),
            _ => format!(
                "nothing was published; make {} coarser in the model, or leave its rare values out",
                self.quoted(&self.quasi)
            ),
        }
    }

    fn name(&self, at: usize) -> String {
        self.table.columns[at].name.value.clone()
    }

    fn quoted(&self, places: &[usize]) -> String {
        places.iter().map(|at| format!("`{}`", self.name(*at))).collect::<Vec<_>>().join(", ")
    }
}

fn is_grain(table: &Table, column: &str) -> bool {
    matches!(table.grain.as_slice(), [only] if only.value == column)
}

/// A figure with up to six digits after the point.
fn short(figure: f64) -> String {
    let text = format!("{figure:.6}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn unmeasurable(table: &Table) -> impl FnOnce(AnonymityError) -> PipelineError + '_ {
    |error| PipelineError::Unmeasurable { table: table.name.value.clone(), error }
}
