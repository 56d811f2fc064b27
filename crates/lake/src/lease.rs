//! The lease: one writer at a time.
//!
//! Each state of the lease is an object of its own, `_lakewarden/lease/<generation>.json`, put
//! where there is none. The highest generation is the lease; to take, renew or release it is to
//! put the next one. Two that try at once try to put the same object, and the store lets one of
//! them: so the same few lines hold on every store with a create-if-absent, local disks included,
//! and nothing is ever overwritten. Older generations are deleted.

use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};
use object_store::path::Path;
use serde::{Deserialize, Serialize};

use crate::error::LakeError;
use crate::lake::Lake;
use crate::process::LeaseProcess;

/// The right to write to the lake, until it expires.
///
/// Clocks are the callers'. Two machines whose clocks differ by more than a lease's length can
/// both hold it; publications are safe against that by themselves ([`Lake::publish`]).
#[derive(Debug)]
pub struct Lease {
    lake: Lake,
    generation: u64,
    state: State,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct State {
    owner: String,
    acquired: DateTime<Utc>,
    expires: DateTime<Utc>,
    released: bool,
    /// The process that took it, where the system says enough of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    process: Option<LeaseProcess>,
}

impl State {
    /// Whether it keeps others away at `now`.
    fn is_effective(&self, now: DateTime<Utc>) -> bool {
        !self.released && self.expires > now && !self.has_died()
    }

    fn has_died(&self) -> bool {
        self.process.as_ref().is_some_and(LeaseProcess::has_died)
    }
}

/// Whose the lease is, as it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeaseHolder {
    /// Who, in their own words.
    pub owner: String,
    /// When it was taken.
    pub acquired: DateTime<Utc>,
    /// When it ends unless it is renewed.
    pub expires: DateTime<Utc>,
    /// Whether its process is known to have died: then it keeps others away no longer.
    pub died: bool,
}

impl Lake {
    /// Says who has the lease, expired or not. None where nobody ever had it, or it was given back.
    ///
    /// # Errors
    /// `LW5003`, `LW5006`.
    pub async fn lease_holder(&self) -> Result<Option<LeaseHolder>, LakeError> {
        let held = current(self).await?.map(|(_, state)| state).filter(|state| !state.released);
        Ok(held.map(|state| {
            let died = state.has_died();
            let State { owner, acquired, expires, .. } = state;
            LeaseHolder { owner, acquired, expires, died }
        }))
    }

    /// Takes the lease from `now` for `length`, if it is free, it has expired, or its process has died on this machine.
    /// `owner` is shown to others who want it: host, user, process, run. No two have the same.
    ///
    /// # Errors
    /// `LW5050` while somebody holds it; `LW5003`, `LW5006`.
    pub async fn lease(&self, owner: &str, now: DateTime<Utc>, length: TimeDelta) -> Result<Lease, LakeError> {
        self.take_lease(owner, now, length, false).await
    }

    /// Takes the lease whoever holds it. For a person who knows that its holder died: nobody can
    /// tell that from afar. A holder that lives on after all loses the lease (`LW5051`) at its next
    /// [`Lease::renew`] or [`Lease::check`], and a publication that it had begun is completed or
    /// withdrawn by [`Lake::recover`].
    ///
    /// # Errors
    /// `LW5050` where a third one was quicker; `LW5003`, `LW5006`.
    pub async fn take_over_lease(
        &self,
        owner: &str,
        now: DateTime<Utc>,
        length: TimeDelta,
    ) -> Result<Lease, LakeError> {
        self.take_lease(owner, now, length, true).await
    }

    /// Releases the lease of `owner` for it, where it still has it: for the thread that a signal woke while the
    /// owner's own is busy.
    ///
    /// # Errors
    /// `LW5003`, `LW5006`.
    pub async fn release_lease_of(&self, owner: &str) -> Result<(), LakeError> {
        // The owner may renew it meanwhile, a few times at most.
        for _ in 0..5 {
            let Some((generation, state)) = current(self).await? else { return Ok(()) };
            if state.released || state.owner != owner {
                return Ok(());
            }
            match put(self, generation + 1, &State { released: true, ..state }).await {
                Err(LakeError::AlreadyExists { .. }) => {}
                done => return done,
            }
        }
        Ok(())
    }

    async fn take_lease(
        &self,
        owner: &str,
        now: DateTime<Utc>,
        length: TimeDelta,
        over: bool,
    ) -> Result<Lease, LakeError> {
        let process = LeaseProcess::current();
        let state = State { owner: owner.to_owned(), acquired: now, expires: now + length, released: false, process };
        // Once more, where somebody else put the generation that was tried.
        for _ in 0..2 {
            let current = current(self).await?;
            if let Some((_, held)) = &current
                && !over
                && held.is_effective(now)
            {
                return Err(held_by(held));
            }
            let generation = current.map_or(1, |(generation, _)| generation + 1);
            match put(self, generation, &state).await {
                Ok(()) => {
                    return Ok(Lease { lake: self.clone(), generation, state });
                }
                Err(LakeError::AlreadyExists { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        match current(self).await? {
            Some((_, held)) => Err(held_by(&held)),
            None => Err(held_by(&state)),
        }
    }
}

impl Lease {
    /// Returns when the lease ends unless it is renewed.
    pub fn expires(&self) -> DateTime<Utc> {
        self.state.expires
    }

    /// Makes the lease last for `length` from `now`. An expired lease is renewed too, if nobody
    /// took it meanwhile.
    ///
    /// # Errors
    /// `LW5051` where somebody took it; `LW5003`.
    pub async fn renew(&mut self, now: DateTime<Utc>, length: TimeDelta) -> Result<(), LakeError> {
        let state = State { expires: now + length, ..self.state.clone() };
        self.advance(state).await
    }

    /// Checks that nobody took the lease and that it has not expired at `now`; to be called before
    /// anything that cannot be undone.
    ///
    /// # Errors
    /// `LW5051`; `LW5003`, `LW5006`.
    pub async fn check(&self, now: DateTime<Utc>) -> Result<(), LakeError> {
        match current(&self.lake).await? {
            Some((generation, _)) if generation == self.generation && now < self.state.expires => Ok(()),
            _ => Err(self.lost()),
        }
    }

    /// Gives the lease back, so that the next one need not wait until it expires.
    ///
    /// # Errors
    /// `LW5051` where somebody took it; `LW5003`.
    pub async fn release(mut self) -> Result<(), LakeError> {
        let state = State { released: true, ..self.state.clone() };
        self.advance(state).await
    }

    async fn advance(&mut self, state: State) -> Result<(), LakeError> {
        match put(&self.lake, self.generation + 1, &state).await {
            Ok(()) => {
                self.generation += 1;
                self.state = state;
                Ok(())
            }
            Err(LakeError::AlreadyExists { .. }) => Err(self.lost()),
            Err(error) => Err(error),
        }
    }

    fn lost(&self) -> LakeError {
        LakeError::LeaseLost { owner: self.state.owner.clone() }
    }
}

impl fmt::Display for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} until {}", self.state.owner, self.state.expires)
    }
}

fn held_by(state: &State) -> LakeError {
    LakeError::LeaseHeld { owner: state.owner.clone(), expires: state.expires }
}

fn path_of(generation: u64) -> Path {
    Path::from(format!("_lakewarden/lease/{generation:08}.json"))
}

/// Finds the highest generation.
async fn current(lake: &Lake) -> Result<Option<(u64, State)>, LakeError> {
    // A generation may be superseded and deleted between the two calls; then there is a higher one.
    loop {
        let Some(generation) = generations(lake).await?.pop() else {
            return Ok(None);
        };
        let path = path_of(generation);
        if let Some(bytes) = lake.read(&path).await? {
            let state =
                serde_json::from_slice(&bytes).map_err(|_| LakeError::DamagedDocument { path: path.to_string() })?;
            return Ok(Some((generation, state)));
        }
    }
}

async fn generations(lake: &Lake) -> Result<Vec<u64>, LakeError> {
    let objects = lake.list(&Path::from("_lakewarden/lease")).await?;
    let mut generations: Vec<u64> =
        objects.iter().filter_map(|object| object.location.filename()?.strip_suffix(".json")?.parse().ok()).collect();
    generations.sort_unstable();
    Ok(generations)
}

/// Puts a generation and deletes the ones before it.
///
/// A generation may be free because it was superseded and deleted. Then a higher one was there
/// before the put succeeded, and as the highest is never deleted, it is there afterwards.
async fn put(lake: &Lake, generation: u64, state: &State) -> Result<(), LakeError> {
    let path = path_of(generation);
    let bytes = serde_json::to_vec(state).map_err(|_| LakeError::DamagedDocument { path: path.to_string() })?;
    // Owners are told apart by their names: a generation with the same bytes is this one, put already.
    lake.create_own(&path, bytes.into()).await?;
    let there = generations(lake).await?;
    if there.last().is_some_and(|highest| *highest > generation) {
        lake.delete(&path).await?;
        return Err(LakeError::AlreadyExists { path: path.to_string() });
    }
    for old in there.into_iter().filter(|old| *old < generation) {
        lake.delete(&path_of(old)).await?;
    }
    Ok(())
}
