//! Jobs side by side, each once those it waits for are done.

use crate::error::PipelineError;
use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

/// How often the coordinator is given the word while nothing ends.
const TICK: Duration = Duration::from_secs(60);

/// A set of jobs, by number, as the coordinating thread sees them.
pub trait Jobs {
    /// What a job is given when it starts.
    type Input: Send;
    /// What it gives when it ends.
    type Output: Send;

    /// The numbers of the jobs that this one waits for; all smaller or larger, but never in a circle.
    fn needs(&self, job: usize) -> &[usize];

    /// Prepares a job whose needs are done.
    ///
    /// # Errors
    /// Whatever keeps it from starting.
    fn start(&mut self, job: usize) -> Result<Self::Input, PipelineError>;

    /// Takes what a job made. Called for every job that ended well, even after another has failed.
    ///
    /// # Errors
    /// Whatever is wrong with it.
    fn end(&mut self, job: usize, output: Self::Output) -> Result<(), PipelineError>;

    /// Called about once a minute while jobs run, and before each starts.
    ///
    /// # Errors
    /// Whatever keeps the whole from going on.
    fn alive(&mut self) -> Result<(), PipelineError>;
}

/// Runs jobs `0..count` on up to `width` threads of their own. `start`, `end` and `alive` are called on the
/// caller's thread; of jobs that could start, the one with the smallest number does.
///
/// # Errors
/// The first error; no job starts after it, and those that run are waited for.
pub fn run_all<J: Jobs>(
    jobs: &mut J,
    count: usize,
    width: usize,
    work: impl Fn(usize, J::Input) -> Result<J::Output, PipelineError> + Sync,
) -> Result<(), PipelineError> {
    let mut waiting: Vec<usize> = (0..count).collect();
    let mut done = vec![false; count];
    let mut failure: Option<PipelineError> = None;
    let mut running = 0;
    let (tell, told) = channel();
    std::thread::scope(|scope| {
        loop {
            while failure.is_none() && running < width.max(1) {
                let Some(at) = waiting.iter().position(|job| jobs.needs(*job).iter().all(|need| done[*need])) else {
                    break;
                };
                let job = waiting.remove(at);
                match jobs.alive().and_then(|()| jobs.start(job)) {
                    Ok(input) => {
                        let (tell, work) = (tell.clone(), &work);
                        scope.spawn(move || {
                            let made = catch_unwind(AssertUnwindSafe(|| work(job, input)));
                            // The coordinator listens until every job has told.
                            let _ = tell.send((job, made.unwrap_or(Err(PipelineError::Worker))));
                        });
                        running += 1;
                    }
                    Err(error) => failure = Some(error),
                }
            }
            if running == 0 {
                break;
            }
            let ended = match told.recv_timeout(TICK) {
                Ok((job, made)) => {
                    running -= 1;
                    made.and_then(|output| jobs.end(job, output)).map(|()| done[job] = true)
                }
                Err(RecvTimeoutError::Timeout) => jobs.alive(),
                Err(RecvTimeoutError::Disconnected) => Err(PipelineError::Worker),
            };
            if let Err(error) = ended {
                failure.get_or_insert(error);
            }
        }
    });
    match failure {
        Some(error) => Err(error),
        // Jobs in a circle never start; the caller's order of models has none.
        None if !waiting.is_empty() => Err(PipelineError::Worker),
        None => Ok(()),
    }
}

/// Does `0..count` on as many threads as the machine has cores, and gives the results in order.
pub fn side_by_side<T: Send>(count: usize, work: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let cores = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    if cores.min(count) <= 1 {
        return (0..count).map(work).collect();
    }
    let next = AtomicUsize::new(0);
    let take = || std::iter::from_fn(|| Some(next.fetch_add(1, Ordering::Relaxed)).filter(|at| *at < count));
    let mut done: Vec<(usize, T)> = std::thread::scope(|scope| {
        let work = &work;
        let threads: Vec<_> = (0..cores.min(count))
            .map(|_| scope.spawn(move || take().map(|at| (at, work(at))).collect::<Vec<_>>()))
            .collect();
        // A panic goes on in the caller.
        threads.into_iter().flat_map(|t| t.join().unwrap_or_else(|panic| resume_unwind(panic))).collect()
    });
    done.sort_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, made)| made).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Barrier;

    #[derive(Default)]
    struct Recorded {
        needs: Vec<Vec<usize>>,
        started: Vec<usize>,
        ended: Vec<usize>,
    }

    impl Jobs for Recorded {
        type Input = ();
        type Output = usize;

        fn needs(&self, job: usize) -> &[usize] {
            &self.needs[job]
        }

        fn start(&mut self, job: usize) -> Result<(), PipelineError> {
            self.started.push(job);
            Ok(())
        }

        fn end(&mut self, job: usize, output: usize) -> Result<(), PipelineError> {
            assert_eq!(output, job * 10);
            self.ended.push(job);
            Ok(())
        }

        fn alive(&mut self) -> Result<(), PipelineError> {
            Ok(())
        }
    }

    fn jobs(needs: &[&[usize]]) -> Recorded {
        Recorded { needs: needs.iter().map(|n| n.to_vec()).collect(), ..Recorded::default() }
    }

    #[test]
    fn a_job_starts_after_those_it_needs() {
        let mut jobs = jobs(&[&[3], &[], &[0, 1], &[]]);
        assert!(run_all(&mut jobs, 4, 3, |job, ()| Ok(job * 10)).is_ok());
        let at = |job: usize| jobs.started.iter().position(|j| *j == job);
        assert!(at(3) < at(0) && at(0) < at(2) && at(1) < at(2), "{:?}", jobs.started);
        assert_eq!(jobs.ended.len(), 4);
    }

    #[test]
    fn as_many_run_at_once_as_are_let() {
        let barrier = Barrier::new(2);
        let mut pair = jobs(&[&[], &[]]);
        // Neither passes the barrier without the other.
        let work = |job: usize, ()| {
            barrier.wait();
            Ok(job * 10)
        };
        assert!(run_all(&mut pair, 2, 2, work).is_ok());
        let mut one = jobs(&[&[], &[], &[]]);
        assert!(run_all(&mut one, 3, 1, |job, ()| Ok(job * 10)).is_ok());
        assert_eq!(one.ended, [0, 1, 2]);
    }

    #[test]
    fn nothing_starts_after_a_failure_or_a_panic() {
        for dies in [false, true] {
            let mut jobs = jobs(&[&[], &[0], &[]]);
            let work = |job: usize, ()| match job {
                0 if dies => panic!("as planned"),
                0 => Err(PipelineError::Worker),
                _ => Ok(job * 10),
            };
            assert!(matches!(run_all(&mut jobs, 3, 1, work), Err(PipelineError::Worker)));
            assert_eq!((jobs.started.as_slice(), jobs.ended.as_slice()), (&[0][..], &[][..]));
        }
    }

    #[test]
    fn results_come_in_order() {
        for count in [0, 1, 2, 100] {
            assert_eq!(side_by_side(count, |at| at * 2), (0..count).map(|at| at * 2).collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_circle_is_an_error_and_not_a_wait() {
        let mut jobs = jobs(&[&[1], &[0]]);
        assert!(run_all(&mut jobs, 2, 2, |job, ()| Ok(job * 10)).is_err());
    }
}
