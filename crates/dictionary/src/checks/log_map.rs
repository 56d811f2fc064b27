//! A map that makes one statement of a log out of another.

use super::{Check, Context};
use crate::diagnostic::Problem;
use crate::docs::{DiagnosticDoc, Example};
use crate::model::{Dataset, DatasetRole, Project, TokenDomain, Treatment};
use std::collections::BTreeSet;

const CODE: &str = "LW1207";

/// The check and its page.
pub(super) const CHECK: Check = Check {
    doc: DiagnosticDoc {
        code: CODE,
        title: "a map changes what a consent log or suppression list says",
        what: "`map` of the `action` field of a consent log turns an action that the engine knows, or a plain word of refusal, into one that permits more; or `map` of its `purpose` or `jurisdiction` turns one of the project into another; or `map` of the field that names identifier domains turns one domain into another. Or a field of such a log has `fill`.",
        why: "`map` translates the words of an export. What a person refused, for which purpose and under which identifier, is not a matter of translation: with `map: { withdraw: grant }` every withdrawal would be a consent. And what a row does not say is not what the row before it said.",
        mend: "Remove the entry from `map`, or `fill`. Words of the export's own may be mapped, such as `撤回: withdraw` or `opted_in: grant`; a pending opt-in has no effect yet: `pending: no_effect`.",
        example: Example::Edit {
            path: "schemas/channels/consents.yaml",
            good: "    column: action\n",
            bad: "    column: action\n    map: { withdraw: grant }\n",
        },
    },
    run: check,
};

/// The actions that take a permission away.
const REFUSALS: [&str; 3] = ["withdraw", "gpc", "restrict"];
/// The actions that take none away.
const OTHERS: [&str; 3] = ["grant", "lift_restriction", "no_effect"];

/// Words that say a refusal in whatever system they come from; see [`fold_word`].
const REFUSAL_WORDS: [&str; 34] = [
    "withdrawn",
    "withdrawal",
    "revoke",
    "revoked",
    "object",
    "objected",
    "objection",
    "optout",
    "optedout",
    "unsubscribe",
    "unsubscribed",
    "deny",
    "denied",
    "refuse",
    "refused",
    "refusal",
    "reject",
    "rejected",
    "decline",
    "declined",
    "restricted",
    "restriction",
    "donotsell",
    "donotcontact",
    "撤回",
    "撤销",
    "取消授权",
    "拒绝",
    "反对",
    "退订",
    "限制",
    "限制处理",
    "不同意",
    "注销",
];

fn check(context: &Context<'_>, problems: &mut Vec<Problem>) {
    for dataset in &context.project.datasets {
        match dataset.role {
            DatasetRole::Data => continue,
            DatasetRole::ConsentLog | DatasetRole::SuppressionList => {}
        }
        if context.is_broken(&dataset.span, &["role"]) {
            continue;
        }
        let domain_fields = domain_fields(dataset);
        problems.extend(filled(context, dataset));
        for field in dataset.fields.iter().filter(|field| !context.is_broken(&field.span, &["map"])) {
            let is_log = dataset.role == DatasetRole::ConsentLog;
            for (from, to) in &field.map {
                let changed = match field.column.value.as_str() {
                    "action" if is_log => laxer_action(from, to),
                    "purpose" if is_log => other_purpose(context.project, from, to),
                    "jurisdiction" if is_log => other_jurisdiction(context.project, from, to),
                    _ => None,
                };
                let named = || domain_fields.contains(field.name.value.as_str());
                let changed = changed.or_else(|| other_domain(context.project, from, to).filter(|_| named()));
                let Some(why) = changed else { continue };
                let message =
                    format!("`{}` of `{}` maps `{from}` to `{to}`: {why}", field.name.value, dataset.name.value);
                let problem = Problem::error(CODE, field.column.span.clone(), message);
                problems.push(problem.hint(format!("remove `{from}` from `map`")));
            }
        }
    }
}

/// The fields of a log that are filled from other rows.
fn filled(context: &Context<'_>, dataset: &Dataset) -> Vec<Problem> {
    let fields = dataset.fields.iter().filter(|field| !context.is_broken(&field.span, &["fill"]));
    let filled = fields.filter_map(|field| Some((field, field.values.absence.fill.as_ref()?)));
    let problem = |(field, fill): (&crate::model::Field, &crate::diagnostic::Spanned<crate::model::Fill>)| {
        let (field, log) = (&field.name.value, &dataset.name.value);
        let message = format!("`{field}` of `{log}` is filled: a statement would say what another one said");
        Problem::error(CODE, fill.span.clone(), message).hint("remove `fill`")
    };
    filled.map(problem).collect()
}

/// Why a map from one action to another permits more than was said, if it does.
fn laxer_action(from: &str, to: &str) -> Option<String> {
    let said = fold_word(from);
    let is = |words: &[&str]| words.iter().any(|word| fold_word(word) == said);
    if fold_word(to) == said || to == "restrict" {
        return None;
    }
    let becomes_refusal = REFUSALS.contains(&to);
    if is(&REFUSALS) {
        // A restriction holds for more purposes than a withdrawal, and an opt-out signal for fewer.
        return Some("what a person refused would count as something else".to_owned());
    }
    if is(&REFUSAL_WORDS) && !becomes_refusal {
        return Some("what a person refused would count as no refusal".to_owned());
    }
    if is(&OTHERS) && !becomes_refusal && to != "no_effect" {
        return Some("an action that the engine knows would count as one that permits more".to_owned());
    }
    None
}

/// Why a map from one purpose to another is refused, if it is.
fn other_purpose(project: &Project, from: &str, to: &str) -> Option<String> {
    let said = fold_word(from);
    let names = |purpose: &&crate::model::Purpose| {
        let aliases = purpose.aliases.iter().map(String::as_str);
        aliases.chain([purpose.name.value.as_str()]).any(|name| fold_word(name) == said)
    };
    let own = project.purposes.purposes.iter().find(names)?;
    let same = project.purposes.find(to).is_some_and(|target| target.name.value == own.name.value);
    (!same).then(|| format!("it is the purpose `{}`, and a refusal of it would not count for it", own.name.value))
}

/// Why a map from one jurisdiction to another is refused, if it is.
fn other_jurisdiction(project: &Project, from: &str, to: &str) -> Option<String> {
    let said = fold_word(from);
    let own = project.purposes.jurisdictions.iter().find(|law| fold_word(&law.code.value) == said)?;
    (own.code.value != to).then(|| format!("the law of `{}` would not be asked", own.code.value))
}

/// Why a map from one identifier domain to another is refused, if it is.
fn other_domain(project: &Project, from: &str, to: &str) -> Option<String> {
    let said = fold_word(from);
    let domains = project.datasets.iter().flat_map(Dataset::fixed_domains).map(|(_, domain)| domain);
    let own = domains.into_iter().find(|domain| fold_word(domain) == said)?;
    (own != to).then(|| format!("`{own}` is an identifier domain, and a refusal by it would reach nobody"))
}

/// The fields that say the domain of an identifier of the same row.
fn domain_fields(dataset: &Dataset) -> BTreeSet<&str> {
    let named = |name: &str| dataset.fields.iter().find(|f| f.name.value == name || f.column.value == name);
    let by_field = dataset.fields.iter().filter_map(|field| match &field.treatment {
        Treatment::Pseudonymise(TokenDomain::ByField(by)) => named(by),
        Treatment::Pseudonymise(TokenDomain::Fixed(_))
        | Treatment::Keep
        | Treatment::Drop
        | Treatment::Mask { .. }
        | Treatment::Generalise(_)
        | Treatment::Redact => None,
    });
    by_field.map(|field| field.name.value.as_str()).collect()
}

/// A word without case, width, spaces and joining signs: every `fold` compares less than this.
fn fold_word(word: &str) -> String {
    let narrow = |c: char| match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        other => other,
    };
    let letters = word.chars().map(narrow).filter(|c| !c.is_whitespace() && !matches!(c, '-' | '_' | '\u{3000}'));
    letters.flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use crate::testing::after;

    const CONSENTS: &str = "schemas/channels/consents.yaml";

    fn with_action(map: &str) -> Vec<String> {
        after(CONSENTS, "    column: action\n", &format!("    column: action\n    map: {{ {map} }}\n"))
    }

    #[test]
    fn a_refusal_stays_one() {
        assert_eq!(
            with_action("withdraw: grant"),
            [
                "schemas/channels/consents.yaml:36:13 LW1207 `action` of `consents` maps `withdraw` to `grant`: what a person refused would count as something else (remove `withdraw` from `map`)"
            ]
        );
        for map in [
            "withdraw: no_effect",
            "withdraw: gpc",
            "restrict: withdraw",
            "restrict: lift_restriction",
            "gpc: grant",
            "Withdraw: grant",
            "' WITHDRAW ': grant",
            "ｗｉｔｈｄｒａｗ: grant",
            "withdraw: something",
            "object: grant",
            "opt-out: no_effect",
            "撤回: grant",
            "no_effect: grant",
            "lift_restriction: grant",
            "grant: lift_restriction",
        ] {
            let found = with_action(map);
            assert!(found.len() == 1 && found[0].contains("LW1207"), "{map}: {found:?}");
        }
    }

    #[test]
    fn words_of_the_export_are_translated() {
        for map in [
            "withdrawn: withdraw",
            "WITHDRAW: withdraw",
            "object: restrict",
            "withdraw: restrict",
            "opted_in: grant",
            "pending: no_effect",
            "granted: grant",
            "同意: grant",
            "grant: no_effect",
            "grant: withdraw",
        ] {
            assert!(with_action(map).is_empty(), "{map}: {:?}", with_action(map));
        }
    }

    #[test]
    fn purposes_and_domains_stay_what_they_are() {
        let purpose =
            |map: &str| after(CONSENTS, "  - name: purpose\n", &format!("  - name: purpose\n    map: {{ {map} }}\n"));
        for map in ["analytics: marketing", "Analytics: marketing", "营销: analytics", "analytics: nothing"] {
            let found = purpose(map);
            assert!(found.len() == 1 && found[0].contains("LW1207"), "{map}: {found:?}");
        }
        for map in ["statistics: analytics", "营销: marketing", "ANALYTICS: analytics"] {
            assert!(purpose(map).is_empty(), "{map}");
        }
        let domain =
            |map: &str| after(CONSENTS, "  - name: id_type\n", &format!("  - name: id_type\n    map: {{ {map} }}\n"));
        let found = domain("phone: member_no");
        assert!(found.len() == 1 && found[0].contains("LW1207"), "{found:?}");
        for map in ["mobile: phone", "Phone: phone"] {
            assert!(domain(map).is_empty(), "{map}");
        }
        let jurisdiction = |map: &str| {
            let field = format!(
                "fields:\n  - {{ name: jurisdiction, label: {{ zh: 列, en: Column }}, meaning: More., type: string, identifier: none, treatment: keep, map: {{ {map} }} }}\n"
            );
            after(CONSENTS, "fields:\n", &field)
        };
        let found = jurisdiction("CN: US");
        assert!(found.len() == 1 && found[0].contains("LW1207"), "{found:?}");
        assert!(jurisdiction("China: CN").is_empty());
    }

    #[test]
    fn no_statement_says_what_another_said() {
        let filled = "  - name: purpose\n    fill: down within at\n";
        let found = after(CONSENTS, "  - name: purpose\n", filled);
        assert!(found.iter().any(|p| p.contains("LW1207 `purpose` of `consents` is filled")), "{found:?}");
    }
}
