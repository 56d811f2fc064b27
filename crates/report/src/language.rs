//! The two languages a report is written in.

use serde::{Deserialize, Serialize};

/// A language of the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Language {
    /// Simplified Chinese.
    Chinese,
    /// English.
    #[default]
    English,
}

impl Language {
    /// Both, in the order in which the switch shows them.
    pub const ALL: [Self; 2] = [Self::Chinese, Self::English];

    /// Gives the BCP 47 tag.
    pub fn tag(self) -> &'static str {
        match self {
            Self::Chinese => "zh-CN",
            Self::English => "en",
        }
    }

    /// Gives the short name used in ids and classes of the file.
    pub(crate) fn short(self) -> &'static str {
        match self {
            Self::Chinese => "zh",
            Self::English => "en",
        }
    }
}

/// What people call a thing, in both languages. An empty text falls back to the other one.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Label {
    /// Chinese.
    pub zh: String,
    /// English.
    pub en: String,
}

impl Label {
    /// Makes a label.
    pub fn new(zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self { zh: zh.into(), en: en.into() }
    }

    /// Says the label in `language`, else in the other one, else says `name`.
    pub fn say<'a>(&'a self, language: Language, name: &'a str) -> &'a str {
        let (first, second) = match language {
            Language::Chinese => (&self.zh, &self.en),
            Language::English => (&self.en, &self.zh),
        };
        [first, second].into_iter().find(|t| !t.trim().is_empty()).map_or(name, String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_falls_back_to_the_other_language_and_then_to_the_name() {
        assert_eq!(Label::new("门店", "Shop").say(Language::English, "pos"), "Shop");
        assert_eq!(Label::new("门店", " ").say(Language::English, "pos"), "门店");
        assert_eq!(Label::default().say(Language::Chinese, "pos"), "pos");
    }
}
