//! What a consent log says, one event at a time.

/// What a consent event says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// The data subject agrees.
    Grant,
    /// The data subject takes it back.
    Withdraw,
    /// A browser or device says that its user opts out (Global Privacy Control).
    OptOutSignal,
    /// The data subject demands that data is only stored, for all purposes.
    Restrict,
    /// The demand has ended.
    LiftRestriction,
    /// Nothing yet, such as an opt-in that waits for its confirmation. Consent logs map their own words to it.
    NoEffect,
}

impl Action {
    /// All of them.
    pub const ALL: [Action; 6] = [
        Action::Grant,
        Action::Withdraw,
        Action::OptOutSignal,
        Action::Restrict,
        Action::LiftRestriction,
        Action::NoEffect,
    ];

    /// Reads the word that consent logs have for it.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.word() == word)
    }

    /// The word that consent logs have for it.
    pub fn word(self) -> &'static str {
        match self {
            Action::Grant => "grant",
            Action::Withdraw => "withdraw",
            Action::OptOutSignal => "gpc",
            Action::Restrict => "restrict",
            Action::LiftRestriction => "lift_restriction",
            Action::NoEffect => "no_effect",
        }
    }

    /// Whether it takes a permission away, so that doubt about its time or purpose counts for the data subject.
    pub fn is_refusal(self) -> bool {
        match self {
            Action::Withdraw | Action::OptOutSignal | Action::Restrict => true,
            Action::Grant | Action::LiftRestriction | Action::NoEffect => false,
        }
    }
}

/// Who gave a consent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum GivenBy {
    /// The data subject, or somebody of whom nothing else is known.
    #[default]
    Subject,
    /// Who holds parental responsibility for the data subject.
    Guardian,
}

impl GivenBy {
    /// Reads `guardian`; every other word is no guardian.
    pub fn parse(word: &str) -> Self {
        if word.trim() == "guardian" { Self::Guardian } else { Self::Subject }
    }
}

/// Which events a decision may look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Knowledge {
    /// Those recorded by the book's instant: the decision as it was. For replays, which a project must permit.
    Then,
    /// All of them: every refusal counts, also one that is dated later than the book's instant; a grant counts once
    /// its time has come.
    #[default]
    Now,
}

/// One line of a consent log. Instants are µs UTC.
#[derive(Debug, Clone, Copy)]
pub struct Event<'a> {
    /// Whose it is: the bits of a pseudonym.
    pub pseudonym: u128,
    /// What for, by name or alias; without meaning for restrictions.
    pub purpose: &'a str,
    /// What is said.
    pub action: Action,
    /// When it was said.
    pub at: i64,
    /// When it was written down; `at` if that is not known.
    pub recorded_at: Option<i64>,
    /// From when on a grant no longer counts.
    pub expires_at: Option<i64>,
    /// The privacy notice that was shown.
    pub notice: Option<&'a str>,
    /// Who said it.
    pub given_by: GivenBy,
    /// Whose law applies, by code.
    pub jurisdiction: Option<&'a str>,
}

impl<'a> Event<'a> {
    /// An event of which no more is known.
    pub fn new(pseudonym: u128, purpose: &'a str, action: Action, at: i64) -> Self {
        Self {
            pseudonym,
            purpose,
            action,
            at,
            recorded_at: None,
            expires_at: None,
            notice: None,
            given_by: GivenBy::Subject,
            jurisdiction: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read() {
        for action in Action::ALL {
            assert_eq!(Action::parse(action.word()), Some(action));
        }
        for word in ["", "Grant", "revoke", "optout"] {
            assert_eq!(Action::parse(word), None, "{word}");
        }
        assert_eq!(GivenBy::parse(" guardian "), GivenBy::Guardian);
        for word in ["", "self", "parents", "Guardian?"] {
            assert_eq!(GivenBy::parse(word), GivenBy::Subject, "{word}: what is not understood is no guardian");
        }
    }
}
