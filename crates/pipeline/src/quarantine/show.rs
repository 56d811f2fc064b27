//! Single records, and, for whoever has the key and says why, what is in them.

use crate::error::PipelineError;
use crate::project::OpenProject;
use crate::quarantine::list::{Entry, each};
use crate::quarantine::presentable;
use crate::quarantine::select::Selection;
use crate::record::RunRecord;
use chrono::{DateTime, Utc};
use lakewarden_dictionary::{Dataset, IdentifierClass, Treatment};
use lakewarden_extract::{Opened, Opener};
use lakewarden_lake::Lake;
use lakewarden_privacy::KeyRing;
use serde::Serialize;
use serde_json::json;
use std::collections::BTreeSet;

/// The name of the text of a record that has no fields.
const RECORD: &str = "_record";

/// A record, and what is in it if that was asked for. It holds clear text then: for standard output, and nowhere else.
#[derive(Clone, Serialize)]
pub struct Shown {
    /// Where it stood and why it is here.
    #[serde(flatten)]
    pub entry: Entry,
    /// SHA-256 of the file's bytes, as far as its run's record tells.
    pub sha256: Option<String>,
    /// Its cells.
    pub content: Option<Vec<Cell>>,
}

/// One cell of a record.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Cell {
    /// The field, by its name in the export.
    pub field: String,
    /// What stood there, or, if it is masked, its form: digits as 9, letters as `a` and `A`, other scripts as 字.
    pub text: Option<String>,
    /// Whether it is masked.
    pub masked: bool,
}

/// Which fields are shown as they are, besides those that identify nobody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fields {
    /// No others.
    Harmless,
    /// These, by their names in the export; `_record` for the text of a record without fields.
    Named(BTreeSet<String>),
    /// All.
    All,
}

/// That records are to be opened, by whom and why.
pub struct Reveal<'a> {
    /// The keys.
    pub keys: &'a KeyRing,
    /// Which fields are shown.
    pub fields: Fields,
    /// The reason given; identifiers in it are not written down.
    pub why: &'a str,
    /// Who asks.
    pub who: &'a str,
    /// When.
    pub at: DateTime<Utc>,
}

/// Looks records up by id. Before any is opened, who asks for which and why is written to the audit log; if that cannot
/// be done, or one of them does not open, nothing is shown.
///
/// # Errors
/// [`PipelineError::NoQuarantine`], [`PipelineError::NotInQuarantine`], [`PipelineError::NotAudited`],
/// [`PipelineError::SealedShut`]; those of the lake.
pub async fn show(
    open: &OpenProject,
    lake: Option<&str>,
    ids: &BTreeSet<String>,
    reveal: Option<&Reveal<'_>>,
) -> Result<Vec<Shown>, PipelineError> {
    let lake = Lake::open(&open.lake_url(lake)?)?;
    lake.check_access().await?;
    let selection = Selection { ids: ids.clone(), ..Selection::default() };
    let tables = selection.tables(&lake, open).await?;
    let entries = each(&lake, &tables, &selection, &mut |held| Ok(Entry::of(held))).await?;
    let mut shown = Vec::with_capacity(entries.len());
    for entry in entries {
        let sha256 = checksum(&lake, &entry).await?;
        shown.push(Shown { entry, sha256, content: None });
    }
    let Some(reveal) = reveal else { return Ok(shown) };

    let event = json!({
        "event": "quarantine_revealed", "who": reveal.who, "why": presentable(reveal.why)?, "ids": ids, "fields": reveal.fields,
    });
    let unaudited = |error| PipelineError::NotAudited { source: Box::new(error) };
    lake.audit().append(event, reveal.at).await.map_err(unaudited)?;
    let mut opener = Opener::new(reveal.keys);
    let today = reveal.keys.version();
    let contents = each(&lake, &tables, &selection, &mut |held| {
        let opened = opener.open(held).map_err(|_| PipelineError::SealedShut {
            id: held.id(),
            version: held.key_version,
            today,
        })?;
        Ok((held.id(), cells(open.project.dataset(held.dataset), opened, held.rule, &reveal.fields)))
    })
    .await?;
    for (id, cells) in contents {
        shown.iter_mut().filter(|s| s.entry.id == id).for_each(|s| s.content = Some(cells.clone()));
    }
    Ok(shown)
}

/// What its run's record says of the file.
async fn checksum(lake: &Lake, entry: &Entry) -> Result<Option<String>, PipelineError> {
    let Some(run) = entry.run.as_deref().and_then(|run| run.parse().ok()) else { return Ok(None) };
    // A run that was killed after it had published has no record.
    let Some(record) = lake.run(run).await? else { return Ok(None) };
    let Ok(record) = serde_json::from_value::<RunRecord>(record) else { return Ok(None) };
    let files = record.datasets.into_iter().filter(|d| d.dataset == entry.dataset).flat_map(|d| d.files);
    Ok(files.into_iter().find(|f| f.file == entry.file).map(|f| f.sha256))
}

fn cells(dataset: Option<&Dataset>, opened: Opened, rule: &str, fields: &Fields) -> Vec<Cell> {
    // Records of old tables do not say that they are shifted; their rule does.
    let shifted = opened.shifted || rule == "columns";
    let named = |name: &str| match fields {
        Fields::All => true,
        Fields::Named(names) => names.contains(name),
        Fields::Harmless => false,
    };
    let declared = |name: &str| dataset.and_then(|d| d.fields.iter().find(|f| f.name.value == name));
    // Of a shifted record any cell may hold an identifier, and of a field that is not declared nobody knows.
    let harmless = |name: &str| {
        !shifted
            && declared(name).is_some_and(|f| f.identifier == IdentifierClass::None && f.treatment == Treatment::Keep)
    };
    let cell = |name: &str, text: Option<&str>| {
        let masked = !named(name) && !harmless(name);
        let text = text.map(|text| if masked { form(text) } else { text.to_owned() });
        Cell { field: name.to_owned(), masked: masked && text.is_some(), text }
    };
    let order = |name: &str| {
        let place = dataset.and_then(|d| d.fields.iter().position(|f| f.name.value == name));
        place.unwrap_or(usize::MAX)
    };
    let mut cells: Vec<Cell> = opened.fields.iter().map(|(name, text)| cell(name, text.as_deref())).collect();
    cells.sort_by_key(|cell| order(&cell.field));
    if let Some(text) = &opened.unparsed {
        let masked = !named(RECORD);
        cells.push(Cell {
            field: RECORD.to_owned(),
            text: Some(if masked { form(text) } else { text.clone() }),
            masked,
        });
    }
    cells
}

/// The form of a text without its content: what a rule or a pattern is mended by.
fn form(text: &str) -> String {
    let of = |c: char| match c {
        '0'..='9' => '9',
        'a'..='z' => 'a',
        'A'..='Z' => 'A',
        c if c.is_numeric() => '9',
        c if c.is_alphabetic() => '字',
        c => c,
    };
    text.chars().map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_tells_how_and_not_what() {
        assert_eq!(form("+86 131-8701 3211"), "+99 999-9999 9999");
        assert_eq!(form("Zhang.San@example.com"), "Aaaaa.Aaa@aaaaaaa.aaa");
        assert_eq!(form("张三 ３"), "字字 9");
    }
}
