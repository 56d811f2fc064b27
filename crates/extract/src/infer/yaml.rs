//! The proposal as a file of the dictionary.

use super::answer::{Answer, quoted_placeholder};
use super::propose::{Proposal, ProposedField};
use lakewarden_dictionary::{
    Container, CsvHeader, DatasetRole, Encoding, Escape, IdentifierClass, is_category_of_people,
};
use std::fmt::Write;

/// How what only a person can decide is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Open {
    /// As a placeholder, which `check` refuses.
    Placeholder,
    /// As what is assumed, to try the entry on the data.
    Assumed,
}

impl Open {
    /// A part of the entry; `None` if it is left out.
    fn write(self, answer: &Answer) -> Option<&str> {
        match self {
            Self::Placeholder => Some(&answer.written),
            Self::Assumed => Some(answer.assumed.as_str()).filter(|assumed| !assumed.is_empty()),
        }
    }
}

impl Proposal {
    /// Writes the entry down. Every guess carries the mark `proposed`, what only a person knows is a placeholder, and the
    /// entry says `proposed: true`; both keep it from passing `lakewarden check`. `purposes` are those that the project
    /// has, for a reader to choose from.
    pub fn to_yaml(&self, file: &str, purposes: &[&str]) -> String {
        let mut out = String::new();
        // Writing into a `String` does not fail.
        let _ = self.write(&mut out, file, purposes, Open::Placeholder);
        out
    }

    /// The entry with what is assumed instead of placeholders, to be tried on the data.
    pub(super) fn to_assumed_yaml(&self) -> String {
        let mut out = String::new();
        let _ = self.write(&mut out, "", &[], Open::Assumed);
        out
    }

    fn write(&self, out: &mut String, file: &str, purposes: &[&str], open: Open) -> std::fmt::Result {
        let name = &self.dataset;
        let of = if self.whole { "all" } else { "the first" };
        writeln!(out, "# Proposed from {of} {} records of {}. It has not been reviewed:", self.rows, one_line(file))?;
        writeln!(
            out,
            "# write what is meant instead of each `<fill in: …>`, go through every line that says `proposed`,"
        )?;
        writeln!(out, "# then remove `proposed: true`.")?;
        for note in &self.notes {
            writeln!(out, "# {}", one_line(note))?;
        }
        let ask = |question: &str| quoted_placeholder(question);
        writeln!(out, "dataset: {}", scalar(name))?;
        writeln!(out, "proposed: true")?;
        writeln!(out, "label: {{ zh: {0}, en: {0} }}   # proposed", scalar(name))?;
        writeln!(out, "meaning: {}", ask("what one record means"))?;
        writeln!(out, "source: {}", ask("the system that it comes from"))?;
        writeln!(out, "owner: {}", ask("who answers for it"))?;
        writeln!(out, "update_frequency: {}", ask("how often it arrives, such as daily"))?;
        writeln!(out, "format: {{ {} }}   # proposed, from the bytes", self.format())?;
        match self.role {
            DatasetRole::Data => {}
            DatasetRole::ConsentLog => writeln!(out, "role: consent_log   # proposed")?,
            DatasetRole::SuppressionList => writeln!(out, "role: suppression_list   # proposed")?,
        }
        if !self.key.is_empty() {
            let verified = if self.whole { "no two records have the same" } else { "of the records looked at" };
            writeln!(out, "key: [{}]   # proposed: {verified}", self.key.join(", "))?;
        }
        if let Some(column) = &self.event_time {
            writeln!(out, "event_time: {column}   # proposed")?;
            if open == Open::Placeholder {
                writeln!(out, "retention: {}", ask("as long as a purpose needs it, such as P1Y"))?;
            }
        }
        if self.fields.iter().any(ProposedField::is_about_people) {
            self.write_purposes(out, purposes)?;
        }
        writeln!(out, "fields:")?;
        self.fields.iter().try_for_each(|field| write_field(out, field, open))
    }

    fn write_purposes(&self, out: &mut String, purposes: &[&str]) -> std::fmt::Result {
        writeln!(out, "# the purposes that it may serve, each with its lawful basis")?;
        if !purposes.is_empty() {
            writeln!(out, "# this project has: {}", one_line(&purposes.join(", ")))?;
        }
        writeln!(out, "purposes:")?;
        let basis = "consent, contract, legal_obligation, vital_interests, public_interest or legitimate_interests";
        let (purpose, basis) = ("a purpose of schemas/purposes.yaml", quoted_placeholder(basis));
        writeln!(out, "  {}: {basis}", quoted_placeholder(purpose))?;
        if !self.fields.iter().any(ProposedField::is_pseudonym) {
            writeln!(
                out,
                "# no field names the person by a pseudonym: change one to that, or keep the next two lines;"
            )?;
            writeln!(out, "# where rows are about shops or articles, say `identifier: none` of their fields instead")?;
            writeln!(out, "subject: none   # proposed")?;
            writeln!(out, "subject_reason: {}", quoted_placeholder("why its rows name no data subject"))?;
        }
        Ok(())
    }

    fn format(&self) -> String {
        let format = &self.format;
        let mut text = String::from(match format.container {
            Container::Csv => "container: csv",
            Container::Ndjson => "container: ndjson",
            Container::Json => "container: json",
            Container::Parquet => "container: parquet",
            Container::Xlsx => "container: xlsx",
            Container::Xls => "container: xls",
        });
        text.push_str(match format.encoding {
            Encoding::Utf8 => "",
            Encoding::Gb18030 => ", encoding: gb18030",
            Encoding::Utf16 => ", encoding: utf16",
            Encoding::Big5 => ", encoding: big5",
            Encoding::Latin1 => ", encoding: latin1",
        });
        match format.delimiter {
            _ if format.delimiter_runs => text.push_str(", delimiter: spaces"),
            b',' => {}
            b'\t' => text.push_str(", delimiter: \"\\t\""),
            other => text.push_str(&format!(", delimiter: \"{}\"", char::from(other))),
        }
        text.push_str(match format.escape {
            Escape::Double => "",
            Escape::Backslash => ", escape: backslash",
        });
        text.push_str(match format.header {
            CsvHeader::First => "",
            CsvHeader::None => ", header: none",
        });
        if format.skip_rows > 0 {
            text.push_str(&format!(", skip_rows: {}", format.skip_rows));
        }
        if let Some(row) = format.header_row {
            text.push_str(&format!(", header_row: {row}"));
        }
        if let Some(footer) = &self.footer {
            text.push_str(&format!(", footer: '{footer}'"));
        }
        text
    }
}

impl ProposedField {
    /// Whether it makes its dataset one about people.
    pub(super) fn is_about_people(&self) -> bool {
        match self.identifier {
            IdentifierClass::Direct | IdentifierClass::Quasi => true,
            IdentifierClass::None => self.category.is_some_and(is_category_of_people),
        }
    }
}

fn write_field(out: &mut String, field: &ProposedField, open: Open) -> std::fmt::Result {
    let name = scalar(&field.name);
    writeln!(out, "  # proposed: {}", one_line(&field.because))?;
    for note in &field.notes {
        writeln!(out, "  # {}", one_line(note))?;
    }
    writeln!(out, "  - name: {name}")?;
    if field.column != field.name {
        writeln!(out, "    column: {}   # proposed", field.column)?;
    }
    writeln!(out, "    label: {{ zh: {name}, en: {} }}   # proposed", scalar(&field.column.replace('_', " ")))?;
    writeln!(out, "    meaning: {}", quoted_placeholder("what it means"))?;
    writeln!(out, "    type: {}   # proposed", field.data_type)?;
    let answers = [
        ("unit", &field.unit),
        ("time_format", &field.time_format),
        ("number_format", &field.number_format),
        ("map", &field.map),
        ("absent", &field.absent),
        ("fill", &field.fill),
    ];
    for (key, answer) in answers {
        if let Some(text) = answer.as_ref().and_then(|answer| open.write(answer)) {
            writeln!(out, "    {key}: {text}   # proposed")?;
        }
    }
    if !field.null_values.is_empty() {
        let words: Vec<String> = field.null_values.iter().map(|word| quoted(word)).collect();
        writeln!(out, "    null_values: [{}]   # proposed", words.join(", "))?;
    }
    let class = match field.identifier {
        IdentifierClass::None => "none",
        IdentifierClass::Quasi => "quasi",
        IdentifierClass::Direct => "direct",
    };
    writeln!(out, "    identifier: {class}   # proposed")?;
    match field.category {
        Some(category) => writeln!(out, "    category: {category}   # proposed")?,
        None if field.identifier != IdentifierClass::None => {
            writeln!(out, "    category: user   # proposed: nothing is known of it")?;
        }
        None => {}
    }
    writeln!(out, "    treatment: {}   # proposed", field.treatment)?;
    if let Some(normaliser) = field.normalise {
        writeln!(out, "    normalise: {normaliser}   # proposed")?;
    }
    if field.on_invalid_null {
        writeln!(out, "    on_invalid: set_null   # proposed")?;
    }
    if field.multiline {
        writeln!(out, "    multiline: true   # proposed")?;
    }
    if field.optional {
        writeln!(out, "    optional: true   # proposed")?;
    }
    if field.required {
        writeln!(out, "    rules: [required]   # proposed")?;
    }
    Ok(())
}

/// A text in single quotes.
fn quoted(text: &str) -> String {
    format!("'{}'", one_line(text).replace('\'', "''"))
}

/// A text as a YAML scalar, quoted where it would be something else.
pub(super) fn scalar(text: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | ' ' | '/' | '.');
    let word = text.parse::<f64>().is_err()
        && !["true", "false", "null", "yes", "no", "on", "off", "y", "n"].contains(&text.to_lowercase().as_str());
    let starts = text.starts_with(|c: char| c.is_alphabetic() || c == '_') && !text.ends_with(' ');
    if word && starts && text.chars().all(plain) { text.to_owned() } else { quoted(text) }
}

/// A text without what would end a comment or a quoted line.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scalars_are_quoted_where_they_would_be_something_else() {
        for (text, expected) in [
            ("手机号", "手机号"),
            ("order_no", "order_no"),
            ("2026", "'2026'"),
            ("yes", "'yes'"),
            ("a: b", "'a: b'"),
            ("it's", "'it''s'"),
            ("# no", "'# no'"),
            ("%Y-%m-%d", "'%Y-%m-%d'"),
            ("a\nb", "'a b'"),
        ] {
            assert_eq!(scalar(text), expected);
        }
    }
}
