//! Rows that name no person next to rows of the same order that do.
//!
//! Exports of some shops name the buyer on the first line of an order only. Its other lines would pass for rows about no
//! one, and be read although the buyer refused. Where nothing is declared about it, such rows go to quarantine.

use super::cells::{Cells, is_blank};
use lakewarden_dictionary::{
    DataType, Dataset, DatasetRole, Field, Fill, IdentifierClass, Normaliser, TokenDomain, Treatment,
};
use lakewarden_privacy::absent::{AbsentValues, IdentifierKind, Presence};

/// Which fields tell that rows belong together, and which name the person.
#[derive(Debug, Clone)]
pub(crate) struct Watch {
    /// The fields that are the same on all lines of an order.
    pub key: Vec<usize>,
    /// The fields that become pseudonyms.
    pub names: Vec<usize>,
    null_values: Vec<Vec<String>>,
    /// What identifies no person: a placeholder names no one.
    placeholders: Vec<AbsentValues>,
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
        let placeholders = names.iter().map(|at| placeholders(&dataset.fields[*at])).collect();
        sound.then_some(Self { key, names, null_values, placeholders })
    }

    /// Whether a text of a field names no person.
    fn is_no_one(&self, place: usize, text: &[u8]) -> bool {
        let placeholder = || match std::str::from_utf8(text) {
            Ok(text) => self.placeholders[place].presence(text) == Presence::Placeholder,
            Err(_) => false,
        };
        is_blank(text, &self.null_values[place]) || placeholder()
    }

    /// The field that a row is quarantined for.
    pub(crate) fn blamed(&self) -> usize {
        self.names[0]
    }
}

/// What of a field's values identifies no person, masked ones left out: they hide one.
fn placeholders(field: &Field) -> AbsentValues {
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
    AbsentValues::new(kind, !absence.only_listed, listed, false)
}

/// The field of a column, or with this name in the export.
pub(super) fn field_of(dataset: &Dataset, name: &str) -> Option<usize> {
    let by_column = dataset.fields.iter().position(|f| f.column.value == name);
    by_column.or_else(|| dataset.fields.iter().position(|f| f.name.value == name))
}

fn is_name(field: &Field) -> bool {
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
        let nameless =
            |row: usize| (0..watch.names.len()).all(|place| is_blank(names.get(place, row), &watch.null_values[place]));
        let from = if self.nameless.is_empty() && !(0..rows).any(nameless) {
            self.close(found);
            // Only the last order may go on.
            let same = |row: &usize| (0..watch.key.len()).all(|p| keys.get(p, *row) == keys.get(p, rows - 1));
            rows - (0..rows).rev().take_while(same).count()
        } else {
            0
        };
        for row in (from..rows).filter(|row| !skipped(*row)) {
            let same = |key: &Vec<Vec<u8>>| key.iter().enumerate().all(|(place, part)| part == keys.get(place, row));
            if !self.key.as_ref().is_some_and(same) {
                self.close(found);
                let key: Vec<Vec<u8>> = (0..watch.key.len()).map(|place| keys.get(place, row).to_vec()).collect();
                self.key = (!key.iter().all(|part| is_blank(part, &[]))).then_some(key);
            }
            if nameless(row) || (0..watch.names.len()).all(|place| watch.is_no_one(place, names.get(place, row))) {
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
