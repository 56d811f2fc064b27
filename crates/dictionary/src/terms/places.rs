//! Where something is found: records in a JSON document, a database.

use super::TermError;
use crate::model::{DatabaseAddress, RecordsPath};
use std::fmt;
use std::str::FromStr;

impl FromStr for RecordsPath {
    type Err = TermError;

    /// Parses `$`, `$.data.items` and `$['data']["items"]`: names only, no wildcards, no places in arrays.
    ///
    /// # Errors
    /// [`TermError::RecordsPath`] for anything else.
    fn from_str(text: &str) -> Result<Self, TermError> {
        let wrong = || TermError::RecordsPath(text.to_owned());
        let mut rest = text.trim().strip_prefix('$').ok_or_else(wrong)?;
        let mut steps = Vec::new();
        while !rest.is_empty() {
            let (step, after) = if let Some(name) = rest.strip_prefix('.') {
                name.split_at(name.find(['.', '[']).unwrap_or(name.len()))
            } else {
                let inner = rest.strip_prefix('[').ok_or_else(wrong)?;
                let quote = inner.chars().next().filter(|c| matches!(c, '\'' | '"')).ok_or_else(wrong)?;
                let (name, after) = inner[1..].split_once(quote).ok_or_else(wrong)?;
                (name, after.strip_prefix(']').ok_or_else(wrong)?)
            };
            let bracketed = rest.starts_with('[');
            if step.is_empty() || !bracketed && step.contains(['*', ']', '\'', '"', ' ']) {
                return Err(wrong());
            }
            steps.push(step.to_owned());
            rest = after;
        }
        Ok(Self(steps))
    }
}

impl fmt::Display for RecordsPath {
    /// Writes it as dictionaries do.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("$")?;
        for step in &self.0 {
            if step.contains(['.', '[', ']', '*', '\'', '"', ' ']) {
                write!(f, "[{step:?}]")?;
            } else {
                write!(f, ".{step}")?;
            }
        }
        Ok(())
    }
}

impl FromStr for DatabaseAddress {
    type Err = TermError;

    /// Parses `env:NAME`, `file:PATH` or a URL of a database.
    ///
    /// # Errors
    /// [`TermError::DatabaseAddress`] for anything else.
    fn from_str(text: &str) -> Result<Self, TermError> {
        let sound = |name: &str| {
            name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
                && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        };
        if let Some(name) = text.strip_prefix("env:").filter(|name| sound(name)) {
            return Ok(Self::Environment(name.to_owned()));
        }
        if let Some(path) = text.strip_prefix("file:").filter(|path| !path.is_empty()) {
            return Ok(Self::File(path.to_owned()));
        }
        let known = ["postgres://", "postgresql://", "mysql://", "mariadb://"];
        if known.iter().any(|scheme| text.len() > scheme.len() && text.starts_with(scheme)) {
            return Ok(Self::Url(text.to_owned()));
        }
        Err(TermError::DatabaseAddress)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn paths_are_read_and_written() {
        for (text, steps) in [
            ("$", vec![]),
            ("$.data.items", vec!["data", "items"]),
            ("$['data'][\"a.b\"].c", vec!["data", "a.b", "c"]),
            ("$.数据", vec!["数据"]),
        ] {
            let path: RecordsPath = text.parse().unwrap();
            assert_eq!(path.0, steps, "{text}");
            assert_eq!(path.to_string().parse(), Ok(path), "{text}");
        }
        for text in ["", "data", "$.", "$..a", "$.a[0]", "$.*", "$[*]", "$['a'", "$['a", "$[a]", "$a", "$.a b"] {
            assert_eq!(text.parse::<RecordsPath>(), Err(TermError::RecordsPath(text.to_owned())), "{text}");
        }
    }

    #[test]
    fn passwords_in_addresses_are_seen() {
        let has = |text: &str| text.parse::<DatabaseAddress>().unwrap().has_password();
        for text in [
            "postgres://shop:hunter2@db.example.com/shop",
            "mysql://shop:@db.example.com/shop",
            "postgres://db.example.com/shop?user=a&password=hunter2",
            "postgres://shop:hun/ter2@db.example.com/shop",
            "postgres://db.example.com/shop?PASSWORD=hunter2",
            "postgres://shop:hun?ter2@db.example.com/shop",
        ] {
            assert!(has(text), "{text}");
            assert!(!format!("{:?}", text.parse::<DatabaseAddress>().unwrap()).contains("hun"));
        }
        for text in ["postgres://shop@db.example.com:5432/shop", "env:SHOP", "file:/etc/shop.url", "mysql://db:3306/a"]
        {
            assert!(!has(text), "{text}");
        }
    }
}
