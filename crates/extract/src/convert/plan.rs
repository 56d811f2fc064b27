//! A dataset's entry, compiled once: every mistake in it surfaces before a byte is read.

use super::demands::{Demands, RuleRefs};
use super::faults::RuleRef;
use super::forms::{FormPlan, Region};
use super::places::PlacePlan;
use super::rules::CompiledRule;
use super::sift::Sieve;
use super::since::{self, SincePlan};
use super::statements::Statements;
use super::tokens::Domains;
use crate::error::ExtractError;
use crate::quarantine::QUARANTINE_SEALER;
use crate::read::{FieldLabels, Watch};
use crate::run::ExtractContext;
use crate::schema::conformed_schema;
use crate::values::{TimeParser, Zone};
use arrow::datatypes::SchemaRef;
use chrono::{Days, Months};
use lakewarden_dictionary::{
    Container, DataType, Dataset, Field, Generalisation, Normaliser, Rule, Survivor, TokenDomain, Treatment,
};
use lakewarden_privacy::{Sealer, Tokeniser};

/// What is done to every batch of a dataset.
pub(crate) struct Plan<'a> {
    pub dataset: &'a Dataset,
    pub schema: SchemaRef,
    pub fields: Vec<FieldPlan<'a>>,
    /// Pairs of fields that are places.
    pub places: Vec<PlacePlan>,
    /// The parts of the key.
    pub key: Vec<KeyPart>,
    /// Whether a later row may survive instead of one that came before it.
    pub competes: bool,
    /// The column whose largest value survives.
    pub latest: Option<KeyPart>,
    pub horizon: Option<Horizon>,
    /// What decisions depend on, if the dataset says any of it.
    pub statements: Option<Statements>,
    /// Fields that exports have had from a day on.
    pub(super) since: Vec<SincePlan>,
    /// Rules that look beyond one value.
    pub demands: Demands,
    /// The names that rules were given.
    pub names: Vec<String>,
    /// How rows are found that name no person though another of their order does.
    pub watch: Option<Watch>,
    /// Whether rows are marked of which an identifier was left out.
    pub marks_unidentified: bool,
    /// Whether fields that are dropped have rules: their verdict is sealed in their place.
    pub judges_unstored: bool,
    /// The run's instant, µs.
    pub as_of: i64,
    /// The clock when the run began, µs.
    pub now: i64,
    pub seed: u64,
    /// Seeds the hashes of records as they came: the same in all runs under one key.
    pub record_seed: u64,
    pub key_version: u32,
    pub sealer: Sealer,
    /// What undeclared fields are called.
    pub labels: FieldLabels<'a>,
}

/// Where a column is, such as a part of the key.
pub(crate) struct KeyPart {
    /// Among the declared fields.
    pub field: usize,
    /// Among the stored columns.
    pub column: usize,
}

/// The oldest event that is kept.
pub(crate) enum Horizon {
    Instant { field: usize, before: i64 },
    Day { field: usize, before: i32 },
}

impl Horizon {
    pub(super) fn field(&self) -> usize {
        match self {
            Self::Instant { field, .. } | Self::Day { field, .. } => *field,
        }
    }
}

/// What is done to one field.
pub(crate) struct FieldPlan<'a> {
    pub field: &'a Field,
    /// Whether it is typed and judged: all but dropped fields that nothing asks for.
    pub active: bool,
    pub stored: bool,
    /// Whether its values must go through text even if they arrive typed.
    pub needs_text: bool,
    pub times: TimeParser,
    pub forms: FormPlan,
    pub rules: Vec<CompiledRule>,
    pub token: Option<TokenPlan<'a>>,
    /// Takes out what identifies no person, if it becomes a pseudonym.
    pub sieve: Option<Sieve>,
}

/// How a field becomes a pseudonym.
pub(crate) enum TokenPlan<'a> {
    Fixed(Tokeniser),
    ByField { domain: usize, domains: Domains<'a> },
}

impl<'a> Plan<'a> {
    /// Compiles the entry.
    ///
    /// # Errors
    /// LW4020 to LW4025.
    pub(crate) fn compile(context: &ExtractContext<'a>) -> Result<Self, ExtractError> {
        let dataset = context.dataset;
        let name = || dataset.name.value.clone();
        let delimiter = dataset.format.delimiter;
        if !delimiter.is_ascii() || matches!(delimiter, b'\r' | b'\n') || dataset.format.quote == Some(delimiter) {
            return Err(ExtractError::InvalidDelimiter { dataset: name() });
        }
        let zone = Zone(match &dataset.time_zone {
            Some(zone) => zone
                .value
                .parse()
                .map_err(|_| ExtractError::UnknownTimeZone { dataset: name(), zone: zone.value.clone() })?,
            None => context.zone,
        });
        let as_of = context.as_of.timestamp_micros();
        let unusable = |column: &str, role, problem| ExtractError::UnusableColumn {
            dataset: name(),
            name: column.to_owned(),
            role,
            problem,
        };
        // An event time is a column; a domain is named by column, or as the export calls it.
        let find = |column: &str| dataset.fields.iter().position(|f| f.column.value == column);
        let find_any =
            |column: &str| find(column).or_else(|| dataset.fields.iter().position(|f| f.name.value == column));

        let horizon = match (&dataset.event_time, dataset.retention.as_ref()) {
            (Some(event), Some(period)) => {
                let field = find(&event.value)
                    .ok_or_else(|| unusable(&event.value, "event_time", "no field has this column"))?;
                let local = context.as_of.with_timezone(&zone.0).naive_local();
                let months = Months::new(period.value.months);
                let before = local
                    .checked_sub_months(months)
                    .and_then(|t| t.checked_sub_days(Days::new(u64::from(period.value.days))))
                    .unwrap_or(chrono::NaiveDateTime::MIN);
                match dataset.fields[field].data_type.value {
                    // Retention longer than the calendar keeps everything.
                    _ if before == chrono::NaiveDateTime::MIN => None,
                    DataType::Timestamp => Some(Horizon::Instant { field, before: zone.instant(before) }),
                    DataType::Date => Some(Horizon::Day { field, before: before.date().to_epoch_days() }),
                    _ => {
                        return Err(unusable(&event.value, "event_time", "it is neither a date nor a timestamp"));
                    }
                }
            }
            _ => None,
        };

        let mut fields = Vec::with_capacity(dataset.fields.len());
        let refs = RuleRefs::of(dataset);
        for (field, refs) in dataset.fields.iter().zip(&refs.fields) {
            fields.push(FieldPlan::compile(context, field, refs, zone, as_of, &find_any)?);
        }
        let places = PlacePlan::compile(dataset)?;
        let demanded: Vec<usize> = (fields.iter())
            .filter_map(|f| match &f.token {
                Some(TokenPlan::ByField { domain, .. }) => Some(*domain),
                _ => None,
            })
            .chain(horizon.as_ref().map(Horizon::field))
            .chain(fields.iter().filter_map(|f| match f.forms.region {
                Region::ByField(field) => Some(field),
                _ => None,
            }))
            .chain(places.iter().flat_map(PlacePlan::fields))
            .collect();
        demanded.into_iter().for_each(|f| fields[f].active = true);

        let mut key = Vec::new();
        for part in &dataset.key {
            let field = find(&part.value).ok_or_else(|| unusable(&part.value, "key", "no field has this column"))?;
            if !fields[field].stored {
                return Err(unusable(&part.value, "key", "it is dropped"));
            }
            let column = fields[..field].iter().filter(|f| f.stored).count();
            key.push(KeyPart { field, column });
        }
        let latest = match &dataset.repeats.survivor {
            Survivor::Latest(name) if dataset.latest().is_none() => {
                return Err(unusable(
                    &name.value,
                    "survivor",
                    "no stored field has this column, or none with an order",
                ));
            }
            Survivor::Latest(name) => find(&name.value).map(|field| {
                let column = fields[..field].iter().filter(|f| f.stored).count();
                KeyPart { field, column }
            }),
            Survivor::First | Survivor::Last => None,
        };
        Ok(Self {
            dataset,
            schema: conformed_schema(dataset),
            statements: Statements::compile(context, &fields),
            since: SincePlan::compile(dataset, &refs, zone),
            demands: Demands::compile(context, &fields, &refs)?,
            names: refs.names,
            watch: Watch::of(dataset),
            marks_unidentified: dataset.marks_unidentified(),
            judges_unstored: fields.iter().any(|f| !f.stored && !f.rules.is_empty()),
            fields,
            places,
            competes: dataset.repeats.compete() && !key.is_empty(),
            key,
            latest,
            horizon,
            as_of,
            now: context.now.timestamp_micros(),
            seed: context.seed,
            record_seed: context.keys.blinding("records", 0).of(0) as u64,
            key_version: context.keys.version(),
            sealer: context.keys.sealer(QUARANTINE_SEALER),
            labels: FieldLabels::new(dataset, context.keys),
        })
    }

    /// The domains that a field's identifiers may be of, if each row says which.
    pub(super) fn domains(&self, field: usize) -> Option<&Domains<'_>> {
        match &self.fields[field].token {
            Some(TokenPlan::ByField { domains, .. }) => Some(domains),
            _ => None,
        }
    }
}

impl<'a> FieldPlan<'a> {
    fn compile(
        context: &ExtractContext<'a>,
        field: &'a Field,
        refs: &[RuleRef],
        zone: Zone,
        as_of: i64,
        find: &dyn Fn(&str) -> Option<usize>,
    ) -> Result<Self, ExtractError> {
        let dataset = context.dataset;
        let name = || dataset.name.value.clone();
        let zone = match &field.values.time_zone {
            Some(own) => Zone(
                own.value
                    .parse()
                    .map_err(|_| ExtractError::UnknownTimeZone { dataset: name(), zone: own.value.clone() })?,
            ),
            None => zone,
        };
        let in_key = dataset.key.iter().any(|part| part.value == field.column.value);
        let forms = FormPlan::compile(field, in_key, find).map_err(|(key, problem)| {
            ExtractError::InvalidValueForm { dataset: name(), field: field.name.value.clone(), key, problem }
        })?;
        let mut times = TimeParser::compile(&field.time_formats, zone).map_err(|format| {
            ExtractError::InvalidTimeFormat { dataset: name(), field: field.name.value.clone(), format }
        })?;
        if !field.values.epoch_as_declared {
            times = times.judging_units(as_of);
        }
        times = times.judging_centuries(as_of);
        if dataset.format.takes(Container::Xlsx) || dataset.format.takes(Container::Xls) {
            times = times.or_iso();
        }
        let rules = (field.rules.iter())
            .zip(refs)
            .map(|(r, by)| (&r.rule.value, *by))
            .filter(|(rule, _)| !matches!(rule, Rule::Unique | Rule::References { .. }))
            .filter(|(rule, _)| !since::is_from_a_day_on(dataset, field, rule))
            .map(|(rule, by)| {
                CompiledRule::compile(rule, by, field, &times, zone, as_of).map_err(|problem| {
                    ExtractError::InvalidRule {
                        dataset: name(),
                        field: field.name.value.clone(),
                        rule: rule.name(),
                        problem,
                    }
                })
            })
            .collect::<Result<Vec<_>, _>>()?;
        let unfit =
            |problem| ExtractError::InvalidTreatment { dataset: name(), field: field.name.value.clone(), problem };
        let data_type = field.data_type.value;
        let token = match &field.treatment {
            Treatment::Pseudonymise(TokenDomain::Fixed(domain)) => {
                Some(TokenPlan::Fixed(context.keys.tokeniser(domain)))
            }
            Treatment::Pseudonymise(TokenDomain::ByField(by)) => {
                let unusable = |problem| ExtractError::UnusableColumn {
                    dataset: name(),
                    name: by.clone(),
                    role: "identifier domain",
                    problem,
                };
                let domain = find(by).ok_or_else(|| unusable("no field has this name"))?;
                let words = &dataset.fields[domain];
                if words.data_type.value != DataType::String {
                    return Err(unusable("it is not text"));
                }
                match words.treatment {
                    Treatment::Keep | Treatment::Drop => {}
                    Treatment::Pseudonymise(_)
                    | Treatment::Mask { .. }
                    | Treatment::Generalise(_)
                    | Treatment::Redact => return Err(unusable("it is itself made unreadable")),
                }
                let domains = Domains::compile(context.keys, dataset, words, &field.values.absence);
                let domains = domains.map_err(|(_, problem)| unusable(problem))?;
                Some(TokenPlan::ByField { domain, domains })
            }
            Treatment::Keep
            | Treatment::Drop
            | Treatment::Mask { .. }
            | Treatment::Generalise(_)
            | Treatment::Redact => None,
        };
        match &field.treatment {
            Treatment::Mask { .. } | Treatment::Redact | Treatment::Generalise(Generalisation::City)
                if data_type != DataType::String =>
            {
                return Err(unfit("it works on text"));
            }
            Treatment::Generalise(Generalisation::Decade | Generalisation::Year | Generalisation::Month)
                if !matches!(data_type, DataType::Date | DataType::Timestamp) =>
            {
                return Err(unfit("it works on dates and timestamps"));
            }
            Treatment::Generalise(Generalisation::Grid { millidegrees: 0 }) => {
                return Err(unfit("a grid needs a cell size"));
            }
            Treatment::Generalise(Generalisation::Grid { .. })
                if !matches!(data_type, DataType::Double | DataType::Decimal { .. } | DataType::Integer) =>
            {
                return Err(unfit("it works on coordinates in degrees"));
            }
            _ => {}
        }
        let stored = field.is_stored();
        Ok(Self {
            field,
            active: stored || !rules.is_empty(),
            stored,
            needs_text: data_type == DataType::String
                || token.is_some()
                || !field.map.is_empty()
                || !field.null_values.is_empty()
                || !field.trim_chars.is_empty()
                || field.normalise != Normaliser::Trim
                || rules.iter().any(CompiledRule::needs_text),
            times,
            forms,
            rules,
            token,
            sieve: Sieve::of(field),
        })
    }
}
