//! Plan and run: from export files to published tables, every row accounted for.
//!
//! A [`run`] loads what is new, recognises customers, builds the models under the policy, writes down
//! lineage and an audit record, and makes all tables visible in one publication. [`plan()`] says what a
//! run would do; [`check`] compiles everything without data; [`query()`] asks what is published.

mod anomalies;
mod anonymity;
mod apart;
mod arrivals;
mod build;
mod catalogue;
mod check;
mod compile;
mod contract;
mod customers;
mod database;
mod declarative;
mod demands;
mod doctor;
mod drift;
mod error;
mod events;
mod evidence;
mod graph;
mod history;
mod key_place;
mod keys;
mod labels;
mod ledger;
mod load;
mod noise;
mod observe;
mod parallel;
mod people;
mod placed;
mod plan;
mod project;
mod purposes;
pub mod quarantine;
mod query;
pub mod record;
mod references;
mod relations;
mod repeated_files;
mod repeats;
mod retention;
mod row_rules;
mod run;
mod settle;
mod statements;
mod stored_columns;
mod system;
mod tables;
mod thresholds;
mod unread;
mod without_subject;

pub use catalogue::{CatalogueColumn, CatalogueTable, StoredTable, catalogue, describe};
pub use check::{CheckCache, check, check_again};
pub use compile::{CompiledModel, compile};
pub use customers::Customers;
pub use doctor::{Diagnosis, Fixed, Visit, doctor, doctor_on};
pub use drift::undeclared;
pub use error::{PipelineError, TooLittleAnonymity};
pub use evidence::{Acceptance, Evidence, examine as examine_evidence};
pub use key_place::is_key_outside;
pub use keys::{key_path, key_ring};
pub use lakewarden_extract::UndeclaredField;
pub use lakewarden_source::{RemarkKind, Window};
pub use ledger::{DatasetLedger, LedgerLine, LoadedFile, ledger};
pub use observe::{Observer, Silent};
pub use plan::{Action, Plan, Verb, plan};
pub use project::OpenProject;
pub use query::{Asker, Question, query};
pub use repeated_files::RepeatedFiles;
pub use run::{Ran, Request, StopSwitch, Stopped, run, run_on};
pub use thresholds::Crossed;
