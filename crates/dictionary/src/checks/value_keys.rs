//! Keys about values that say nothing of this field's values.

use super::{Check, Context};
use crate::diagnostic::Problem;
use crate::docs::{DiagnosticDoc, Example};
use crate::model::{DataType, Field, Normaliser, Treatment};

const CODE: &str = "LW1167";

/// The check and its page.
pub(super) const CHECK: Check = Check {
    doc: DiagnosticDoc {
        code: CODE,
        title: "a key about values does not fit the field",
        what: "`time_zone` is declared for a field that is no time, `email_rules` for one that is not normalised as an e-mail address, a normaliser of identifiers for one that is not text, `normalise: none` for one that is not text or becomes a pseudonym, `round` for one that has no scale, or `epoch_as_declared` for one whose times are no epochs.",
        why: "Who wrote it expects something of it. It would do nothing, and nobody would know.",
        mend: "Correct the type or `normalise`, or take the key away.",
        example: Example::Edit {
            path: "schemas/channels/members.yaml",
            good: "    normalise: phone\n",
            bad: "    normalise: phone\n    email_rules: drop_tag\n",
        },
    },
    run: check,
};

fn check(context: &Context<'_>, problems: &mut Vec<Problem>) {
    for field in context.project.datasets.iter().flat_map(|d| &d.fields) {
        if context.is_broken(&field.span, &["type", "normalise"]) {
            continue;
        }
        one(field, problems);
    }
}

fn one(field: &Field, problems: &mut Vec<Problem>) {
    let (column, of) = (&field.column.value, field.data_type.value);
    if let Some(zone) = field.values.time_zone.as_ref().filter(|_| !of.is_temporal()) {
        let message = format!("`time_zone` does not fit `{column}` of type `{of}`");
        let hint = "it takes a `date` or `timestamp`: correct the type, or take it away";
        problems.push(Problem::error(CODE, zone.span.clone(), message).hint(hint));
    }
    if let Some(rule) = field.values.email_rules.first().filter(|_| field.normalise != Normaliser::Email) {
        let message = format!("`email_rules` says nothing about `{column}`, which is no e-mail address");
        let hint = "write `normalise: email`, or take it away";
        problems.push(Problem::error(CODE, rule.span.clone(), message).hint(hint));
    }
    let pseudonym = matches!(field.treatment, Treatment::Pseudonymise(_));
    if field.normalise == Normaliser::None && (of != DataType::String || pseudonym) {
        let message = format!("`normalise: none` does not fit `{column}`, which is no text that is stored as it came");
        let hint = "write `normalise: trim`, or `identifier` for a pseudonym";
        problems.push(Problem::error(CODE, field.data_type.span.clone(), message).hint(hint));
    }
    if field.values.round && !matches!(of, DataType::Decimal { .. } | DataType::Integer) {
        let message = format!("`round` does not fit `{column}` of type `{of}`");
        let hint = "it takes a `decimal(…)` or `integer`: correct the type, or remove `round`";
        problems.push(Problem::error(CODE, field.data_type.span.clone(), message).hint(hint));
    }
    if field.values.epoch_as_declared && !field.time_formats.iter().any(|f| f.starts_with("epoch_")) {
        let message = format!("`epoch_as_declared` does not fit `{column}`, whose times are no epochs");
        let hint =
            "write `time_format: epoch_ms` (or `epoch_s`, `epoch_us`, `epoch_ns`), or remove `epoch_as_declared`";
        problems.push(Problem::error(CODE, field.data_type.span.clone(), message).hint(hint));
    }
    let texts = [Normaliser::ResidentId, Normaliser::TravelPermit, Normaliser::WechatId];
    if texts.contains(&field.normalise) && of != DataType::String {
        let message = format!("`normalise` takes text, and `{column}` is of type `{of}`");
        let hint = "write `type: string`: as numbers, identifiers lose digits";
        problems.push(Problem::error(CODE, field.data_type.span.clone(), message).hint(hint));
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::after;

    const MEMBERS: &str = "schemas/channels/members.yaml";

    #[test]
    fn keys_fit_their_field() {
        assert_eq!(
            after(MEMBERS, "    unit: points\n", "    unit: points\n    time_zone: UTC\n    normalise: resident_id\n"),
            [
                "schemas/channels/members.yaml:64:11 LW1167 `normalise` takes text, and `points` is of type `integer` (write `type: string`: as numbers, identifiers lose digits)",
                "schemas/channels/members.yaml:66:16 LW1167 `time_zone` does not fit `points` of type `integer` (it takes a `date` or `timestamp`: correct the type, or take it away)",
            ]
        );
        assert_eq!(
            after(MEMBERS, "    normalise: phone\n", "    normalise: phone\n    email_rules: [ascii_host]\n"),
            [
                "schemas/channels/members.yaml:50:19 LW1167 `email_rules` says nothing about `phone`, which is no e-mail address (write `normalise: email`, or take it away)"
            ]
        );
        let keys = "    unit: points\n    normalise: none\n    epoch_as_declared: true\n    round: true\n";
        assert_eq!(
            after(MEMBERS, "    unit: points\n", keys),
            [
                "schemas/channels/members.yaml:64:11 LW1167 `epoch_as_declared` does not fit `points`, whose times are no epochs (write `time_format: epoch_ms` (or `epoch_s`, `epoch_us`, `epoch_ns`), or remove `epoch_as_declared`)",
                "schemas/channels/members.yaml:64:11 LW1167 `normalise: none` does not fit `points`, which is no text that is stored as it came (write `normalise: trim`, or `identifier` for a pseudonym)",
            ]
        );
        assert_eq!(
            after(MEMBERS, "    normalise: phone\n", "    normalise: phone\n    round: true\n"),
            [
                "schemas/channels/members.yaml:45:11 LW1167 `round` does not fit `phone` of type `string` (it takes a `decimal(…)` or `integer`: correct the type, or remove `round`)"
            ]
        );
        let zone = after(MEMBERS, "    rules: [required, not_in_future]\n", "    time_zone: Asia/Tokio\n");
        assert_eq!(
            zone,
            ["schemas/channels/members.yaml:59:16 LW1112 unknown time zone `Asia/Tokio` (did you mean `Asia/Tokyo`?)"]
        );
    }
}
