//! The instant that people are judged at: now, but in a declared replay.

use crate::error::PipelineError;
use crate::record::{ConsentKnown, RunRecord};
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use lakewarden_dictionary::Project;
use lakewarden_policy::Knowledge;

/// When people are judged, and by which consent. `as_of` of a run or query moves data only: whoever chooses it must not
/// choose with it who has withdrawn, how old somebody is or what is still kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Judgement {
    /// The instant that consent, restriction, suppression, age and retention are judged at.
    pub at: DateTime<Utc>,
    /// Which consent events count.
    pub knowledge: Knowledge,
    /// The instant of the data: `as_of()`, and after which dates of consent events are unusual.
    pub as_of: DateTime<Utc>,
}

impl Judgement {
    /// Judges people as of now. `as_of` is the instant of the data.
    pub fn current(as_of: DateTime<Utc>, now: DateTime<Utc>) -> Self {
        Self { at: now, knowledge: Knowledge::Now, as_of }
    }

    /// Judges people as of now; or, if the consent known at a past instant is asked for, as of then, where the project
    /// permits replays for each of the purposes.
    ///
    /// # Errors
    /// [`PipelineError::ReplayNotPermitted`].
    pub fn decide<'p>(
        project: &Project,
        asked: Knowledge,
        as_of: DateTime<Utc>,
        now: DateTime<Utc>,
        purposes: impl IntoIterator<Item = &'p str>,
    ) -> Result<Self, PipelineError> {
        match asked {
            Knowledge::Then if as_of < now => {
                let permitted = || project.settings.replay_purposes.iter().map(|p| p.value.as_str());
                let refused = |purpose: &str| PipelineError::ReplayNotPermitted {
                    purpose: purpose.to_owned(),
                    permitted: permitted().map(str::to_owned).collect(),
                };
                let mut none = true;
                for purpose in purposes {
                    none = false;
                    let ancestry = project.purposes.ancestry(purpose);
                    if !permitted().any(|permitted| ancestry.contains(&permitted)) {
                        return Err(refused(purpose));
                    }
                }
                if none && permitted().next().is_none() {
                    return Err(refused("any"));
                }
                Ok(Self { at: as_of, knowledge: Knowledge::Then, as_of })
            }
            // What is known by now is all that can be known of an instant to come.
            Knowledge::Then | Knowledge::Now => Ok(Self::current(as_of, now)),
        }
    }

    /// The judgement of a run, as its record tells it.
    pub fn of_record(as_of: DateTime<Utc>, judged_at: Option<DateTime<Utc>>, consent: ConsentKnown) -> Self {
        Self { at: judged_at.unwrap_or(as_of), knowledge: consent.into(), as_of }
    }

    /// Whether people are judged as they had consented at an earlier instant.
    pub fn is_replay(&self) -> bool {
        match self.knowledge {
            Knowledge::Then => true,
            Knowledge::Now => false,
        }
    }

    /// Whether a run judged people on the day of `now` by the clock of `zone`: what ends by itself (consent, retention,
    /// childhood) is looked at again each day.
    pub(crate) fn is_same_day(run: &RunRecord, now: DateTime<Utc>, zone: Tz) -> bool {
        let day = |instant: DateTime<Utc>| instant.with_timezone(&zone).date_naive();
        day(run.judged_at.unwrap_or(run.as_of)) == day(now)
    }

    /// When people were judged, if not at the instant of the data.
    pub fn judged_at(&self) -> Option<DateTime<Utc>> {
        Some(self.at).filter(|at| *at != self.as_of)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use lakewarden_dictionary::{SourceFile, load};

    fn at(text: &str) -> DateTime<Utc> {
        format!("{text}T00:00:00Z").parse().unwrap()
    }

    fn project(replays: &str) -> Project {
        let settings = format!("project: shop\ntime_zone: UTC\n{replays}");
        let purpose = |name: &str, more: &str| {
            format!("  {name}:\n    label: {{ zh: 用途, en: Purpose }}\n    meaning: What for.\n{more}")
        };
        let purposes = format!(
            "purposes:\n{}{}{}",
            purpose("compliance", ""),
            purpose("audit", "    parent: compliance\n"),
            purpose("analytics", "")
        );
        let files = [("lakewarden.yaml", settings), ("schemas/purposes.yaml", purposes)];
        let files: Vec<_> =
            files.into_iter().map(|(path, text)| SourceFile { path: path.into(), text: text.into() }).collect();
        load(&files).project
    }

    #[test]
    fn people_are_judged_as_of_now_whatever_instant_is_asked_for() {
        let project = project("replay_purposes: [compliance]\n");
        let now = at("2026-10-01");
        for as_of in ["2026-01-01", "2026-10-01", "2040-01-01"] {
            let judged = Judgement::decide(&project, Knowledge::Now, at(as_of), now, ["analytics"]).unwrap();
            assert_eq!((judged.at, judged.is_replay(), judged.as_of), (now, false, at(as_of)));
        }
        let future = Judgement::decide(&project, Knowledge::Then, at("2040-01-01"), now, ["analytics"]).unwrap();
        assert_eq!((future.at, future.is_replay()), (now, false), "no purpose is replayed in the future");
    }

    #[test]
    fn a_replay_needs_the_project_s_permission_for_each_purpose() {
        let now = at("2026-10-01");
        let decide = |replays: &str, purposes: &[&str]| {
            let purposes = purposes.iter().copied();
            Judgement::decide(&project(replays), Knowledge::Then, at("2026-01-01"), now, purposes)
        };
        let listed = "replay_purposes: [compliance]\n";
        let judged = decide(listed, &["compliance", "audit"]).unwrap();
        assert_eq!((judged.at, judged.is_replay()), (at("2026-01-01"), true));
        for (replays, purposes) in
            [("", &["compliance"][..]), (listed, &["analytics"][..]), (listed, &["audit", "analytics"][..]), ("", &[])]
        {
            let refused = decide(replays, purposes).unwrap_err();
            assert!(matches!(refused, PipelineError::ReplayNotPermitted { .. }), "{refused}");
            assert_eq!((refused.code(), refused.is_refusal()), ("LW6058", true));
        }
    }
}
