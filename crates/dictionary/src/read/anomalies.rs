//! Rules that mark rows.

use super::{Fields, spanned_key};
use crate::diagnostic::Spanned;
use crate::model::{Anomaly, AnomalyKind, ExactNumber, Percent};
use crate::spec::{ANOMALY, BRUSHING, OUTLIER, TRY_ON};
use crate::yaml::Node;

/// Reads one; `None` if anything that it needs cannot be understood.
pub(super) fn anomaly(node: &Node) -> Option<Anomaly> {
    let fields = Fields::new(&ANOMALY, node);
    let entry = node.entries().iter().find(|e| e.key != "name")?;
    let word = spanned_key(entry);
    let kind = match word.value.as_str() {
        "brushing" => brushing(&fields.object("brushing", &BRUSHING)?)?,
        "try_on" => try_on(&fields.object("try_on", &TRY_ON)?)?,
        "outlier" => outlier(&fields.object("outlier", &OUTLIER)?)?,
        _ => return None,
    };
    Some(Anomaly { name: fields.spanned("name").unwrap_or(word), kind, span: fields.span() })
}

fn by(fields: &Fields<'_>) -> Option<Vec<Spanned<String>>> {
    Some(fields.names("by")).filter(|columns| !columns.is_empty())
}

fn brushing(fields: &Fields<'_>) -> Option<AnomalyKind> {
    let all = Percent { millionths: 1_000_000 };
    Some(AnomalyKind::Brushing {
        by: by(fields)?,
        at: fields.spanned("at")?,
        within: fields.parsed("within")?.value,
        orders_at_least: fields.parsed("orders_at_least")?.value,
        paid: fields.spanned("paid")?,
        refunded: fields.spanned("refunded")?,
        refunded_at_least: fields.parsed("refunded_at_least").map_or(all, |share| share.value),
    })
}

fn try_on(fields: &Fields<'_>) -> Option<AnomalyKind> {
    Some(AnomalyKind::TryOn {
        by: by(fields)?,
        at: fields.spanned("at")?,
        event: fields.spanned("event")?,
        tried: fields.optional_text("tried").unwrap_or_else(|| "try_on".to_owned()),
        bought: fields.optional_text("bought").unwrap_or_else(|| "pay".to_owned()),
        product: fields.spanned("product"),
        within: fields.parsed("within")?.value,
    })
}

fn outlier(fields: &Fields<'_>) -> Option<AnomalyKind> {
    let score = fields.parsed::<ExactNumber>("score_at_least");
    Some(AnomalyKind::Outlier {
        amount: fields.spanned("amount")?,
        by: by(fields)?,
        history_at_least: fields.parsed("history_at_least").map_or(30, |n| n.value),
        score_thousandths: match score {
            Some(score) => score.value.at_scale(3).and_then(|n| u32::try_from(n).ok())?,
            None => 3500,
        },
    })
}
