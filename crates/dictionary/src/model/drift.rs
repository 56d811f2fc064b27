//! What a dataset's entry says of exports that are not quite as declared.

use super::terms::Names;
use crate::diagnostic::Span;

/// The contract of a dataset against drift: what becomes of a file that holds fields which nobody declared.
#[derive(Debug, Clone, Default)]
pub struct Drift {
    /// What a run does about a file with undeclared fields.
    pub undeclared: UndeclaredFields,
    /// Undeclared fields that are known and left out on purpose: they are counted, and neither refused nor held.
    pub ignored: Names,
    /// Where the entry says that it is a proposal nobody has reviewed, if it does.
    pub proposed: Option<Span>,
}

impl Drift {
    /// Whether a field of this name is left out on purpose.
    pub fn ignores(&self, name: &str) -> bool {
        self.ignored.iter().any(|known| known.value == name)
    }
}

/// What a run does about a file that holds a field which is neither declared nor ignored by name. Whatever it does, the
/// field's values are not stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum UndeclaredFields {
    /// It loads the declared fields and counts the others.
    #[default]
    Ignore,
    /// It loads the other files; this one waits until its fields are declared or ignored by name.
    Review,
    /// It is refused.
    Refuse,
}
