//! What arrives dirty: which rows of a file are spoiled, repeated, or late.

use crate::random::Draw;
use std::collections::{BTreeMap, BTreeSet};

/// A way to spoil one field of a row so that the row belongs into quarantine, or loses the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Defect {
    /// Name of the field in the export.
    pub field: &'static str,
    /// Name of the rule that refuses it: `type` (does not parse), `phone` (is no phone number), or a rule
    /// that the dictionary must declare: `required`, `in`, `between`, `matches`.
    pub rule: &'static str,
    /// What stands in the field instead; empty for a missing value.
    pub text: &'static str,
    /// The row reaches the lake, and the field is null there.
    pub set_null: bool,
}

/// Shorthand for a [`Defect`].
pub(crate) const fn defect(field: &'static str, rule: &'static str, text: &'static str) -> Defect {
    Defect { field, rule, text, set_null: false }
}

/// A [`Defect`] that only its value is lost by.
pub(crate) const fn set_null(field: &'static str, rule: &'static str, text: &'static str) -> Defect {
    Defect { field, rule, text, set_null: true }
}

/// One row as it is delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Delivery {
    /// Index of the row.
    pub row: usize,
    /// What is wrong with it.
    pub defect: Option<&'static Defect>,
    /// It was delivered before.
    pub repeated: bool,
}

/// The deliveries of a batch of rows: those of its own file, and those that came late in another.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    /// In the order of the file.
    pub main: Vec<Delivery>,
    /// In the order of the late file: rows the first lacks, and rows it has.
    pub late: Vec<Delivery>,
}

impl Plan {
    /// Every row once, in order.
    pub fn clean(rows: usize) -> Self {
        let main = (0..rows).map(|row| Delivery { row, defect: None, repeated: false }).collect();
        Plan { main, late: Vec::new() }
    }

    /// Spoils about 0.3 % of the rows, one at least (none of fewer than eight), with defects in turn from the `turn`th on;
    /// repeats about as many if `repeat`; and if `late`, holds some back and repeats others later.
    ///
    /// A spoiled row is never repeated: each row is lost for one reason.
    pub fn dirty(
        rows: usize,
        defects: &'static [Defect],
        turn: usize,
        repeat: bool,
        late: bool,
        draw: &mut Draw,
    ) -> Self {
        let few = if rows < 8 { 0 } else { (rows * 3 / 1000).max(1) };
        let mut taken = BTreeSet::new();
        let mut take = |wanted: usize, draw: &mut Draw| {
            let mut chosen = Vec::with_capacity(wanted);
            while chosen.len() < wanted {
                let row = draw.index(rows);
                if taken.insert(row) {
                    chosen.push(row);
                }
            }
            chosen
        };
        let spoiled: BTreeMap<usize, &'static Defect> = take(if defects.is_empty() { 0 } else { few }, draw)
            .into_iter()
            .enumerate()
            .map(|(n, row)| (row, &defects[(turn + n) % defects.len()]))
            .collect();
        let mut again: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for row in take(if repeat { few } else { 0 }, draw) {
            again.entry((row + 1 + draw.index(5)).min(rows)).or_default().push(row);
        }
        let held_back: BTreeSet<usize> = take(if late { few } else { 0 }, draw).into_iter().collect();
        let resent: BTreeSet<usize> = take(if late { few } else { 0 }, draw).into_iter().collect();

        let mut plan = Plan::default();
        for row in 0..=rows {
            for &row in again.get(&row).into_iter().flatten() {
                plan.main.push(Delivery { row, defect: None, repeated: true });
            }
            if row == rows {
                break;
            }
            let delivery = Delivery { row, defect: spoiled.get(&row).copied(), repeated: false };
            if held_back.contains(&row) {
                plan.late.push(delivery);
            } else {
                plan.main.push(delivery);
            }
            if resent.contains(&row) {
                plan.late.push(Delivery { repeated: true, ..delivery });
            }
        }
        plan
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Topic;

    static DEFECTS: [Defect; 2] = [defect("a", "type", "x"), defect("b", "required", "")];

    #[test]
    fn each_row_arrives_once_and_what_is_planted_is_there() {
        let mut draw = Draw::new(5, Topic::Dirt, 0, 0);
        let plan = Plan::dirty(2000, &DEFECTS, 0, true, true, &mut draw);
        let all: Vec<&Delivery> = plan.main.iter().chain(&plan.late).collect();
        let first: BTreeSet<usize> = all.iter().filter(|d| !d.repeated).map(|d| d.row).collect();
        assert_eq!(first.len(), 2000);
        assert_eq!(all.iter().filter(|d| d.repeated).count(), 12);
        assert_eq!(all.iter().filter(|d| d.defect.is_some()).count(), 6);
        assert!(all.iter().all(|d| !(d.repeated && d.defect.is_some())));
        assert_eq!(plan.late.len(), 12);
        assert_eq!(plan.late.iter().filter(|d| d.repeated).count(), 6);
    }

    #[test]
    fn a_copy_follows_its_row() {
        let mut draw = Draw::new(6, Topic::Dirt, 0, 0);
        let plan = Plan::dirty(1000, &DEFECTS, 0, true, false, &mut draw);
        let mut met = BTreeSet::new();
        for delivery in &plan.main {
            assert_eq!(met.contains(&delivery.row), delivery.repeated);
            met.insert(delivery.row);
        }
    }
}
