//! What is wrong with a lake and its project, and the mending that needs no decision.

mod declarations;
mod fix;
mod keys;
mod space;
mod undeclared;
mod versions;

use crate::error::PipelineError;
use crate::evidence::{self, Acceptance};
use crate::project::OpenProject;
use chrono::{DateTime, TimeDelta, Utc};
use lakewarden_lake::{Checkup, Finding, Health, Lake, Severity};
use lakewarden_privacy::KeyRing;
use serde::Serialize;
use std::path::Path;
use uuid::Uuid;

pub use fix::Fixed;

/// What a visit is asked to do, and the clock, ids and eyes it may use.
pub struct Visit<'a> {
    /// The lake, instead of the project's.
    pub lake: Option<&'a str>,
    /// How old a file has to be that no version names, to be left over rather than just being written.
    pub grace: TimeDelta,
    /// Whether to complete publications and remove left-over files.
    pub fix: bool,
    /// Who accepts what is wrong with the evidence, if it cannot be restored.
    pub accept: Option<Acceptance>,
    /// The clock.
    pub clock: &'a (dyn Fn() -> DateTime<Utc> + Sync),
    /// The visit's id, new for each.
    pub id: Uuid,
    /// Who comes, as shown to others who want the lake meanwhile.
    pub owner: &'a str,
    /// The bytes that are free on a folder's disk; `None` where nobody can tell.
    pub free: &'a (dyn Fn(&Path) -> Option<u64> + Sync),
}

/// What was found, after what could be mended was mended.
#[derive(Debug, Clone, Serialize)]
pub struct Diagnosis {
    /// The lake's address.
    pub lake: String,
    /// Whether nothing was found beyond advice.
    pub healthy: bool,
    /// What was found.
    #[serde(flatten)]
    pub health: Health,
    /// How many findings about the evidence were accepted, if that was asked for.
    pub accepted: Option<u64>,
    /// What was repaired, if that was asked for.
    pub fixed: Option<Fixed>,
}

/// Examines a project's lake. `keys` is what [`crate::key_ring`] gave.
///
/// # Errors
/// Whatever keeps it from examining, or from mending: a store that does not answer, a run under way.
pub async fn doctor(
    open: &OpenProject,
    keys: &Result<KeyRing, PipelineError>,
    visit: &Visit<'_>,
) -> Result<Diagnosis, PipelineError> {
    let lake = Lake::open(&open.lake_url(visit.lake)?)?;
    doctor_on(open, keys, visit, &lake).await
}

/// Examines a lake that the caller has opened.
///
/// # Errors
/// As [`doctor`].
pub async fn doctor_on(
    open: &OpenProject,
    keys: &Result<KeyRing, PipelineError>,
    visit: &Visit<'_>,
    lake: &Lake,
) -> Result<Diagnosis, PipelineError> {
    let accepted = match &visit.accept {
        Some(acceptance) => Some(evidence::accept(lake, acceptance, (visit.clock)()).await?),
        None => None,
    };
    let fixed = match visit.fix {
        true => Some(fix::fix(lake, visit).await?),
        false => None,
    };
    let checkup = Checkup { clock: visit.clock, probe: visit.id, grace: visit.grace };
    let mut health = lake.examine(&checkup).await?;
    if let Some(trail) = health.trail.clone() {
        health.findings.extend(evidence::cross_check(lake, &trail).await?);
        evidence::soften(&mut health.findings, &trail);
    }
    health.findings.extend(project(open));
    health.findings.extend(keys::examine(lake, keys).await?);
    health.findings.extend(declarations::examine(open, lake).await?);
    health.findings.extend(undeclared::examine(open, lake).await?);
    health.findings.extend(versions::examine(lake, open, (visit.clock)()).await?);
    health.findings.extend(space::examine(health.bytes, visit.free));
    health.findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    let healthy = health.findings.iter().all(|finding| finding.severity == Severity::Advice);
    Ok(Diagnosis { lake: lake.url().to_string(), healthy, health, accepted, fixed })
}

/// A project that does not compile cannot run: `check` says why.
fn project(open: &OpenProject) -> Option<Finding> {
    let errors = open.problems.iter().filter(|p| p.severity == lakewarden_dictionary::Severity::Error).count();
    (errors > 0).then(|| Finding {
        code: "LW6001",
        severity: Severity::Error,
        what: format!("the project has {}", crate::error::counted(errors as u64, "problem")),
        at: "lakewarden.yaml, schemas, pipelines".to_owned(),
        mend: "lakewarden check".to_owned(),
        fixable: false,
    })
}

/// A finding that an error of the pipeline tells.
fn told(error: &PipelineError, at: &str) -> Finding {
    Finding {
        code: error.code(),
        severity: Severity::Error,
        what: error.to_string(),
        at: at.to_owned(),
        mend: error.hint().unwrap_or_else(|| "see the page of this code under docs/diagnostics".to_owned()),
        fixable: false,
    }
}
