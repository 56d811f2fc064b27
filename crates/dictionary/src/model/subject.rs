//! Whom the rows of a dataset are about.

use serde::Serialize;

/// What a dataset declares of its data subjects (`subject:`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DatasetSubject {
    /// Rows that are about people name them by a pseudonym.
    #[default]
    Pseudonym,
    /// Rows are about people and name none of them.
    None,
}

/// Whom the rows of a dataset are about, and how that is known. What decides about privacy matches on every variant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subjects {
    /// Rows are not about people: no declared field is.
    NotPersonal,
    /// Rows are about people and name them by pseudonyms, which the policy's gate resolves.
    Pseudonymous,
    /// Rows are about people and name none of them: the entry declares it with `subject: none`, or serves legal obligations
    /// only, which no statement of a person affects. Purposes and retention apply; consent, restrictions and suppression
    /// lists have no row to apply to.
    Unresolvable,
    /// Rows are about people, hold no pseudonym, and the entry says nothing of it. Such a dataset does not compile
    /// (`LW1200`) and may not be read.
    Undeclared,
}

/// The part of the fideslang taxonomy that is about people.
const PEOPLE: &str = "user";

/// Whether a data category is about people: `user` or a category below it.
pub fn is_category_of_people(category: &str) -> bool {
    category.strip_prefix(PEOPLE).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

#[cfg(test)]
mod tests {
    use super::is_category_of_people;

    #[test]
    fn user_and_all_below_it_are_people() {
        for category in ["user", "user.name", "user.health_and_medical", "user.demographic.date_of_birth"] {
            assert!(is_category_of_people(category), "{category}");
        }
        for category in ["", "system", "system.operations", "users", "username", "system.user"] {
            assert!(!is_category_of_people(category), "{category}");
        }
    }
}
