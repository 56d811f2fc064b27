//! Which records a command is about.

use crate::error::PipelineError;
use crate::project::OpenProject;
use chrono::{DateTime, Utc};
use lakewarden_extract::Held;
use lakewarden_lake::{Lake, TableSnapshot, Zone};
use serde::Serialize;
use std::collections::BTreeSet;

/// Which records a command is about: those of the datasets or ids named, or all, that pass every filter.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Selection {
    /// Datasets; all if neither one nor an id is named.
    pub datasets: BTreeSet<String>,
    /// Records, by id.
    pub ids: BTreeSet<String>,
    /// The rule that they broke.
    pub rule: Option<String>,
    /// The field to blame, by its name in the export; `record` for the record as a whole.
    pub field: Option<String>,
    /// The file: its name, or the end of it from a `/` on.
    pub file: Option<String>,
    /// The run that read them: its id, or how that begins.
    pub run: Option<String>,
    /// Quarantined at this instant or later.
    pub since: Option<DateTime<Utc>>,
}

/// What stands for the record as a whole where a field is named.
pub(super) const WHOLE: &str = "record";

impl Selection {
    /// Takes words apart: an id is a dataset, `/` and 16 hexadecimal digits; anything else is a dataset's name.
    #[must_use]
    pub fn of(mut self, words: &[String]) -> Self {
        for word in words {
            let is_id = word.rsplit_once('/').is_some_and(|(dataset, digits)| {
                !dataset.is_empty() && digits.len() == 16 && digits.bytes().all(|b| b.is_ascii_hexdigit())
            });
            if is_id { &mut self.ids } else { &mut self.datasets }.insert(word.clone());
        }
        self
    }

    /// Whether it leaves nothing out.
    pub fn is_everything(&self) -> bool {
        *self == Self::default()
    }

    /// Whether records of a dataset may be among those meant.
    fn covers(&self, dataset: &str) -> bool {
        let named = self.ids.iter().any(|id| id.rsplit_once('/').is_some_and(|(of, _)| of == dataset));
        named || self.datasets.contains(dataset) || (self.ids.is_empty() && self.datasets.is_empty())
    }

    /// Whether a record is meant. Its id, where asked for by id, is noted in `found`.
    pub(super) fn chooses(&self, held: &Held<'_>, found: &mut BTreeSet<String>) -> bool {
        let is = |wanted: &Option<String>, given: &str| wanted.as_deref().is_none_or(|wanted| wanted == given);
        let file = |wanted: &String| {
            held.file == wanted || held.file.strip_suffix(wanted.as_str()).is_some_and(|before| before.ends_with('/'))
        };
        let passes = is(&self.rule, held.rule)
            && is(&self.field, held.field.unwrap_or(WHOLE))
            && self.file.as_ref().is_none_or(file)
            && self.run.as_deref().is_none_or(|run| held.run.is_some_and(|of| of.starts_with(run)))
            && self.since.is_none_or(|since| held.quarantined_at >= since.timestamp_micros());
        if !passes {
            return false;
        }
        if self.ids.is_empty() || self.datasets.contains(held.dataset) {
            return true;
        }
        let id = held.id();
        let chosen = self.ids.contains(&id);
        if chosen {
            found.insert(id);
        }
        chosen
    }

    /// The quarantines that it is about, by name.
    ///
    /// # Errors
    /// [`PipelineError::NoQuarantine`] for a dataset that neither the lake nor the project knows; those of the lake.
    pub(super) async fn tables(&self, lake: &Lake, open: &OpenProject) -> Result<Vec<TableSnapshot>, PipelineError> {
        let there = lake.tables(Zone::Quarantine).await?;
        let declared = open.project.datasets.iter().map(|d| d.name.value.clone());
        let known: BTreeSet<String> = there.iter().cloned().chain(declared).collect();
        let named = self.ids.iter().filter_map(|id| id.rsplit_once('/')).map(|(of, _)| of.to_owned());
        if let Some(name) = self.datasets.iter().cloned().chain(named).find(|name| !known.contains(name)) {
            return Err(PipelineError::NoQuarantine { name, known: known.into_iter().collect() });
        }
        let mut tables = Vec::new();
        for name in there.iter().filter(|name| self.covers(name)) {
            tables.extend(lake.table(Zone::Quarantine, name).await?);
        }
        Ok(tables)
    }

    /// Refuses ids that nothing in quarantine has.
    ///
    /// # Errors
    /// [`PipelineError::NotInQuarantine`].
    pub(super) fn all_found(&self, found: &BTreeSet<String>) -> Result<(), PipelineError> {
        // A dataset that is named as a whole has its ids in it, or has not: nobody looked.
        let looked_for = |id: &&String| id.rsplit_once('/').is_some_and(|(of, _)| !self.datasets.contains(of));
        let lacking: Vec<String> =
            self.ids.iter().filter(looked_for).filter(|id| !found.contains(*id)).cloned().collect();
        if lacking.is_empty() { Ok(()) } else { Err(PipelineError::NotInQuarantine { ids: lacking }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held() -> Held<'static> {
        Held {
            dataset: "sales",
            file: "exports/sales/a.csv",
            row: 7,
            field: None,
            rule: "columns",
            reason: "",
            run: Some("7d0c2a54-6f1b-4a86-9c6e-2b1f0c9d5e11"),
            quarantined_at: 1_000_000,
            key_version: 1,
            nonce: &[0; 12],
            sealed: &[],
        }
    }

    #[test]
    fn words_are_datasets_or_ids() {
        let words = ["sales".to_owned(), held().id(), "x/12".to_owned()];
        let selection = Selection::default().of(&words);
        assert_eq!((selection.datasets.len(), selection.ids.len()), (2, 1));
        assert!(!selection.is_everything() && Selection::default().is_everything());
    }

    #[test]
    fn every_filter_has_to_pass() {
        let chosen = |selection: Selection| selection.chooses(&held(), &mut BTreeSet::new());
        let with = |change: fn(&mut Selection)| {
            let mut selection = Selection::default();
            change(&mut selection);
            selection
        };
        assert!(chosen(with(|_| {})));
        assert!(chosen(with(|s| s.rule = Some("columns".into()))) && !chosen(with(|s| s.rule = Some("type".into()))));
        assert!(chosen(with(|s| s.field = Some("record".into()))) && !chosen(with(|s| s.field = Some("sku".into()))));
        assert!(chosen(with(|s| s.file = Some("a.csv".into()))) && !chosen(with(|s| s.file = Some(".csv".into()))));
        assert!(chosen(with(|s| s.run = Some("7d0c2a54".into()))) && !chosen(with(|s| s.run = Some("8".into()))));
        let at = |micros| DateTime::from_timestamp_micros(micros);
        let since = |micros| Selection { since: at(micros), ..Selection::default() };
        assert!(chosen(since(1_000_000)) && !chosen(since(1_000_001)));
        let id = Selection::default().of(&[held().id()]);
        let mut found = BTreeSet::new();
        assert!(id.chooses(&held(), &mut found) && id.all_found(&found).is_ok());
        assert!(!id.chooses(&Held { row: 8, ..held() }, &mut BTreeSet::new()));
        assert!(id.all_found(&BTreeSet::new()).is_err());
        assert!(id.covers("sales") && !id.covers("stores"));
    }
}
