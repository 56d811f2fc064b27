//! A draft as a file of the dictionary.

use super::{ContractDraft, DraftColumn};
use lakewarden_dictionary::{IdentifierClass, placeholder};
use std::fmt::Write;

const PERIOD: &str = "the span of time it counts over, such as lifetime, P12M, calendar_month, as_of";
const BASES: &str = "consent, contract, legal_obligation, vital_interests, public_interest or legitimate_interests";

impl ContractDraft {
    /// Writes the entry down, with placeholders for what only a person can say.
    pub fn to_yaml(&self) -> String {
        let mut out = String::new();
        // Writing into a `String` does not fail.
        let _ = self.write(&mut out);
        out
    }

    fn write(&self, out: &mut String) -> std::fmt::Result {
        let name = &self.table;
        writeln!(
            out,
            "# Drafted from pipelines/{}/models/{name}.sql: types, labels and units are those of its plan and",
            self.pipeline
        )?;
        writeln!(out, "# of what it reads. Write what is meant instead of each `<fill in: …>`.")?;
        for note in &self.notes {
            writeln!(out, "# {note}")?;
        }
        writeln!(out, "table: {}", scalar(name))?;
        writeln!(out, "label: {{ zh: {}, en: {} }}", ask("what people call it, in Chinese"), scalar(&words(name)))?;
        writeln!(out, "meaning: {}", ask("what one row means"))?;
        writeln!(out, "owner: {}", ask("who answers for it"))?;
        writeln!(out, "update_frequency: {}", ask("how often it is rebuilt, such as daily"))?;
        match self.purposes.as_slice() {
            [only] => writeln!(out, "purpose: {}   # the only one that all it reads may serve", scalar(only))?,
            several => writeln!(out, "purpose: {}", ask(&format!("what it is for: {}", several.join(", "))))?,
        }
        match self.lawful_basis {
            Some(basis) => writeln!(out, "lawful_basis: {}   # of what it is made of", basis.name())?,
            None if self.several_bases => {
                writeln!(
                    out,
                    "lawful_basis: {}",
                    ask(&format!("{BASES}; or remove the line: the strictest of what it is made of"))
                )?;
            }
            None => {}
        }
        match self.grain.as_slice() {
            [] => writeln!(out, "grain: [{}]", ask("the columns that together name a row"))?,
            grain => writeln!(out, "grain: [{}]", grain.iter().map(|c| scalar(c)).collect::<Vec<_>>().join(", "))?,
        }
        if let Some(subject) = &self.subject {
            writeln!(out, "subject: {}", scalar(subject))?;
        }
        if self.over_people {
            writeln!(out, "# minimum_subjects: how many people have to stand behind each row; absent: the project's")?;
        }
        if let Some(retention) = self.retention {
            writeln!(out, "retention: {retention}   # no longer than what it is made of")?;
        }
        writeln!(out, "columns:")?;
        self.columns.iter().try_for_each(|column| write_column(out, column))
    }
}

fn write_column(out: &mut String, column: &DraftColumn) -> std::fmt::Result {
    for note in &column.notes {
        writeln!(out, "  # {note}")?;
    }
    writeln!(out, "  - name: {}", scalar(&column.name))?;
    match &column.label {
        Some(label) => writeln!(out, "    label: {{ zh: {}, en: {} }}", scalar(&label.zh), scalar(&label.en))?,
        None => {
            let english = scalar(&words(&column.name));
            writeln!(out, "    label: {{ zh: {}, en: {english} }}", ask("what people call it, in Chinese"))?;
        }
    }
    match &column.meaning {
        Some(meaning) => writeln!(out, "    meaning: {}", scalar(meaning))?,
        None => writeln!(out, "    meaning: {}", ask("what it means, formula included"))?,
    }
    match (column.data_type, &column.plan_type) {
        (Some(data_type), _) => writeln!(out, "    type: {data_type}")?,
        (None, plan_type) => {
            let given = plan_type.as_deref().unwrap_or("of another type");
            writeln!(
                out,
                "    type: {}",
                ask(&format!("the plan gives {given}; CAST it in the SELECT to a type of the dictionary"))
            )?;
        }
    }
    if let Some(unit) = &column.unit {
        writeln!(out, "    unit: {}", scalar(unit))?;
    }
    let class = match column.identifier {
        IdentifierClass::None => "none",
        IdentifierClass::Quasi => "quasi",
        IdentifierClass::Direct => "direct",
    };
    writeln!(out, "    identifier: {class}")?;
    if column.pseudonym {
        writeln!(out, "    pseudonym: true")?;
    }
    match &column.category {
        Some(category) => writeln!(out, "    category: {}", scalar(category))?,
        None if column.identifier != IdentifierClass::None => {
            writeln!(out, "    category: {}", ask("what it says of people, such as user.contact.address"))?;
        }
        None => {}
    }
    if !column.sources.is_empty() {
        writeln!(out, "    source: {}", scalar(&column.sources.join("; ")))?;
    }
    match &column.statistical_period {
        Some(period) => writeln!(out, "    statistical_period: {}", scalar(period))?,
        None if column.needs_period => writeln!(out, "    statistical_period: {}", ask(PERIOD))?,
        None => {}
    }
    if column.required {
        writeln!(out, "    tests: [required]")?;
    }
    Ok(())
}

fn ask(question: &str) -> String {
    format!("'{}'", placeholder(question).replace('\'', "''"))
}

/// A name as words: `last_order_on` is `Last order on`.
fn words(name: &str) -> String {
    let text = name.replace('_', " ");
    let mut characters = text.chars();
    characters.next().map(|first| first.to_uppercase().chain(characters).collect()).unwrap_or_default()
}

/// A text as a YAML scalar that is valid inside braces as well.
fn scalar(text: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "_-./ ".contains(c);
    let starts = text.starts_with(char::is_alphabetic) && !text.ends_with(' ');
    let word = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"].contains(&text.to_lowercase().as_str());
    if starts && !word && text.chars().all(plain) {
        return text.to_owned();
    }
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    format!("'{}'", line.replace('\'', "''"))
}
