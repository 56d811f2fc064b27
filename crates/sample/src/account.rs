//! The truth about files: what was written, and what must become of it.

use crate::dirt::{Defect, Delivery};
use crate::error::{SampleError, at};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;

/// The truth about one file. `rows` = `written` + all `quarantined` + `duplicates`, unless it `repeats` another.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileAccount {
    /// Data rows in the file.
    pub rows: u64,
    /// Rows that must reach the lake when the dataset's files are loaded in the order of their names.
    pub written: u64,
    /// Rows that must go to quarantine, by name of the field in the export, then by name of the rule.
    pub quarantined: BTreeMap<String, BTreeMap<String, u64>>,
    /// Values that must be null in rows that reach the lake, by name of the field in the export, then by name of the rule.
    pub set_null: BTreeMap<String, BTreeMap<String, u64>>,
    /// Rows that were delivered before, in this file or in one whose name sorts before.
    pub duplicates: u64,
    /// Rows that hold a field nobody declared, by its name.
    pub over_collected: BTreeMap<String, u64>,
    /// The file whose bytes these are, under another name; nothing of this one is to be loaded.
    pub repeats: Option<String>,
    /// Encoding or container: `utf-8`, `utf-8-bom`, `gb18030`, `parquet`.
    pub encoding: String,
    /// Columns do not stand in the declared order.
    pub columns_moved: bool,
    /// Free texts of surviving rows that name somebody, by what they hold: `phone`, `resident_id`, `email`, `name`.
    pub texts_naming: BTreeMap<String, u64>,
}

impl FileAccount {
    /// An empty account of a file in this encoding.
    pub(crate) fn new(encoding: &str) -> Self {
        FileAccount { encoding: encoding.to_owned(), ..FileAccount::default() }
    }

    /// Counts a delivered row; answers whether it survives.
    pub(crate) fn count(&mut self, delivery: &Delivery) -> bool {
        self.rows += 1;
        if let Some(Defect { field, rule, set_null, .. }) = delivery.defect {
            let fields = if *set_null { &mut self.set_null } else { &mut self.quarantined };
            *fields.entry((*field).to_owned()).or_default().entry((*rule).to_owned()).or_default() += 1;
            self.written += u64::from(*set_null);
            return *set_null;
        }
        if delivery.repeated {
            self.duplicates += 1;
            return false;
        }
        self.written += 1;
        true
    }

    /// Rows that must go to quarantine, in all.
    pub fn quarantined_rows(&self) -> u64 {
        self.quarantined.values().flat_map(BTreeMap::values).sum()
    }

    /// Whether every row has its place.
    pub fn closes(&self) -> bool {
        match self.repeats {
            Some(_) => self.written == 0 && self.quarantined.is_empty() && self.duplicates == 0,
            None => self.rows == self.written + self.quarantined_rows() + self.duplicates,
        }
    }
}

/// `truth/accounts.json`: the truth about all files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accounts {
    /// People asked for.
    pub customers: u32,
    /// The seed.
    pub seed: u64,
    /// Last day of data, ISO 8601.
    pub end: String,
    /// Months of data.
    pub months: u32,
    /// Whether dirt was planted.
    pub dirt: bool,
    /// A phone number (E.164) that clerks type when a customer gives none, if it occurs: it is nobody's.
    pub shared_phone: Option<String>,
    /// Files by dataset, then by file name.
    pub datasets: BTreeMap<String, BTreeMap<String, FileAccount>>,
}

impl Accounts {
    /// Reads `accounts.json` from the folder with the truth.
    ///
    /// # Errors
    /// [`SampleError::Io`] if it cannot be read, [`SampleError::Truth`] if it is not what this version writes.
    pub fn read(dir_truth: &Path) -> Result<Self, SampleError> {
        read(&dir_truth.join("accounts.json"))
    }
}

/// Reads a truth file.
pub(crate) fn read<T: serde::de::DeserializeOwned>(path: &Path) -> Result<T, SampleError> {
    let bytes = std::fs::read(path).map_err(at(path))?;
    serde_json::from_slice(&bytes).map_err(|_| SampleError::Truth { path: path.to_path_buf() })
}
