//! Records of one file and one shape, as the batch that a reader would have made of them.

use crate::held::HeldRecords;
use crate::read::{CellFault, FILL_RULE, RawBatch, RawData, RecordFault, Rejected, RowNumbers, Watch};
use crate::sealed::{Opened, typed};
use arrow::array::{ArrayRef, StringArray};
use hashbrown::HashMap;
use lakewarden_dictionary::{Dataset, Treatment};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The rule of a record that does not have as many fields as the header, as older tables say it.
const COLUMNS: &str = "columns";

/// Records that are converted together.
pub(super) struct Group {
    pub file: String,
    /// The run that read the file.
    pub run: Option<String>,
    /// Where each stands among those that were given.
    pub at: Vec<usize>,
    /// What cannot be told from the texts: rows and the fields to blame.
    pub own_faults: Vec<(usize, usize)>,
    pub batch: RawBatch,
}

/// Of a field: whether there is a text, and of which type it was.
type FieldShape = Option<Option<String>>;

/// What records must have in common.
#[derive(PartialEq, Eq, Hash, Clone)]
struct Shape {
    file: String,
    run: Option<String>,
    unparsed: bool,
    /// Of each declared field.
    fields: Vec<FieldShape>,
}

/// Puts records together, in the order in which the first of each group came.
pub(super) fn grouped(dataset: &Dataset, held: &HeldRecords, records: Vec<(usize, Opened)>) -> Vec<Group> {
    let mut places: HashMap<Shape, usize> = HashMap::new();
    let mut groups: Vec<Vec<(usize, Opened)>> = Vec::new();
    let mut shapes: Vec<Shape> = Vec::new();
    for (at, record) in records {
        let of = |name: &String| record.fields.contains_key(name).then(|| record.types.get(name).cloned());
        let fields = dataset.fields.iter().map(|f| of(&f.name.value).filter(|_| f.treatment != Treatment::Drop));
        let shape = Shape {
            file: held.get(at).file.to_owned(),
            run: held.get(at).run.map(str::to_owned),
            unparsed: record.unparsed.is_some(),
            fields: fields.collect(),
        };
        let place = *places.entry(shape).or_insert_with_key(|shape| {
            shapes.push(shape.clone());
            groups.push(Vec::new());
            groups.len() - 1
        });
        groups[place].push((at, record));
    }
    groups.into_iter().zip(shapes).map(|(records, shape)| group(dataset, held, shape, records)).collect()
}

fn group(dataset: &Dataset, held: &HeldRecords, shape: Shape, records: Vec<(usize, Opened)>) -> Group {
    let Shape { file, run, unparsed, fields: shape } = shape;
    let (at, mut records): (Vec<usize>, Vec<Opened>) = records.into_iter().unzip();
    let numbers = RowNumbers::Each(at.iter().map(|at| held.get(*at).row).collect());
    let len = at.len();
    if unparsed {
        let (mut text, mut spans) = (Vec::new(), Vec::new());
        for record in &records {
            let start = text.len();
            text.extend_from_slice(record.unparsed.as_deref().unwrap_or_default().as_bytes());
            spans.push(start..text.len());
        }
        let batch = RawBatch { rows: numbers, len, data: RawData::Json { text, spans }, rejected: Vec::new() };
        return Group { file, run, at, own_faults: Vec::new(), batch };
    }
    let broken: Vec<bool> = records.iter().map(|record| has_broken_lines(dataset, record)).collect();
    let mut own_faults = Vec::new();
    let mut columns: Vec<Option<ArrayRef>> = Vec::with_capacity(shape.len());
    for (index, (field, shape)) in dataset.fields.iter().zip(&shape).enumerate() {
        let name = &field.name.value;
        let stored = field.treatment != Treatment::Drop;
        columns.push(match shape {
            Some(type_of) => {
                let mut texts = records.iter_mut().map(|r| r.fields.remove(name).flatten());
                Some(column(&mut texts, type_of.as_deref(), |row| own_faults.push((row, index))))
            }
            None => {
                // Dropped or unknown when it was quarantined, and demanded today.
                if stored && !dataset.may_lack(field) {
                    own_faults.extend((0..len).map(|row| (row, index)));
                }
                None
            }
        });
        let nested = records.iter().enumerate().filter(|(_, r)| stored && !field.json && r.nested.contains(name));
        own_faults.extend(nested.map(|(row, _)| (row, index)));
        let judged = stored || !field.rules.is_empty();
        let broke = records.iter().enumerate().filter(|(_, r)| judged && r.broke.contains(name));
        own_faults.extend(broke.map(|(row, _)| (row, index)));
    }
    // The rows that say whom it is about are not here.
    let alone = |row: usize| held.get(at[row]).rule == FILL_RULE && Watch::of(dataset).is_some();
    let fault = |row: usize| {
        let record = held.get(at[row]);
        let field = record.field.and_then(|name| dataset.fields.iter().position(|f| f.name.value == name));
        match (field, CellFault::from_rule(record.rule)) {
            (Some(field), Some(fault)) => RecordFault::Cell { field, fault },
            (None, _) | (_, None) => RecordFault::of_shifted(record.rule),
        }
    };
    let rejected = (0..len)
        .filter_map(|row| {
            let fault = fault(row);
            let shifted = records[row].shifted || held.get(at[row]).rule == COLUMNS;
            match (shifted || (fault == RecordFault::Multiline && broken[row]), alone(row)) {
                (true, _) => Some(Rejected::at(row, fault)),
                (false, true) => Some(Rejected::at(row, RecordFault::NamesNoOne)),
                (false, false) => None,
            }
        })
        .collect();
    let batch = RawBatch { rows: numbers, len, data: RawData::Arrow(columns), rejected };
    Group { file, run, at, own_faults, batch }
}

/// Whether a value contains a line end and its field does not say that it may.
fn has_broken_lines(dataset: &Dataset, record: &Opened) -> bool {
    let broken = |text: &Option<String>| text.as_ref().is_some_and(|text| text.contains(['\r', '\n']));
    dataset.fields.iter().any(|f| !f.multiline && record.fields.get(&f.name.value).is_some_and(broken))
}

/// A column in the type that it arrived with; texts that are no values of it are blamed.
fn column(
    texts: &mut dyn Iterator<Item = Option<String>>,
    type_of: Option<&str>,
    mut blame: impl FnMut(usize),
) -> ArrayRef {
    let texts: Vec<Option<String>> = texts.collect();
    let all: StringArray = texts.iter().map(Option::as_deref).collect();
    if let Some(column) = typed(all.clone(), type_of) {
        return column;
    }
    // Sealed by a later version, or altered with the key at hand: which rows it is, is told; the others are read.
    let good = |text: &Option<String>| typed(StringArray::from(vec![text.as_deref()]), type_of).is_some();
    let bad: BTreeMap<usize, ()> = (0..texts.len()).filter(|row| !good(&texts[*row])).map(|row| (row, ())).collect();
    bad.keys().for_each(|row| blame(*row));
    let rest: StringArray =
        texts.iter().enumerate().map(|(row, t)| t.as_deref().filter(|_| !bad.contains_key(&row))).collect();
    typed(rest, type_of).unwrap_or_else(|| Arc::new(all))
}
