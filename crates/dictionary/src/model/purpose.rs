//! `schemas/purposes.yaml`: what data may be used for, and where consent is needed.

use super::terms::*;
use crate::diagnostic::{Span, Spanned};

/// The purposes and jurisdictions of a project.
#[derive(Debug, Clone, Default)]
pub struct Purposes {
    /// The tree of purposes, parents before children.
    pub purposes: Vec<Purpose>,
    /// Jurisdictions and what absence of consent means there.
    pub jurisdictions: Vec<Jurisdiction>,
}

/// One purpose.
#[derive(Debug, Clone)]
pub struct Purpose {
    /// Its name, as consent logs and `--purpose` say it.
    pub name: Spanned<String>,
    /// What people call it.
    pub label: Label,
    /// What is done under it.
    pub meaning: String,
    /// The purpose it is part of: a withdrawal there holds here too.
    pub parent: Option<Spanned<String>>,
    /// fideslang data use, e.g. `marketing.advertising`.
    pub data_use: Option<String>,
    /// Other spellings in consent logs.
    pub aliases: Vec<String>,
    /// How long a consent to it or to a part of it counts, from when it was given.
    pub valid_for: Option<Spanned<Period>>,
    /// The oldest privacy notice under which a consent to it or to a part of it counts.
    pub min_notice: Option<Spanned<NoticeVersion>>,
    /// Whether an opt-out signal of a browser or device (Global Privacy Control) withdraws it.
    pub opt_out_signal: bool,
    /// Where it is declared.
    pub span: Span,
}

/// One jurisdiction.
#[derive(Debug, Clone)]
pub struct Jurisdiction {
    /// Its code in consent logs (`CN`, `EU`, `US-CA`).
    pub code: Spanned<String>,
    /// What people call it.
    pub label: Label,
    /// The law (`PIPL`, `GDPR`, `CCPA`).
    pub regulation: String,
    /// What absence of a consent event means.
    pub default: ConsentDefault,
    /// Age in whole years under which only a guardian's consent counts.
    pub guardian_below: Option<u32>,
    /// Age in whole years under which absence is refusal, whatever `default` says.
    pub opt_in_below: Option<u32>,
}

/// A version of a privacy notice: the numbers in its name, from left to right (`v2.1`, `2026-03`, `3`).
/// At most four; those that are absent count as 0, so that `2` and `2.0` are one version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NoticeVersion(pub [u32; 4]);

/// What the absence of any consent event means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ConsentDefault {
    /// Refusal until granted.
    OptIn,
    /// Permission until withdrawn.
    OptOut,
}

impl Purposes {
    /// Finds a purpose by name or alias.
    pub fn find(&self, name: &str) -> Option<&Purpose> {
        self.purposes.iter().find(|p| p.name.value == name || p.aliases.iter().any(|a| a == name))
    }

    /// The purpose and all it is part of, nearest first.
    pub fn ancestry<'a>(&'a self, name: &str) -> Vec<&'a str> {
        let mut found = Vec::new();
        let mut next = self.find(name);
        while let Some(purpose) = next {
            if found.contains(&purpose.name.value.as_str()) {
                break;
            }
            found.push(purpose.name.value.as_str());
            next = purpose.parent.as_ref().and_then(|p| self.find(&p.value));
        }
        found
    }
}
