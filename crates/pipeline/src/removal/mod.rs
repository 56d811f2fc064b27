//! What the policy no longer lets the lake keep, removed from the tables of a dataset: rows past their retention, and
//! columns that the dictionary no longer stores.
//!
//! A gate withholds such rows and hides such columns at once. Here the files that hold them are written again without
//! them, in the run's publication; [`crate::vacuum`] then removes the versions that still have them.

mod due;
mod ended;
mod rewrite;

pub(crate) use due::DueRemoval;
