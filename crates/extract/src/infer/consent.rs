//! Columns that say what people agreed to, and files that are a log of it.

use super::answer::{Answer, quoted_placeholder};
use super::meanings::{self, Meaning};
use super::propose::{Proposal, ProposedField};
use super::types::Column;
use super::yaml::scalar;
use lakewarden_dictionary::DatasetRole;

/// Names of the columns that a log of consent has.
const PURPOSES: [&str; 5] = ["purpose", "purposes", "purpose_id", "目的", "用途"];
const ACTIONS: [&str; 8] = ["action", "event", "decision", "consent_action", "consent_status", "动作", "操作", "状态"];
const KINDS: [&str; 5] = ["id_type", "identifier_type", "idtype", "标识类型", "id类型"];

/// Declares a log of consent as one; says of other consent columns what has to be declared.
pub(super) fn declare(proposal: &mut Proposal, guesses: &[Option<Meaning>], columns: &[Column<'_>]) {
    if let Some(log) = Log::find(proposal, guesses) {
        log.declare(proposal, columns);
        return;
    }
    let is_consent = |(field, guess): &(&ProposedField, &Option<Meaning>)| {
        **guess == Some(Meaning::Consent) || meanings::is_about_consent(&field.name)
    };
    let of_consent: Vec<String> =
        proposal.fields.iter().zip(guesses).filter(is_consent).map(|(field, _)| field.column.clone()).collect();
    if of_consent.is_empty() {
        return;
    }
    proposal.notes.push(format!(
        "consent: {} say what people agreed to, and are kept as attributes only. The engine decides by a dataset with \
         `role: consent_log`, one record for each grant and withdrawal: identifier, its kind, purpose, action, time. \
         Export one, or no purpose of people may rest on consent",
        of_consent.join(", ")
    ));
}

/// The columns of a log of consent, by place.
struct Log {
    kind: usize,
    token: usize,
    purpose: usize,
    action: usize,
    at: usize,
}

impl Log {
    fn find(proposal: &Proposal, guesses: &[Option<Meaning>]) -> Option<Self> {
        let named = |names: &[&str]| {
            proposal.fields.iter().position(|field| names.contains(&field.name.to_lowercase().as_str()))
        };
        let log = Self {
            kind: named(&KINDS)?,
            token: proposal.fields.iter().position(|field| field.treatment.contains("by_field"))?,
            purpose: named(&PURPOSES)?,
            action: named(&ACTIONS)?,
            at: guesses.iter().position(|guess| *guess == Some(Meaning::EventTime))?,
        };
        let mut places = vec![log.kind, log.token, log.purpose, log.action, log.at];
        places.sort_unstable();
        places.dedup();
        (places.len() == 5).then_some(log)
    }

    fn declare(&self, proposal: &mut Proposal, columns: &[Column<'_>]) {
        proposal.role = DatasetRole::ConsentLog;
        let names = [
            (self.kind, "id_type"),
            (self.token, "id_token"),
            (self.purpose, "purpose"),
            (self.action, "action"),
            (self.at, "at"),
        ];
        for (place, column) in names {
            proposal.fields[place].column = column.to_owned();
        }
        proposal.fields[self.token].treatment = "{ pseudonymise: { by_field: id_type } }".to_owned();
        proposal.event_time = Some("at".to_owned());
        // Records that agree in these say the same.
        proposal.key = names.iter().map(|(_, column)| (*column).to_owned()).collect();
        proposal.notes.retain(|note| !note.starts_with("no key"));
        // Whatever is not a grant is heard as it is; what is not understood must not be lost.
        for (place, codes, all) in [
            // The domains of identifiers are the codes of this map.
            (self.kind, "the domain of identifiers that it stands for", true),
            (self.action, "grant, withdraw, gpc, restrict or lift_restriction", false),
        ] {
            proposal.fields[place].map = map(&columns[place], codes, all);
        }
        for place in [self.kind, self.purpose, self.action] {
            let field = &mut proposal.fields[place];
            field.treatment = "keep".to_owned();
            field.identifier = lakewarden_dictionary::IdentifierClass::None;
            field.category = Some(if place == self.kind { "user.unique_id" } else { "user.privacy_preferences" });
        }
        proposal.notes.push(
            "a log of consent: each record is heard as a grant, a withdrawal or a restriction; what cannot be read is \
             heard as a withdrawal"
                .to_owned(),
        );
    }
}

/// The words of a column that are other spellings of a code, with the code, or `all`; a question for those that are none.
fn map(column: &Column<'_>, codes: &str, all: bool) -> Option<Answer> {
    let (words, share) = column.profile.consent_words();
    let entries: Vec<String> = words
        .iter()
        .filter(|(word, code)| all || word != code)
        .map(|(word, code)| format!("{}: {}", scalar(word), scalar(code)))
        .collect();
    let known = (!entries.is_empty()).then(|| format!("{{ {} }}", entries.join(", ")));
    if share > 0.99 {
        return known.map(Answer::found);
    }
    let question = format!(
        "{}: {}",
        quoted_placeholder("a word of the export that is none of the engine's"),
        quoted_placeholder(&format!("{codes}; where all words are, remove the pair"))
    );
    let pairs = entries.iter().cloned().chain([question]).collect::<Vec<_>>().join(", ");
    Some(Answer { written: format!("{{ {pairs} }}"), assumed: known.unwrap_or_default() })
}
