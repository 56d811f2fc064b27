//! The proposal as a file of the dictionary.

use super::propose::{Proposal, ProposedField};
use lakewarden_dictionary::{Container, Encoding, Escape, IdentifierClass, is_category_of_people};
use std::fmt::Write;

impl Proposal {
    /// Writes the entry down. Every guess carries the mark `proposed`, and the entry says `proposed: true`, which keeps it from
    /// passing `lakewarden check`.
    pub fn to_yaml(&self, file: &str) -> String {
        let mut out = String::new();
        // Writing into a `String` does not fail.
        let _ = self.write(&mut out, file);
        out
    }

    fn write(&self, out: &mut String, file: &str) -> std::fmt::Result {
        let name = &self.dataset;
        writeln!(out, "# Proposed from {} records of {}. Nobody has reviewed it:", self.rows, one_line(file))?;
        writeln!(
            out,
            "# go through every line that says `proposed`, write what is meant, then remove `proposed: true`."
        )?;
        writeln!(out, "dataset: {}", scalar(name))?;
        writeln!(out, "proposed: true")?;
        writeln!(out, "label: {{ zh: {0}, en: {0} }}   # proposed", scalar(name))?;
        writeln!(out, "meaning: What one record means.   # proposed")?;
        writeln!(out, "source: The system that it comes from   # proposed")?;
        writeln!(out, "owner: Who answers for it   # proposed")?;
        writeln!(out, "update_frequency: daily   # proposed")?;
        writeln!(out, "format: {{ {} }}   # proposed, from the bytes", self.format())?;
        match self.key.as_slice() {
            [] => writeln!(out, "# key: no column names a record by itself   # proposed")?,
            key => writeln!(out, "key: [{}]   # proposed", key.join(", "))?,
        }
        if let Some(column) = &self.event_time {
            writeln!(out, "event_time: {column}   # proposed")?;
            writeln!(out, "retention: P1Y   # proposed: as long as a purpose needs it, and no longer")?;
        }
        if self.fields.iter().any(ProposedField::is_about_people) {
            writeln!(out, "purposes: {{}}   # proposed: the purposes that it may serve, each with its lawful basis")?;
            if !self.fields.iter().any(|f| f.treatment.starts_with("{ pseudonymise")) {
                writeln!(out, "# subject: none   # proposed: no field names the person; say why in `subject_reason`")?;
            }
        }
        writeln!(out, "fields:")?;
        self.fields.iter().try_for_each(|field| write_field(out, field))
    }

    fn format(&self) -> String {
        let container = match self.format.container {
            Container::Csv => "csv",
            Container::Ndjson => "ndjson",
            Container::Json => "json",
            Container::Parquet => "parquet",
            Container::Xlsx => "xlsx",
            Container::Xls => "xls",
        };
        let encoding = match self.format.encoding {
            Encoding::Utf8 => "",
            Encoding::Gb18030 => ", encoding: gb18030",
            Encoding::Utf16 => ", encoding: utf16",
            Encoding::Big5 => ", encoding: big5",
            Encoding::Latin1 => ", encoding: latin1",
        };
        let delimiter = match self.format.delimiter {
            b',' => String::new(),
            b'\t' => ", delimiter: \"\\t\"".to_owned(),
            other => format!(", delimiter: \"{}\"", char::from(other)),
        };
        let escape = match self.format.escape {
            Escape::Double => "",
            Escape::Backslash => ", escape: backslash",
        };
        format!("container: {container}{encoding}{delimiter}{escape}")
    }
}

impl ProposedField {
    /// Whether it makes its dataset one about people.
    fn is_about_people(&self) -> bool {
        match self.identifier {
            IdentifierClass::Direct | IdentifierClass::Quasi => true,
            IdentifierClass::None => self.category.is_some_and(is_category_of_people),
        }
    }
}

fn write_field(out: &mut String, field: &ProposedField) -> std::fmt::Result {
    let name = scalar(&field.name);
    writeln!(out, "  # proposed: {}", field.because)?;
    writeln!(out, "  - name: {name}")?;
    if field.column != field.name {
        writeln!(out, "    column: {}   # proposed", field.column)?;
    }
    writeln!(out, "    label: {{ zh: {name}, en: {} }}   # proposed", scalar(&field.column.replace('_', " ")))?;
    writeln!(out, "    meaning: What it means.   # proposed")?;
    writeln!(out, "    type: {}   # proposed", field.data_type)?;
    if let Some(format) = &field.time_format {
        writeln!(out, "    time_format: {}   # proposed", scalar(format))?;
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
    if field.required {
        writeln!(out, "    rules: [required]   # proposed")?;
    }
    Ok(())
}

/// A text as a YAML scalar, quoted where it would be something else.
fn scalar(text: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | ' ' | '/' | '.');
    let word = text.parse::<f64>().is_err()
        && !["true", "false", "null", "yes", "no", "on", "off", "y", "n"].contains(&text.to_lowercase().as_str());
    let starts = text.starts_with(|c: char| c.is_alphabetic() || c == '_') && !text.ends_with(' ');
    if word && starts && text.chars().all(plain) {
        text.to_owned()
    } else {
        format!("'{}'", one_line(text).replace('\'', "''"))
    }
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
