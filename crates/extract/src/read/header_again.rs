//! Headers that come again in the middle of a file, because somebody concatenated exports.

use super::header::{Header, trim_name};
use super::records::Splitter;
use lakewarden_dictionary::Dataset;
use std::collections::HashSet;
use std::io::Read;

/// What a record is, if it is a header.
pub(crate) enum HeaderAgain {
    /// The header of the file once more.
    Same,
    /// A header with other columns, or the same in another order.
    Other(Vec<String>),
}

/// Recognises headers among records.
pub(crate) struct HeaderWatch<'d> {
    dataset: &'d Dataset,
    /// The bytes that names begin with: most records begin otherwise.
    first: [bool; 256],
    declared: HashSet<&'d str>,
}

impl<'d> HeaderWatch<'d> {
    /// A watch for the header of a file of this dataset.
    pub(crate) fn new(dataset: &'d Dataset, header: &Header) -> Self {
        let mut first = [false; 256];
        let declared: HashSet<&str> = dataset.fields.iter().map(|f| trim_name(&f.name.value)).collect();
        for name in declared.iter().copied().chain(header.names.iter().map(String::as_str)) {
            if let Some(byte) = name.as_bytes().first() {
                first[usize::from(*byte)] = true;
            }
        }
        Self { dataset, first, declared }
    }

    /// Whether a record is a header: each value is the name of its column; or all declared names that a file must have are
    /// among the values.
    pub(crate) fn recognise<R: Read>(&self, record: &Splitter<R>, header: &Header) -> Option<HeaderAgain> {
        let begins = record.value(0).and_then(|value| value.first().copied());
        if !begins.is_some_and(|byte| self.first[usize::from(byte)]) {
            return None;
        }
        let names: Vec<String> = (0..record.len())
            .filter_map(|i| record.value(i))
            .map(|v| String::from_utf8_lossy(&v).into_owned())
            .collect();
        let named = |at: usize| names.get(at).map_or("", |name| trim_name(name));
        let width = names.len().max(header.names.len());
        if (0..width).all(|at| named(at) == header.names.get(at).map_or("", String::as_str)) {
            return Some(HeaderAgain::Same);
        }
        let found: HashSet<&str> =
            names.iter().map(|name| trim_name(name)).filter(|n| self.declared.contains(n)).collect();
        let mut demanded = self.dataset.fields.iter().filter(|field| !self.dataset.may_lack(field));
        (found.len() > 1 && demanded.all(|field| found.contains(trim_name(&field.name.value))))
            .then_some(HeaderAgain::Other(names))
    }
}
