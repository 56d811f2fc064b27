//! Identifiers → pseudonyms, where each row says of which kind its identifier is.

use super::clean::{clean, normalised};
use super::faults::Faults;
use super::forms::{FormPlan, Region, Unfit};
use super::plan::FieldPlan;
use super::sift::Sieve;
use arrow::array::{Array, StringArray, StringBuilder, UInt32Array};
use arrow::compute::take;
use lakewarden_dictionary::{Absence, Dataset, DomainSpelling, Field, Normaliser, PhoneRegions, Rule};
use lakewarden_privacy::normalise::PhoneRegion;
use lakewarden_privacy::{KeyRing, Tokeniser};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

/// The identifier domains that the words of a field may name.
pub(crate) struct Domains<'a> {
    by_word: BTreeMap<String, Domain<'a>>,
}

/// One identifier domain.
struct Domain<'a> {
    tokeniser: Tokeniser,
    form: DomainForm<'a>,
    /// Takes out what identifies no person.
    sieve: Sieve,
}

/// How identifiers of a domain are spelled.
enum DomainForm<'a> {
    /// As the project's fields of the domain are.
    Declared {
        field: &'a Field,
        forms: Box<FormPlan>,
        /// The countries that a number without a country code may be of; empty if there is but one.
        regions: Vec<String>,
    },
    /// The project has no field of the domain: as its name suggests.
    ByName(Normaliser),
}

/// The rule that a telephone number breaks which may be of several countries.
pub(super) const REGION: &str = "region";

/// Every country that telephone numbers are of, ISO 3166-1 alpha-2.
static ALL_REGIONS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let letters = || 'A'..='Z';
    let codes = letters().flat_map(|first| letters().map(move |second| format!("{first}{second}")));
    codes.filter(|code| code.parse::<PhoneRegion>().is_ok()).collect()
});

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

impl<'a> Domains<'a> {
    /// The words that a field's `in` rule lists, or else the codes of its map, or else the usual ones and every domain
    /// that the project has fields of. `absence` is what the field of the identifiers says.
    pub(super) fn compile(
        keys: &KeyRing,
        dataset: &'a Dataset,
        words: &Field,
        absence: &Absence,
    ) -> Result<Self, Unfit> {
        let listed = words.rules.iter().filter(|r| !r.on_failure.keeps_the_row()).find_map(|r| match &r.rule.value {
            Rule::In(values) => Some(values.clone()),
            _ => None,
        });
        let mapped = || words.map.iter().map(|(_, code)| code.clone()).collect::<Vec<_>>();
        let known = &dataset.terms.domains;
        let words = listed.unwrap_or_else(|| match words.map.is_empty() {
            true => USUAL.iter().map(|w| (*w).to_owned()).chain(known.keys().cloned()).collect(),
            false => mapped(),
        });
        let mut by_word = BTreeMap::new();
        for word in words.into_iter().filter(|w| !w.is_empty()) {
            let form = match known.get(&word) {
                Some(declared) => DomainForm::compile(declared)?,
                None => DomainForm::ByName(domain_normaliser(&word)),
            };
            let sieve = Sieve::of_domain(&word, form.normaliser(), absence);
            by_word.insert(word.clone(), Domain { tokeniser: keys.tokeniser(&word), form, sieve });
        }
        Ok(Self { by_word })
    }

    /// One identifier as a token of every domain in which it can be spelled, with the domain.
    pub(super) fn candidates_of_any(&self, identifier: &str) -> impl Iterator<Item = (&str, String)> {
        self.by_word.iter().flat_map(move |(word, domain)| {
            domain.candidates(identifier).into_iter().map(move |token| (word.as_str(), token))
        })
    }

    /// One identifier as every token of a domain that it may be spelled as: several if its country is not certain.
    pub(super) fn candidates(&self, word: &str, identifier: &str) -> Vec<String> {
        self.by_word.get(word).map(|domain| domain.candidates(identifier)).unwrap_or_default()
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
            .map(|(rows, domain)| {
                let rows = UInt32Array::from(rows);
                let some = take(values, &rows, None).ok()?;
                let some = some.as_any().downcast_ref::<StringArray>()?;
                let some = domain.sieve.sift(field, some, |place| rows.value(place) as usize, faults);
                let some = domain.form.spell(&some, &mut |place, rule| {
                    plan.refuse(rows.value(place) as usize, field, rule, faults);
                });
                Some(domain.tokeniser.tokenise(&some))
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

impl Domain<'_> {
    fn candidates(&self, identifier: &str) -> Vec<String> {
        let one = StringArray::from(vec![identifier]);
        let spelled = self.form.each(&one);
        let distinct: BTreeSet<&str> = spelled.iter().filter(|s| s.is_valid(0)).map(|s| s.value(0)).collect();
        distinct.into_iter().map(|spelled| self.tokeniser.token_of(spelled)).collect()
    }
}

impl<'a> DomainForm<'a> {
    fn compile(declared: &'a DomainSpelling) -> Result<Self, Unfit> {
        let field = &declared.field;
        // The row of a log says no country; which ones there are is known.
        let mut forms = FormPlan::compile(field, false, &|_| Some(0))?;
        let regions: Vec<String> = match &declared.regions {
            PhoneRegions::Any => ALL_REGIONS.clone(),
            PhoneRegions::Listed(codes) => codes.iter().cloned().collect(),
        };
        if let (Region::ByField(_), [only]) = (forms.region, regions.as_slice()) {
            forms.region = Region::of_code(only)?;
        }
        let several = regions.len() > 1 && field.normalise == Normaliser::Phone;
        if several {
            forms.region = Region::ByField(0);
        }
        Ok(Self::Declared { field, forms: Box::new(forms), regions: if several { regions } else { Vec::new() } })
    }

    fn normaliser(&self) -> Normaliser {
        match self {
            Self::Declared { field, .. } => field.normalise,
            Self::ByName(normaliser) => *normaliser,
        }
    }

    /// Brings identifiers to one spelling. One that may be of several countries becomes null and breaks the rule
    /// [`REGION`].
    fn spell(&self, text: &StringArray, refuse: &mut dyn FnMut(usize, &'static str)) -> StringArray {
        match self {
            Self::ByName(normaliser) => normalised(*normaliser, text, refuse),
            Self::Declared { field, forms, regions } if regions.is_empty() => clean(field, forms, text, None, refuse),
            Self::Declared { field, forms, regions } => spell_of_any_region(field, forms, regions, text, refuse),
        }
    }

    /// The identifiers in every spelling that they may have: one column a country, or one in all.
    fn each(&self, text: &StringArray) -> Vec<StringArray> {
        match self {
            Self::ByName(normaliser) => vec![normalised(*normaliser, text, &mut |_, _| {})],
            Self::Declared { field, forms, regions } if regions.is_empty() => {
                vec![clean(field, forms, text, None, &mut |_, _| {})]
            }
            Self::Declared { field, forms, regions } => {
                let of_region = |code: &String| {
                    let codes = StringArray::from_iter_values(std::iter::repeat_n(code, text.len()));
                    clean(field, forms, text, Some(&codes), &mut |_, _| {})
                };
                regions.iter().map(of_region).collect()
            }
        }
    }
}

/// Brings telephone numbers to E.164 that may be of any of these countries. A country is tried only for numbers that are
/// not known yet to be ambiguous, and only one for a number with a country code.
fn spell_of_any_region(
    field: &Field,
    forms: &FormPlan,
    regions: &[String],
    text: &StringArray,
    refuse: &mut dyn FnMut(usize, &'static str),
) -> StringArray {
    let mut found: Vec<Option<String>> = vec![None; text.len()];
    let mut ambiguous = vec![false; text.len()];
    let mut open: Vec<usize> = (0..text.len()).filter(|row| text.is_valid(*row)).collect();
    for (tried, region) in regions.iter().enumerate() {
        if open.is_empty() {
            break;
        }
        let numbers = StringArray::from_iter_values(open.iter().map(|row| text.value(*row)));
        let codes = StringArray::from_iter_values(std::iter::repeat_n(region, open.len()));
        let spelled = clean(field, forms, &numbers, Some(&codes), &mut |_, _| {});
        let mut place = 0;
        open.retain(|row| {
            let number = spelled.is_valid(place).then(|| spelled.value(place));
            place += 1;
            match (&found[*row], number) {
                (Some(other), Some(number)) => ambiguous[*row] = other != number,
                (None, Some(number)) => found[*row] = Some(number.to_owned()),
                (_, None) => {}
            }
            let is_decided = ambiguous[*row] || (tried == 0 && has_country_code(text.value(*row)));
            !is_decided
        });
    }
    let mut out = StringBuilder::with_capacity(text.len(), text.value_data().len());
    for (row, number) in found.into_iter().enumerate() {
        if ambiguous[row] {
            refuse(row, REGION);
            out.append_null();
            continue;
        }
        if number.is_none() && text.is_valid(row) && !text.value(row).trim().is_empty() {
            refuse(row, super::normaliser_rule(field.normalise));
        }
        out.append_option(number);
    }
    out.finish()
}

/// Whether a telephone number begins with `+`, so that it is of one country wherever it is dialled.
fn has_country_code(number: &str) -> bool {
    matches!(number.trim_start().chars().next(), Some('+' | '\u{ff0b}'))
}

/// How identifiers of a domain are spelled that no field of the project belongs to.
fn domain_normaliser(domain: &str) -> Normaliser {
    match domain {
        "phone" => Normaliser::Phone,
        "email" => Normaliser::Email,
        _ => Normaliser::Identifier,
    }
}
