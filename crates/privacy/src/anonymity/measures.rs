//! The measures, and what does not reach a demand.

use super::classes::EquivalenceClasses;
use super::closeness::Table;
use super::sensitive::Count;
use hashbrown::{HashMap, HashSet};

/// Less than this apart, a measured figure and a demand are equal: figures with e and logarithms are rounded.
const ROUNDING: f64 = 1e-9;

/// How a measure came out.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measured<T> {
    /// The figure of the worst class; `None` if there is no row.
    pub worst: Option<T>,
    /// Classes that do not reach what is demanded.
    pub classes: u64,
    /// Rows in those classes.
    pub rows: u64,
}

impl<T> Measured<T> {
    /// Whether every class reaches what is demanded.
    pub fn holds(&self) -> bool {
        self.classes == 0
    }
}

impl EquivalenceClasses {
    /// k-anonymity: the size of the smallest class, and what is in classes of fewer than `k`. Sizes are in rows, or in
    /// people if there is a subject column; rows that name nobody may all be one person's, who may be one of the
    /// others.
    pub fn k_anonymity(&self, k: u64) -> Measured<u64> {
        let sizes = self.sizes();
        let few = || sizes.iter().zip(&self.rows).filter(|(size, _)| **size < k);
        Measured {
            worst: sizes.iter().min().copied(),
            classes: few().count() as u64,
            rows: few().map(|(_, rows)| rows).sum(),
        }
    }

    /// Distinct l-diversity of a sensitive column, by its place: the smallest number of its values in a class, and
    /// what is in classes of fewer than `l`.
    ///
    /// # Panics
    /// If there is no such column.
    pub fn l_diversity(&self, sensitive: usize, l: u64) -> Measured<u64> {
        self.by_class(sensitive, |class| class.len() as u64, |found, worst| found < worst, |found| found < l)
    }

    /// Entropy l-diversity of a sensitive column: the smallest e^H, from 1, H = -Σ q ln q over the shares q of its
    /// values in a class; and what is in classes of less than `l`.
    ///
    /// # Panics
    /// If there is no such column.
    pub fn entropy_l_diversity(&self, sensitive: usize, l: f64) -> Measured<f64> {
        self.by_class(sensitive, exp_entropy, |found, worst| found < worst, |found| found < l - ROUNDING)
    }

    /// t-closeness of a sensitive column: the largest distance of a class from the table, 0 to 1, and what is in
    /// classes further than `t`.
    ///
    /// # Panics
    /// If there is no such column.
    pub fn t_closeness(&self, sensitive: usize, t: f64) -> Measured<f64> {
        let column = &self.sensitive[sensitive];
        let table = Table::new(&column.counts(), column.values());
        let distance = |class: &[Count]| if column.ordered { table.ordered(class) } else { table.equal(class) };
        self.by_class(sensitive, distance, |found, worst| found > worst, |found| found > t + ROUNDING)
    }

    /// What k would be without one of the quasi-identifiers, by its place; 0 if there is no row.
    pub fn k_without(&self, quasi: usize) -> u64 {
        let width = self.width();
        let mut groups: HashMap<Vec<u64>, u32> = HashMap::new();
        let mut group_of: Vec<u32> = Vec::with_capacity(self.rows.len());
        for class in 0..self.rows.len() {
            let mut parts = self.parts[class * width..(class + 1) * width].to_vec();
            parts.remove(quasi);
            let next = groups.len() as u32;
            group_of.push(*groups.entry(parts).or_insert(next));
        }
        let mut sizes = vec![0u64; groups.len()];
        if self.counts_people() {
            let of_group: HashSet<(u32, u128)> =
                self.people.iter().map(|(class, person)| (group_of[*class as usize], *person)).collect();
            of_group.iter().for_each(|(group, _)| sizes[*group as usize] += 1);
            sizes.iter_mut().for_each(|size| *size = (*size).max(1));
        } else {
            group_of.iter().zip(&self.rows).for_each(|(group, rows)| sizes[*group as usize] += rows);
        }
        sizes.into_iter().min().unwrap_or(0)
    }

    /// The size of each class.
    fn sizes(&self) -> Vec<u64> {
        if !self.counts_people() {
            return self.rows.clone();
        }
        let mut sizes = vec![0u64; self.rows.len()];
        self.people.iter().for_each(|(class, _)| sizes[*class as usize] += 1);
        sizes.iter_mut().for_each(|size| *size = (*size).max(1));
        sizes
    }

    fn by_class<T: Copy>(
        &self,
        sensitive: usize,
        figure: impl Fn(&[Count]) -> T,
        worse: impl Fn(T, T) -> bool,
        fails: impl Fn(T) -> bool,
    ) -> Measured<T> {
        let mut measured = Measured { worst: None, classes: 0, rows: 0 };
        for class in self.sensitive[sensitive].counts().chunk_by(|a, b| a.class == b.class) {
            let found = figure(class);
            if measured.worst.is_none_or(|worst| worse(found, worst)) {
                measured.worst = Some(found);
            }
            if fails(found) {
                measured.classes += 1;
                measured.rows += class.iter().map(|c| c.rows).sum::<u64>();
            }
        }
        measured
    }
}

/// e^H of a class's values: with c rows and c(i) of value i, H = ln c - (Σ c(i) ln c(i)) / c. Summed from the
/// smallest, so that the order in which rows came does not show in the last digit.
fn exp_entropy(class: &[Count]) -> f64 {
    let mut counts: Vec<u64> = class.iter().map(|c| c.rows).collect();
    counts.sort_unstable();
    let rows = counts.iter().sum::<u64>() as f64;
    let sum: f64 = counts.iter().map(|c| (*c as f64) * (*c as f64).ln()).sum();
    (rows.ln() - sum / rows).exp()
}
