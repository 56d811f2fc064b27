//! The lake's own records: audit log, lease, and publications that were not completed.

use chrono::{DateTime, Utc};

use std::sync::Arc;

use super::{Finding, Health, Severity, found};
use crate::error::LakeError;
use crate::lake::Lake;
use crate::lease::LeaseHolder;
use crate::publish::PendingPublication;

impl Lake {
    pub(super) async fn examine_records(&self, now: DateTime<Utc>, health: &mut Health) -> Result<(), LakeError> {
        let trail = self.audit().examine(None).await?;
        health.findings.extend(trail.problems.iter().map(|problem| Finding::of(problem, "_lakewarden/audit")));
        health.audit = trail.problems.is_empty().then(|| trail.head.clone());
        health.trail = Some(Arc::new(trail));
        match self.lease_holder().await {
            Ok(holder) => health.findings.extend(holder.map(|holder| held(holder, now))),
            Err(error) => health.findings.push(damaged_lease(error)?),
        }
        for id in self.pending_ids().await? {
            let path = format!("_lakewarden/publication/{id}.json");
            match self.pending(id).await {
                Ok(pending) => health.findings.extend(pending.map(|pending| unfinished(pending, path))),
                Err(error) => health.findings.push(found(error, path)?),
            }
        }
        Ok(())
    }
}

fn held(holder: LeaseHolder, now: DateTime<Utc>) -> Finding {
    let LeaseHolder { owner, acquired, expires, died } = holder;
    let at = "_lakewarden/lease".to_owned();
    if expires > now && !died {
        return Finding {
            code: "LW5050",
            severity: Severity::Advice,
            what: format!("{owner} writes to the lake since {acquired}, until {expires} unless it goes on"),
            at,
            mend: "wait for it; if it was killed: lakewarden run --take-over".to_owned(),
            fixable: false,
        };
    }
    Finding {
        code: "LW5050",
        severity: Severity::Warning,
        what: format!("{owner} died while it wrote to the lake; its lease of {acquired} keeps others away no longer"),
        at,
        mend: "lakewarden run, or lakewarden doctor --fix".to_owned(),
        fixable: true,
    }
}

fn damaged_lease(error: LakeError) -> Result<Finding, LakeError> {
    let path = match &error {
        LakeError::DamagedDocument { path } => path.clone(),
        _ => "_lakewarden/lease".to_owned(),
    };
    let mend = format!("if no run is under way, delete {path} from the lake");
    Ok(Finding { mend, ..found(error, path)? })
}

fn unfinished(pending: PendingPublication, at: String) -> Finding {
    let PendingPublication { id, at: decided, tables, visible, completes } = pending;
    let what = match (completes, visible) {
        (true, 0) => format!("publication {id} of {decided} is decided and not begun"),
        (true, some) => format!("publication {id} of {decided} shows in {some} of {} tables", tables.len()),
        (false, _) => {
            format!(
                "publication {id} of {decided} no longer fits its tables ({}) and will be withdrawn",
                tables.join(", ")
            )
        }
    };
    Finding {
        code: "LW5042",
        severity: if visible > 0 { Severity::Error } else { Severity::Warning },
        what,
        at,
        mend: "lakewarden run, or lakewarden doctor --fix".to_owned(),
        fixable: true,
    }
}
