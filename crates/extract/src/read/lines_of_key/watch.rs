//! Rows that name no person next to rows of the same order that do.
//!
//! Exports of some shops name the buyer on the first line of an order only. Its other lines would pass for rows about no
//! one, and be read although the buyer refused. Where nothing is declared about it, such rows go to quarantine.

use super::cells::{Cells, is_blank};
use arrow::array::StringArray;
use lakewarden_dictionary::{
    DataType, Dataset, DatasetRole, Field, Fill, IdentifierClass, Masked, Normaliser, OnInvalid,
    PhoneRegion as DeclaredRegion, TokenDomain, Treatment,
};
use lakewarden_privacy::absent::{AbsentValues, IdentifierKind, Presence};
use lakewarden_privacy::normalise::{self, PhoneRegion};

/// Which fields tell that rows belong together, and which name the person.
#[derive(Debug, Clone)]
pub(crate) struct Watch {
    /// The fields that are the same on all lines of an order.
    pub key: Vec<usize>,
    /// The fields that become pseudonyms.
    pub names: Vec<usize>,
    null_values: Vec<Vec<String>>,
    /// What identifies no person and is left out of a row: placeholders and masked values name no one.
    absent: Vec<AbsentValues>,
    /// How values are judged that are left out of a row because they are no such identifier.
    invalid: Vec<Option<Form>>,
}

/// The form that an identifier has to have, where one without it is set to null.
#[derive(Debug, Clone, Copy)]
enum Form {
    Normalised(Normaliser),
    PhoneOf(PhoneRegion),
}

impl Watch {
    /// What is watched of a dataset; `None` if it is not about people, has no key of an order, or declares `fill: none`.
    pub(crate) fn of(dataset: &Dataset) -> Option<Self> {
        if dataset.role != DatasetRole::Data {
            return None;
        }
        let names: Vec<usize> = (0..dataset.fields.len()).filter(|at| is_name(&dataset.fields[*at])).collect();
        let said = || names.iter().filter_map(|at| dataset.fields[*at].values.absence.fill.as_ref()).map(|f| &f.value);
        if names.is_empty() || said().any(|fill| *fill == Fill::None) {
            return None;
        }
        let declared = said().find_map(|fill| match fill {
            Fill::DownWithin(key) => Some(key.iter().map(|name| field_of(dataset, name)).collect::<Option<Vec<_>>>()),
            Fill::None => None,
        });
        let key = match declared {
            Some(key) => key?,
            None => order_key(dataset)?,
        };
        let null_values = names.iter().map(|at| dataset.fields[*at].null_values.clone()).collect();
        let sound = !key.is_empty() && key.iter().all(|at| !is_name(&dataset.fields[*at]));
        let absent = names.iter().map(|at| absent(&dataset.fields[*at])).collect();
        let invalid = names.iter().map(|at| form(&dataset.fields[*at])).collect();
        sound.then_some(Self { key, names, null_values, absent, invalid })
    }

    /// Whether a text of a field names no person, as the row will be stored: whatever is left out of it names no one.
    fn is_no_one(&self, place: usize, text: &[u8]) -> bool {
        if is_blank(text, &self.null_values[place]) {
            return true;
        }
        let Ok(text) = std::str::from_utf8(text) else { return false };
        match self.absent[place].presence(text) {
            Presence::Placeholder | Presence::Masked => true,
            Presence::Present => self.invalid[place].is_some_and(|form| form.refuses(text)),
        }
    }

    /// The field that a row is quarantined for.
    pub(crate) fn blamed(&self) -> usize {
        self.names[0]
    }
}

impl Form {
    fn refuses(self, text: &str) -> bool {
        let one = StringArray::from(vec![text]);
        let normalised = match self {
            Self::PhoneOf(region) => normalise::phone_of(&one, region),
            Self::Normalised(Normaliser::None | Normaliser::Trim) => return false,
            Self::Normalised(Normaliser::Phone) => normalise::phone(&one),
            Self::Normalised(Normaliser::Email) => normalise::email(&one),
            Self::Normalised(Normaliser::Identifier) => normalise::identifier(&one),
            Self::Normalised(Normaliser::IntegerIdentifier) => normalise::integer_identifier(&one),
            Self::Normalised(Normaliser::ResidentId) => normalise::resident_id(&one),
            Self::Normalised(Normaliser::TravelPermit) => normalise::travel_permit(&one),
            Self::Normalised(Normaliser::WechatId) => normalise::wechat_id(&one),
        };
        !normalised.invalid.is_empty()
    }
}

/// The form of a field's values, where one without it is set to null; a row that breaks it is in quarantine otherwise.
/// Telephone numbers of the country of another field are not judged here.
fn form(field: &Field) -> Option<Form> {
    match field.values.absence.on_invalid() {
        OnInvalid::Quarantine => return None,
        OnInvalid::SetNull => {}
    }
    match field.values.region.as_ref().map(|region| &region.value) {
        None => Some(Form::Normalised(field.normalise)),
        Some(DeclaredRegion::Fixed(code)) => code.parse().ok().map(Form::PhoneOf),
        Some(DeclaredRegion::ByField(_)) => None,
    }
}

/// What of a field's values identifies no person and is left out of the row: masked ones too, unless they are kept or put
/// their row into quarantine.
fn absent(field: &Field) -> AbsentValues {
    let absence = &field.values.absence;
    let kind = match field.normalise {
        Normaliser::Phone => IdentifierKind::Phone,
        Normaliser::Email => IdentifierKind::Email,
        Normaliser::None
        | Normaliser::Trim
        | Normaliser::Identifier
        | Normaliser::IntegerIdentifier
        | Normaliser::ResidentId
        | Normaliser::TravelPermit
        | Normaliser::WechatId => IdentifierKind::Other,
    };
    let listed = absence.absent.iter().map(|value| value.value.as_str());
    AbsentValues::new(kind, !absence.only_listed, listed, absence.masked() == Masked::Absent)
}

/// The field of a column, or with this name in the export.
pub(super) fn field_of(dataset: &Dataset, name: &str) -> Option<usize> {
    let by_column = dataset.fields.iter().position(|f| f.column.value == name);
    by_column.or_else(|| dataset.fields.iter().position(|f| f.name.value == name))
}

/// Whether a field becomes a pseudonym.
pub(super) fn is_name(field: &Field) -> bool {
    match &field.treatment {
        Treatment::Pseudonymise(TokenDomain::Fixed(_) | TokenDomain::ByField(_)) => true,
        Treatment::Keep | Treatment::Drop | Treatment::Mask { .. } | Treatment::Redact | Treatment::Generalise(_) => {
            false
        }
    }
}

/// The fields that all lines of one order have in common: the parts of the key up to the order's number, or all but its
/// last part; or a number of an order outside the key.
fn order_key(dataset: &Dataset) -> Option<Vec<usize>> {
    let key: Vec<usize> = dataset.key.iter().map(|part| field_of(dataset, &part.value)).collect::<Option<_>>()?;
    let numbers_orders = |at: &usize| is_order_number(&dataset.fields[*at]);
    if let Some(place) = key.iter().position(numbers_orders) {
        // Where the key ends with it, a row is a whole order.
        return (place + 1 < key.len()).then(|| key[..=place].to_vec());
    }
    if let Some(field) = (0..dataset.fields.len()).find(numbers_orders) {
        return Some(vec![field]);
    }
    (key.len() > 1).then(|| key[..key.len() - 1].to_vec())
}

/// Whether a field's name is that of the number of an order or receipt.
fn is_order_number(field: &Field) -> bool {
    let text = matches!(field.data_type.value, DataType::String | DataType::Integer);
    if field.identifier != IdentifierClass::None || is_name(field) || !text {
        return false;
    }
    const THINGS: [&str; 9] =
        ["order", "receipt", "invoice", "ticket", "transaction", "basket", "booking", "trade", "bill"];
    const NUMBERS: [&str; 8] = ["", "no", "number", "id", "code", "nr", "num", "name"];
    const CHINESE: [&str; 8] = ["订单号", "订单编号", "订单id", "小票号", "单号", "交易号", "发票号", "主订单编号"];
    [&field.column.value, &field.name.value].into_iter().any(|name| {
        let plain: String = name.to_lowercase().chars().filter(|c| c.is_alphanumeric()).collect();
        let thing = |thing: &&str| plain.strip_prefix(*thing).is_some_and(|rest| NUMBERS.contains(&rest));
        CHINESE.contains(&plain.as_str()) || THINGS.iter().any(thing)
    })
}

/// The rows of the order that is being read.
#[derive(Debug, Default)]
pub(crate) struct Order {
    key: Option<Vec<Vec<u8>>>,
    /// The names of its first row that names a person.
    person: Option<Vec<Vec<u8>>>,
    /// Whether rows of it name different people: then it is no order.
    several: bool,
    /// The rows that name no person.
    nameless: Vec<u64>,
}

impl Order {
    /// Takes in the rows of a batch, numbered from `first`; those that are `skipped` belong to no order. Adds the rows to
    /// `found` that name no person though their order does. The last order stays open.
    pub(crate) fn read(
        &mut self,
        watch: &Watch,
        cells: &(Cells<'_>, Cells<'_>),
        rows: usize,
        first: u64,
        skipped: impl Fn(usize) -> bool,
        found: &mut Vec<u64>,
    ) {
        let (keys, names) = cells;
        let names_no_one =
            |row: usize| (0..watch.names.len()).all(|place| watch.is_no_one(place, names.get(place, row)));
        let nameless: Vec<bool> = (0..rows).map(names_no_one).collect();
        let from = if self.nameless.is_empty() && !nameless.contains(&true) {
            self.close(found);
            // Only the last order may go on.
            let same = |row: &usize| (0..watch.key.len()).all(|p| keys.get(p, *row) == keys.get(p, rows - 1));
            rows - (0..rows).rev().take_while(same).count()
        } else {
            0
        };
        for row in (from..rows).filter(|row| !skipped(*row)) {
            // Of merged cells only the first line has the order's number: what neither has one nor names a person belongs
            // to the order before.
            let keyless = || (0..watch.key.len()).all(|place| is_blank(keys.get(place, row), &[]));
            if nameless[row] && self.key.is_some() && keyless() {
                self.nameless.push(first + row as u64);
                continue;
            }
            let same = |key: &Vec<Vec<u8>>| key.iter().enumerate().all(|(place, part)| part == keys.get(place, row));
            if !self.key.as_ref().is_some_and(same) {
                self.close(found);
                let key: Vec<Vec<u8>> = (0..watch.key.len()).map(|place| keys.get(place, row).to_vec()).collect();
                self.key = (!key.iter().all(|part| is_blank(part, &[]))).then_some(key);
            }
            if nameless[row] {
                if self.key.is_some() {
                    self.nameless.push(first + row as u64);
                }
                continue;
            }
            let same =
                |person: &Vec<Vec<u8>>| person.iter().enumerate().all(|(place, name)| name == names.get(place, row));
            match &self.person {
                Some(person) => self.several |= !same(person),
                None => {
                    self.person = Some((0..watch.names.len()).map(|place| names.get(place, row).to_vec()).collect());
                }
            }
        }
    }

    /// Whether it has rows of which is not known yet what becomes of them.
    pub(crate) fn waits(&self) -> bool {
        !self.nameless.is_empty()
    }

    /// Decides about the rows so far, as if no more came.
    pub(crate) fn decide(&mut self, found: &mut Vec<u64>) {
        let nameless = std::mem::take(&mut self.nameless);
        if self.person.is_some() && !self.several {
            found.extend(nameless);
        }
    }

    /// Decides, and begins with nothing.
    pub(crate) fn close(&mut self, found: &mut Vec<u64>) {
        self.decide(found);
        *self = Self::default();
    }
}
