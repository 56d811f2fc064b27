//! How a field's values are written, compiled.

use crate::values::{BooleanParser, FoldedWords, NumberParser};
use arrow::array::StringArray;
use lakewarden_dictionary::{
    DEFAULT_PHONE_REGION, DataType, EmailRule, Field, Normaliser, PhoneRegion as DeclaredRegion, Treatment,
};
use lakewarden_privacy::normalise::{self, MailboxRules, Normalised, PhoneRegion};

/// What the dictionary says about the values of a field, beyond its type.
#[derive(Debug)]
pub(crate) struct FormPlan {
    pub numbers: Option<NumberParser>,
    pub booleans: BooleanParser,
    pub folded: Option<FoldedWords>,
    /// The words that an `in` rule lists, which a value may be in another width.
    pub listed: Option<FoldedWords>,
    pub spelling: Spelling,
    pub region: Region,
    mailbox: MailboxRules,
}

/// How values are brought to one spelling where no normaliser of identifiers is declared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Spelling {
    /// Text that is stored: nothing between its ends changes.
    Text,
    /// Text that is stored and is part of the dataset's key: as [`Spelling::Text`], but a number in scientific notation,
    /// which has lost digits, would give several records one key.
    Key,
    /// Text that becomes a pseudonym: an identifier.
    Identifier,
    /// A number, a time or a truth word, read in the usual width.
    Value,
    /// Text that stays as it came.
    Verbatim,
}

impl Spelling {
    fn of(field: &Field, in_key: bool) -> Self {
        match (&field.treatment, field.data_type.value) {
            (_, DataType::Integer | DataType::Double | DataType::Decimal { .. }) => Self::Value,
            (_, DataType::Boolean | DataType::Date | DataType::Timestamp) => Self::Value,
            (Treatment::Pseudonymise(_), DataType::String) => Self::Identifier,
            (_, DataType::String) if field.normalise == Normaliser::None => Self::Verbatim,
            (_, DataType::String) if in_key => Self::Key,
            (_, DataType::String) => Self::Text,
        }
    }
}

/// The country of telephone numbers without a country code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Region {
    Fixed(PhoneRegion),
    /// That of the row, by another field.
    ByField(usize),
    /// China's, in the quick way.
    Default,
}

impl Region {
    /// The country of this code, ISO 3166-1 alpha-2.
    pub(super) fn of_code(code: &str) -> Result<Self, Unfit> {
        if code == DEFAULT_PHONE_REGION {
            return Ok(Self::Default);
        }
        code.parse().map(Self::Fixed).map_err(|_| ("region", "no such country has telephone numbers"))
    }
}

/// A form that cannot be applied: its key, and what is wrong with it.
pub(super) type Unfit = (&'static str, &'static str);

impl FormPlan {
    /// Compiles what a field says; `find` finds fields by name.
    pub(super) fn compile(field: &Field, in_key: bool, find: &dyn Fn(&str) -> Option<usize>) -> Result<Self, Unfit> {
        let forms = &field.values;
        let numbers = forms.number_format.as_ref().map(|f| NumberParser::compile(&f.value)).transpose();
        let region = match forms.region.as_ref().map(|r| &r.value) {
            None => Region::Default,
            Some(_) if field.normalise != Normaliser::Phone => return Err(("region", "it is no telephone number")),
            Some(DeclaredRegion::Fixed(code)) => Region::of_code(code)?,
            Some(DeclaredRegion::ByField(name)) => Region::ByField(find(name).ok_or(("region", "no such field"))?),
        };
        let has = |rule| forms.email_rules.iter().any(|r| r.value == rule);
        Ok(Self {
            numbers: numbers.map_err(|problem| ("number_format", problem))?,
            booleans: BooleanParser::new(forms.boolean_words.as_ref().map(|w| &w.value)),
            folded: FoldedWords::new(field),
            listed: FoldedWords::listed(field),
            spelling: Spelling::of(field, in_key),
            region,
            mailbox: MailboxRules {
                drop_tag: has(EmailRule::DropTag),
                provider_aliases: has(EmailRule::ProviderAliases),
            },
        })
    }

    /// Applies a normaliser as the field declares it; `regions` are the countries of the rows, where the field asks for
    /// them.
    pub(super) fn normalised(
        &self,
        normaliser: Normaliser,
        text: &StringArray,
        regions: Option<&StringArray>,
    ) -> Normalised {
        match (normaliser, self.region, regions) {
            (Normaliser::Phone, Region::Fixed(region), _) => normalise::phone_of(text, region),
            (Normaliser::Phone, _, Some(regions)) => normalise::phone_by_region(text, regions),
            (Normaliser::Email, ..) => normalise::email_with(text, self.mailbox),
            _ => plainly(normaliser, text),
        }
    }
}

/// Applies a normaliser of which nothing more is declared.
pub(super) fn plainly(normaliser: Normaliser, text: &StringArray) -> Normalised {
    match normaliser {
        Normaliser::None => Normalised { values: text.clone(), invalid: Vec::new() },
        Normaliser::Trim => normalise::trim(text),
        Normaliser::Phone => normalise::phone(text),
        Normaliser::Email => normalise::email(text),
        Normaliser::Identifier => normalise::identifier(text),
        Normaliser::IntegerIdentifier => normalise::integer_identifier(text),
        Normaliser::ResidentId => normalise::resident_id(text),
        Normaliser::TravelPermit => normalise::travel_permit(text),
        Normaliser::WechatId => normalise::wechat_id(text),
    }
}
