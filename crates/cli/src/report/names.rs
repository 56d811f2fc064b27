//! What people call the codes of tables and records.

use lakewarden_report::Label;
use lakewarden_report::data::{ChannelName, CustomerPicture};
use std::collections::BTreeSet;

/// The channel of a table that has only one.
pub(super) const ONLINE: &str = "online";
/// Stands in a combination for all channels, where a customer is known and was seen in none of them.
pub(super) const NO_CHANNEL: &str = "none";
/// The segment into which segments of very few customers are put.
pub(super) const OTHER: &str = "other";

/// Channels: code, Chinese, English.
const CHANNELS: &[(&str, &str, &str)] = &[
    ("store", "门店", "Shops"),
    ("tmall", "天猫", "Tmall"),
    ("miniapp", "小程序", "Mini-program"),
    ("app", "App", "App"),
    ("service", "客服", "Customer service"),
    (ONLINE, "网店", "Online shop"),
    (NO_CHANNEL, "尚无活动", "No activity yet"),
];

/// Segments in the order in which they are shown: code, Chinese, English.
const SEGMENTS: &[(&str, &str, &str)] = &[
    ("champion", "重要价值", "Champions"),
    ("loyal", "忠诚", "Loyal"),
    ("promising", "潜力", "Promising"),
    ("new", "新客", "New"),
    ("must_not_lose", "重点挽留", "Must not lose"),
    ("at_risk", "流失风险", "At risk"),
    ("dormant", "沉睡", "Dormant"),
    (OTHER, "其他", "Others"),
];

/// A label of the dictionary, as the report takes it.
pub(super) fn label(of: &lakewarden_dictionary::Label) -> Label {
    Label::new(&of.zh, &of.en)
}

/// The code under which the report knows a reason for withholding rows.
pub(super) fn reason_code(reason: &str) -> &str {
    reason.strip_prefix("consent_").unwrap_or(reason)
}

/// What people call a segment; empty for one that is not known here, which is then called by its code.
pub(super) fn segment(code: &str) -> Label {
    find(SEGMENTS, code).unwrap_or_default()
}

/// Where a segment stands among the others.
pub(super) fn segment_place(code: &str) -> usize {
    let known = SEGMENTS.iter().position(|(c, ..)| *c == code);
    known.unwrap_or(SEGMENTS.len())
}

/// The names of the channels that a picture mentions.
pub(super) fn channels_of(picture: &CustomerPicture) -> Vec<ChannelName> {
    let combined = picture.combinations.iter().flat_map(|c| &c.channels);
    let sold = picture.revenue_by_month.iter().map(|r| &r.channel);
    let used: BTreeSet<&String> = combined.chain(sold).collect();
    used.into_iter().filter_map(|name| Some(ChannelName { name: name.clone(), label: find(CHANNELS, name)? })).collect()
}

fn find(among: &[(&str, &str, &str)], code: &str) -> Option<Label> {
    let (_, zh, en) = among.iter().find(|(c, ..)| *c == code)?;
    Some(Label::new(*zh, *en))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::testing::reference_project;
    use super::*;
    use lakewarden_dictionary::Rule;
    use lakewarden_policy::Decision;

    fn listed(table: &str, column: &str) -> Vec<String> {
        let open = reference_project();
        let column = open.project.table(table).unwrap().column(column).unwrap().clone();
        column.tests.into_iter().find_map(|t| if let Rule::In(words) = t.value { Some(words) } else { None }).unwrap()
    }

    #[test]
    fn every_code_of_the_reference_project_has_words() {
        for code in listed("customer_rfm", "segment") {
            assert_ne!(segment(&code), Label::default(), "{code}");
        }
        for code in listed("channel_monthly", "channel") {
            assert!(find(CHANNELS, &code).is_some(), "{code}");
        }
    }

    #[test]
    fn reasons_of_the_policy_are_told_apart() {
        let codes: BTreeSet<&str> = Decision::ALL.iter().map(|d| reason_code(d.name())).collect();
        let known = BTreeSet::from([
            "permitted",
            "retention_ended",
            "not_granted",
            "expired",
            "notice_outdated",
            "guardian_missing",
            "withdrawn",
            "restricted",
            "suppressed",
        ]);
        assert_eq!(codes, known, "the report's words (crates/report/src/words.rs) are for these");
    }
}
