//! A last record that is named like a total.

use super::file::{Job, Learnt};
use crate::account::Warning;
use arrow::array::StringArray;
use lakewarden_privacy::normalise;

/// What total lines begin with, in lower case.
const TOTALS: [&str; 34] = [
    "合计",
    "合計",
    "总计",
    "總計",
    "小计",
    "小計",
    "总和",
    "总额",
    "汇总",
    "共计",
    "総計",
    "総合計",
    "total",
    "totals",
    "totals:",
    "total:",
    "grand total",
    "subtotal",
    "sub-total",
    "sub total",
    "sum",
    "summe",
    "gesamt",
    "gesamtsumme",
    "zwischensumme",
    "insgesamt",
    "total general",
    "total général",
    "sous-total",
    "totale",
    "totale generale",
    "subtotale",
    "suma",
    "total geral",
];

/// Follows the first value of each record, to know that of the last.
#[derive(Debug, Default)]
pub(crate) struct LastRecord {
    first_value: String,
}

impl LastRecord {
    /// Takes the first value of the next record.
    pub(crate) fn take(&mut self, first: &[u8]) {
        self.first_value.clear();
        // No name of a total is longer.
        if first.len() <= 64
            && let Ok(text) = std::str::from_utf8(first)
        {
            self.first_value.push_str(text);
        }
    }

    /// Warns if the last record, with this number, is named like a total and the dataset declares no `footer`. It stays a
    /// record: a word does not prove that it is none, and what is sold may have that name.
    pub(crate) fn judge(&self, job: &Job<'_>, record: u64, learnt: &mut Learnt) {
        if record > 1 && job.dataset.format.footer.is_none() && is_total(&self.first_value) {
            learnt.warn(Warning::TotalRow { record });
        }
    }
}

fn is_total(text: &str) -> bool {
    let folded = normalise::fold_width(&StringArray::from(vec![text])).values;
    folded.iter().flatten().any(|text| {
        let text = text.to_lowercase();
        TOTALS.contains(&text.trim_end_matches([':', '：']).trim_end())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn totals_are_known_by_their_first_value() {
        for text in ["合计", " 总计：", "Total", "TOTAL:", "Summe", "Total general", "Total Général", "ｔｏｔａｌ"]
        {
            assert!(is_total(text), "{text}");
        }
        for text in ["", "R1", "Total Energies", "Summer", "合计数", "total 1"] {
            assert!(!is_total(text), "{text}");
        }
    }
}
