//! Total lines at the end of a table.

use super::file::{Job, Stop};
use crate::error::ExtractError;
use regex::bytes::Regex;

/// Knows the first total line by its first value; the rest are as well.
pub(crate) struct Footer<'j> {
    job: &'j Job<'j>,
    pattern: Regex,
    lines: u64,
}

impl<'j> Footer<'j> {
    /// The footer that the dataset declares, if it does.
    pub(crate) fn of(job: &'j Job<'_>) -> Result<Option<Self>, ExtractError> {
        let Some(declared) = &job.dataset.format.footer else { return Ok(None) };
        let pattern = Regex::new(&format!("^(?:{})$", declared.value)).map_err(|_| ExtractError::Internal {
            file: job.file.to_owned(),
            doing: "compiling the footer's pattern",
        })?;
        Ok(Some(Self { job, pattern, lines: 0 }))
    }

    /// Whether the record after `rows` others, with this first value, is a total line.
    ///
    /// # Errors
    /// LW4041 if there are more than a footer has: then what it begins with was a record.
    pub(crate) fn takes(&mut self, rows: u64, first: &[u8]) -> Result<bool, Stop> {
        if self.lines == 0 && !self.pattern.is_match(first.trim_ascii()) {
            return Ok(false);
        }
        self.lines += 1;
        let limit = self.job.limits().footer;
        if self.lines > u64::from(limit) {
            return Err(ExtractError::FooterTooLong { file: self.job.file.to_owned(), row: rows, limit }.into());
        }
        Ok(true)
    }

    /// Total lines so far.
    pub(crate) fn lines(&self) -> u64 {
        self.lines
    }
}
