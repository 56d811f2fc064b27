//! What the records of a dataset refer to in the rest of the project: identifier domains and purposes.

use super::{Dataset, DatasetRole, Field, Normaliser, PhoneRegion, Project, Rule, TokenDomain, Treatment};
use std::collections::{BTreeMap, BTreeSet};

/// The country of telephone numbers that carry no country code, where no field declares one.
pub const DEFAULT_PHONE_REGION: &str = "CN";

/// What the records of a dataset refer to in the rest of the project. Empty for a dataset whose records neither name
/// their identifier domain nor bear statements about consent.
#[derive(Debug, Clone, Default)]
pub struct ProjectTerms {
    /// How the identifiers of each domain are spelled that a field of the project belongs to.
    pub domains: BTreeMap<String, DomainSpelling>,
    /// Names and aliases of all purposes.
    pub purposes: BTreeSet<String>,
}

/// How the identifiers of a domain are spelled: the same in every field of the domain.
#[derive(Debug, Clone)]
pub struct DomainSpelling {
    /// One of the domain's fields; all others are spelled alike, or the project does not compile.
    pub field: Field,
    /// The countries that telephone numbers without a country code may be of.
    pub regions: PhoneRegions,
}

/// The countries (ISO 3166-1 alpha-2) that telephone numbers without a country code may be of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PhoneRegions {
    /// One of these, at least one.
    Listed(BTreeSet<String>),
    /// Any: a column says it for each row, and no rule lists what it may say.
    Any,
}

impl PhoneRegions {
    fn join(self, other: Self) -> Self {
        match (self, other) {
            (Self::Listed(mut own), Self::Listed(other)) => {
                own.extend(other);
                Self::Listed(own)
            }
            (Self::Any, _) | (_, Self::Any) => Self::Any,
        }
    }
}

impl Project {
    /// The fields of each identifier domain, with their datasets, in the order of the datasets.
    pub fn domain_fields(&self) -> BTreeMap<&str, Vec<(&Dataset, &Field)>> {
        let mut domains: BTreeMap<&str, Vec<(&Dataset, &Field)>> = BTreeMap::new();
        for dataset in &self.datasets {
            for field in &dataset.fields {
                if let Treatment::Pseudonymise(TokenDomain::Fixed(domain)) = &field.treatment {
                    domains.entry(domain).or_default().push((dataset, field));
                }
            }
        }
        domains
    }

    /// Tells every dataset that needs it what its records refer to.
    pub(crate) fn settle_terms(&mut self) {
        let by_field = |f: &Field| matches!(f.treatment, Treatment::Pseudonymise(TokenDomain::ByField(_)));
        let needs = |d: &Dataset| d.role != DatasetRole::Data || d.fields.iter().any(by_field);
        if !self.datasets.iter().any(needs) {
            return;
        }
        let spelling = |fields: &Vec<(&Dataset, &Field)>| {
            let regions =
                fields.iter().map(|(dataset, field)| dataset.phone_regions(field)).reduce(PhoneRegions::join)?;
            let (_, field) = fields.first()?;
            Some(DomainSpelling { field: (*field).clone(), regions })
        };
        let domains = self.domain_fields();
        let domains = domains.iter().filter_map(|(name, fields)| Some(((*name).to_owned(), spelling(fields)?)));
        let names = self.purposes.purposes.iter().flat_map(|p| std::iter::once(&p.name.value).chain(&p.aliases));
        let terms = ProjectTerms { domains: domains.collect(), purposes: names.cloned().collect() };
        self.datasets.iter_mut().filter(|d| needs(d)).for_each(|dataset| dataset.terms = terms.clone());
    }
}

impl Dataset {
    /// The countries that telephone numbers of a field may be of that carry no country code.
    fn phone_regions(&self, field: &Field) -> PhoneRegions {
        let one = |code: &str| PhoneRegions::Listed([code.to_owned()].into());
        let region = field.values.region.as_ref().filter(|_| field.normalise == Normaliser::Phone);
        let by = match region.map(|region| &region.value) {
            None => return one(DEFAULT_PHONE_REGION),
            Some(PhoneRegion::Fixed(code)) => return one(code),
            Some(PhoneRegion::ByField(by)) => by,
        };
        let country = self.column(by).or_else(|| self.fields.iter().find(|f| f.name.value == *by));
        let rules = country.into_iter().flat_map(|country| &country.rules);
        let listed = rules.filter(|rule| !rule.on_failure.keeps_the_row()).find_map(|rule| match &rule.rule.value {
            Rule::In(codes) => Some(codes),
            Rule::Required
            | Rule::Between { .. }
            | Rule::Matches(_)
            | Rule::NotInFuture
            | Rule::Unique
            | Rule::References { .. } => None,
        });
        listed.map_or(PhoneRegions::Any, |codes| PhoneRegions::Listed(codes.iter().cloned().collect()))
    }
}
