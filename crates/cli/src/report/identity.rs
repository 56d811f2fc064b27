//! How records became customers.

use lakewarden_pipeline::record::IdentityAccount;
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
        identifiers: account
            .histogram
            .iter()
            .map(|(identifiers, customers)| data::IdentifierCount { identifiers: *identifiers, customers: *customers })
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::testing::record;
    use super::*;
    use serde_json::json;

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
