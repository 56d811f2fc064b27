//! What a dataset declares today, against the declarations that its stored rows were stored under.
//!
//! Every load notes in its commit what decides the meaning of its rows ([`StoredDeclaration`]), beside those of the rows
//! that are there already. Where the entry has changed since, a change is harmless, or makes stored rows mean something
//! else: then nothing that is made of them is published or shown until they are loaded again, or the entry says since
//! when it is so.

mod attributes;
mod change;
mod compare;
mod declaration;
mod noted;
mod project;
mod rows;
mod sentences;
mod survey;
#[cfg(test)]
mod tests;

pub use change::{ChangeKind, Decision, DeclarationChange};
pub(crate) use declaration::StoredDeclaration;
pub(crate) use noted::{DECLARATIONS, StoredDeclarations, TREATMENTS, forget_columns};
pub use project::{change_problems, declaration_changes};
pub(crate) use survey::{Survey, refuse};
