//! How long rejected records are kept.

use super::dataset::Dataset;
use super::settings::Settings;
use super::terms::Period;
use crate::diagnostic::Spanned;

/// How long rejected records are kept where nothing is declared.
const USUAL: Period = Period { months: 0, days: 90 };

impl Settings {
    /// What is declared of a dataset's rejected records: by itself, or else by the project.
    pub fn declared_quarantine_retention<'a>(&'a self, dataset: &'a Dataset) -> Option<&'a Spanned<Period>> {
        dataset.quarantine_retention.as_ref().or(self.quarantine_retention.as_ref())
    }

    /// How long a dataset's rejected records are kept, counted from when they were quarantined: as declared, or else
    /// 90 days, and never longer than its rows.
    pub fn quarantine_retention_of(&self, dataset: &Dataset) -> Period {
        if let Some(declared) = self.declared_quarantine_retention(dataset) {
            return declared.value;
        }
        let rows = dataset.retention.as_ref().map(|r| r.value);
        rows.filter(|rows| USUAL.is_longer_than(rows)).unwrap_or(USUAL)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::testing::load_with;

    fn kept(path: &str, good: &str, bad: &str) -> Period {
        let loaded = load_with(path, good, bad);
        let project = &loaded.project;
        project.settings.quarantine_retention_of(project.dataset("members").unwrap())
    }

    #[test]
    fn a_dataset_s_own_comes_first_then_the_project_s_then_the_usual() {
        let members = "schemas/channels/members.yaml";
        let zone = "event_time: registered_at\n";
        assert_eq!(kept(members, zone, zone), Period { months: 0, days: 90 });
        let own = "event_time: registered_at\nquarantine_retention: P2M\n";
        assert_eq!(kept(members, zone, own), Period { months: 2, days: 0 });
        let project = "time_zone: Asia/Shanghai\nquarantine_retention: P7D\n";
        assert_eq!(kept("lakewarden.yaml", "time_zone: Asia/Shanghai\n", project), Period { months: 0, days: 7 });
        assert_eq!(kept(members, "retention: P5Y\n", "retention: P30D\n"), Period { months: 0, days: 30 });
    }
}
