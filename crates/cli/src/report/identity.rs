//! How records became customers.

use super::names::{label, reason_code};
use lakewarden_dictionary::Project;
use lakewarden_pipeline::record::{IdentityAccount, RunRecord};
use lakewarden_report::data;

/// The account of identity.
pub(super) fn account(account: &IdentityAccount) -> data::Identity {
    let warnings = account.consent_warnings;
    data::Identity {
        tokens: account
            .tokens
            .iter()
            .map(|(domain, tokens)| data::DomainTokens { domain: domain.clone(), tokens: *tokens })
            .collect(),
        customers: account.customers,
        merged: account.merged,
        shared_tokens: account.shared,
        consent_doubted: account.consent_doubted,
        consent_in_future: warnings.future_refusals + warnings.future_grants,
        consent_for_unknown_purposes: warnings.unknown_purpose_refusals + warnings.unknown_purpose_grants,
        consent_without_effect: warnings.without_effect,
        consent_unmatched: account.unmatched_refusals.iter().map(|refusals| refusals.pseudonyms).sum(),
        identifiers: account
            .histogram
            .iter()
            .map(|(identifiers, customers)| data::IdentifierCount { identifiers: *identifiers, customers: *customers })
            .collect(),
    }
}

/// The name of the decision that permits.
const PERMITTED: &str = "permitted";

/// Customers by what was decided for them, one entry a purpose for which consent decides: some dataset serves it by consent.
pub(super) fn consent(record: &RunRecord, project: &Project) -> Vec<data::PurposeConsent> {
    let Some(identity) = &record.identity else { return Vec::new() };
    let purpose = |(purpose, counts): (&String, &lakewarden_pipeline::record::Counts)| data::PurposeConsent {
        purpose: purpose.clone(),
        label: project.purposes.find(purpose).map(|p| label(&p.label)).unwrap_or_default(),
        permitted: counts.get(PERMITTED).copied().unwrap_or(0),
        refused: counts
            .iter()
            .filter(|(decision, _)| decision.as_str() != PERMITTED)
            .map(|(decision, people)| data::PeopleByReason {
                reason: reason_code(decision).to_owned(),
                people: *people,
            })
            .collect(),
    };
    identity.consent.iter().filter(|(purpose, _)| is_by_consent(purpose, project)).map(purpose).collect()
}

fn is_by_consent(purpose: &str, project: &Project) -> bool {
    let served = project.datasets.iter().flat_map(|dataset| &dataset.purposes);
    served.filter(|served| served.purpose.value == purpose).any(|served| served.lawful_basis.needs_consent())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::testing::record;
    use super::*;
    use serde_json::json;

    #[test]
    fn nobody_is_lost_between_permitted_and_refused() {
        let mut ran = record(json!({}));
        let counts = [("permitted", 30), ("consent_withdrawn", 6), ("restricted", 4)];
        let counts = counts.map(|(decision, people)| (decision.to_owned(), people)).into();
        if let Some(identity) = &mut ran.identity {
            identity.consent.insert("analytics".to_owned(), counts);
            let asked = [("permitted".to_owned(), 40)].into();
            identity.consent.insert("accounting".to_owned(), asked);
        }
        let own = consent(&ran, &super::super::testing::reference_project().project);
        let [analytics] = own.as_slice() else { panic!("{own:?}") };
        assert_eq!(analytics.permitted + analytics.refused.iter().map(|r| r.people).sum::<u64>(), 40);
        assert_eq!((analytics.label.en.as_str(), analytics.refused[0].reason.as_str()), ("Analytics", "withdrawn"));
        ran.identity = None;
        assert_eq!(consent(&ran, &Project::default()), []);
    }

    #[test]
    fn sums_are_kept() {
        let record = record(json!({}));
        let given = record.identity.unwrap();
        let own = account(&given);
        assert_eq!(own.tokens.iter().map(|t| t.tokens).sum::<u64>(), given.tokens.values().sum::<u64>());
        assert_eq!(own.identifiers.iter().map(|i| i.customers).sum::<u64>(), given.customers);
        assert_eq!((own.customers, own.merged, own.shared_tokens, own.consent_doubted), (40, 2, 1, 3));
    }
}
