//! Identifiers → pseudonyms, where each row says of which kind its identifier is.

use super::clean::normalised;
use super::faults::Faults;
use super::plan::FieldPlan;
use super::sift::Sieve;
use arrow::array::{Array, StringArray, StringBuilder, UInt32Array};
use arrow::compute::take;
use lakewarden_dictionary::{Absence, Field, Normaliser, Rule};
use lakewarden_privacy::{KeyRing, Tokeniser};
use std::collections::BTreeMap;

/// The identifier domains that the words of a field may name.
pub(crate) struct Domains {
    by_word: BTreeMap<String, (Tokeniser, Normaliser, Sieve)>,
}

/// Where the field lists no words, those that are usual in retail exports.
const USUAL: [&str; 12] = [
    "member_no",
    "phone",
    "email",
    "unionid",
    "openid",
    "device_id",
    "app_user_id",
    "tmall_buyer",
    "user_id",
    "customer_no",
    "external_id",
    "account_id",
];

impl Domains {
    /// The words that a field's `in` rule lists, or else the codes of its map, or else the usual ones.
    pub(super) fn new(keys: &KeyRing, words: &Field, absence: &Absence) -> Self {
        let listed = words.rules.iter().filter(|r| !r.on_failure.keeps_the_row()).find_map(|r| match &r.rule.value {
            Rule::In(values) => Some(values.clone()),
            _ => None,
        });
        let mapped = || words.map.iter().map(|(_, code)| code.clone()).collect::<Vec<_>>();
        let words = listed.unwrap_or_else(|| {
            if words.map.is_empty() { USUAL.iter().map(|w| (*w).to_owned()).collect() } else { mapped() }
        });
        let by_word = words
            .into_iter()
            .filter(|w| !w.is_empty())
            .map(|word| {
                let tokeniser = keys.tokeniser(&word);
                let normaliser = domain_normaliser(&word);
                let sieve = Sieve::of_domain(&word, normaliser, absence);
                (word, (tokeniser, normaliser, sieve))
            })
            .collect();
        Self { by_word }
    }

    /// One identifier as a token of every domain in which it can be spelled, with the domain.
    pub(super) fn each(&self, identifier: &str) -> impl Iterator<Item = (&str, String)> {
        let one = StringArray::from(vec![identifier]);
        self.by_word.iter().filter_map(move |(word, (tokeniser, normaliser, _))| {
            let spelled = normalised(*normaliser, &one, &mut |_, _| {});
            spelled.is_valid(0).then(|| (word.as_str(), tokeniser.token_of(spelled.value(0))))
        })
    }

    /// Makes each value a token of the domain its row names. Rows of an unknown domain get the fault
    /// `domain`, values that their domain refuses that of its normaliser.
    ///
    /// `None` if Arrow refuses to take rows that exist, which would be a bug.
    pub(super) fn tokenise(
        &self,
        plan: &FieldPlan<'_>,
        field: usize,
        values: &StringArray,
        words: &StringArray,
        faults: &mut Faults,
    ) -> Option<StringArray> {
        let names: Vec<&String> = self.by_word.keys().collect();
        let mut rows: Vec<Vec<u32>> = vec![Vec::new(); names.len()];
        let mut places: Vec<Option<usize>> = vec![None; values.len()];
        let mut last = None;
        for (row, place) in places.iter_mut().enumerate() {
            if values.is_null(row) {
                continue;
            }
            let word = if words.is_null(row) { "" } else { words.value(row) };
            // Rows of one domain come in runs.
            let domain = match last {
                Some(domain) if names[domain] == word => Some(domain),
                _ => names.binary_search_by(|n| n.as_str().cmp(word)).ok(),
            };
            match domain {
                Some(domain) => {
                    *place = Some(domain);
                    rows[domain].push(row as u32);
                }
                None => plan.refuse(row, field, "domain", faults),
            }
            last = domain;
        }
        let tokens: Vec<StringArray> = (rows.into_iter().zip(self.by_word.values()))
            .map(|(rows, (tokeniser, normaliser, sieve))| {
                let rows = UInt32Array::from(rows);
                let some = take(values, &rows, None).ok()?;
                let some = some.as_any().downcast_ref::<StringArray>()?;
                let some = sieve.sift(field, some, |place| rows.value(place) as usize, faults);
                let some = normalised(*normaliser, &some, &mut |place, rule| {
                    plan.refuse(rows.value(place) as usize, field, rule, faults);
                });
                Some(tokeniser.tokenise(&some))
            })
            .collect::<Option<_>>()?;
        let mut next = vec![0usize; tokens.len()];
        let mut out = StringBuilder::with_capacity(values.len(), values.len() * 25);
        for place in places {
            let token = place.and_then(|domain| {
                let at = next[domain];
                next[domain] += 1;
                let tokens = &tokens[domain];
                tokens.is_valid(at).then(|| tokens.value(at))
            });
            out.append_option(token);
        }
        Some(out.finish())
    }
}

/// How identifiers of a domain are spelled.
fn domain_normaliser(domain: &str) -> Normaliser {
    match domain {
        "phone" => Normaliser::Phone,
        "email" => Normaliser::Email,
        _ => Normaliser::Identifier,
    }
}
