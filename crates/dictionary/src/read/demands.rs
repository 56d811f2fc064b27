//! What is demanded of a dataset beyond its fields.

use super::{Fields, anomalies, scalar, spanned_key};
use crate::model::*;
use crate::spec::{ROW_RULE, THRESHOLDS};
use crate::yaml::Node;

/// Loads that make the usual, where the entry does not say how many.
const USUAL_OF: u32 = 10;

/// Reads them all.
pub(super) fn demands(fields: &Fields<'_>) -> Demands {
    Demands {
        rows: fields.items("rules").iter().filter_map(row_rule).collect(),
        stopped_files: fields.word("stopped_files").unwrap_or_default(),
        thresholds: fields.object("thresholds", &THRESHOLDS).as_ref().map(thresholds),
        anomalies: fields.items("anomalies").iter().filter_map(anomalies::anomaly).collect(),
        marks_rows_of: None,
    }
}

fn row_rule(node: &Node) -> Option<RowRule> {
    let fields = Fields::new(&ROW_RULE, node);
    Some(RowRule {
        name: fields.spanned("name")?,
        sql: fields.spanned("sql")?,
        on_failure: fields.word("on_failure").unwrap_or_default(),
    })
}

fn thresholds(fields: &Fields<'_>) -> Thresholds {
    let share = |key| fields.parsed(key).map(|p| p.value);
    let null = |entry| -> Option<_> { Some((spanned_key(entry), scalar(&entry.value)?.parse().ok()?)) };
    Thresholds {
        quarantine_at_most: share("quarantine_at_most"),
        duplicates_at_most: share("duplicates_at_most"),
        rows_at_least: share("rows_at_least"),
        usual_of: fields.parsed("usual_of").map_or(USUAL_OF, |n| n.value),
        null_at_most: fields.entries("null_at_most").iter().filter_map(null).collect(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::testing::load_with;

    const MEMBERS: &str = "schemas/channels/members.yaml";

    #[test]
    fn every_demand_is_read() {
        let all = "\
rules:
  - { name: early, sql: \"registered_at < as_of()\" }
  - { name: some, sql: points > 0, on_failure: warn }
stopped_files: set_aside
thresholds:
  quarantine_at_most: 0.5%
  duplicates_at_most: 3 %
  rows_at_least: 90%
  usual_of: 7
  null_at_most: { phone: 100%, birth_decade: 0% }
fields:
";
        let loaded = load_with(MEMBERS, "fields:\n", all);
        assert!(!loaded.has_errors(), "{:?}", loaded.problems);
        let demands = &loaded.project.dataset("members").unwrap().demands;
        let rows: Vec<_> = demands.rows.iter().map(|r| (r.name.as_str(), r.sql.as_str(), r.on_failure)).collect();
        let expected =
            [("early", "registered_at < as_of()", OnFailure::Quarantine), ("some", "points > 0", OnFailure::Warn)];
        assert_eq!(rows, expected);
        assert_eq!(demands.stopped_files, StoppedFiles::SetAside);
        let thresholds = demands.thresholds.as_ref().unwrap();
        let share = |millionths| Some(Percent { millionths });
        assert_eq!(thresholds.quarantine_at_most, share(5_000));
        assert_eq!(thresholds.duplicates_at_most, share(30_000));
        assert_eq!((thresholds.rows_at_least, thresholds.usual_of), (share(900_000), 7));
        let nulls: Vec<_> = thresholds.null_at_most.iter().map(|(c, p)| (c.as_str(), p.to_string())).collect();
        assert_eq!(nulls, [("phone", "100%".to_owned()), ("birth_decade", "0%".to_owned())]);
    }

    #[test]
    fn long_forms_say_what_a_failure_does() {
        let rules = "    rules:\n      - required\n      - { rule: unique, on_failure: stop_run }\n      - { matches: 'M.*', on_failure: warn, name: odd_number }\n      - { in: [a], on_failure: stop_file }\n";
        let loaded = load_with(MEMBERS, "    rules: [required]\n", rules);
        assert!(!loaded.has_errors(), "{:?}", loaded.problems);
        let field = loaded.project.dataset("members").unwrap().column("member_no").unwrap().clone();
        let read: Vec<_> = field.rules.iter().map(|r| (r.name(), r.on_failure)).collect();
        let expected = [
            ("required", OnFailure::Quarantine),
            ("unique", OnFailure::StopRun),
            ("odd_number", OnFailure::Warn),
            ("in", OnFailure::StopFile),
        ];
        assert_eq!(read, expected);
    }

    #[test]
    fn shares_are_exact() {
        for (text, millionths) in [("0%", 0), ("0.0001%", 1), ("1%", 10_000), ("12.5 %", 125_000), ("100%", 1_000_000)]
        {
            let share: Percent = text.parse().unwrap();
            assert_eq!(share.millionths, millionths, "{text}");
            assert_eq!(share.to_string(), text.replace(' ', ""));
        }
        for text in ["", "%", "1", "-1%", "100.1%", "0.00001%", "1e1%", "1%%"] {
            assert!(text.parse::<Percent>().is_err(), "{text}");
        }
        let one: Percent = "1%".parse().unwrap();
        assert!(!one.is_exceeded_by(1, 100) && one.is_exceeded_by(2, 100) && !one.is_exceeded_by(0, 0));
        assert!(one.is_exceeded_by(1, 0) && one.is_missed_by(0, 1) && !one.is_missed_by(0, 0));
    }

    #[test]
    fn times_have_one_unit() {
        for (text, seconds) in [("PT1S", 1), ("PT30M", 1800), ("PT2H", 7200), ("P7D", 604_800)] {
            let within: Within = text.parse().unwrap();
            assert_eq!((within.seconds, within.to_string().as_str()), (seconds, text));
        }
        for text in ["", "P", "PT", "P1M", "PT1D", "P0D", "PT-1S", "PT1H30M", "P367D", "PT99999999999H"] {
            assert!(text.parse::<Within>().is_err(), "{text}");
        }
    }
}
