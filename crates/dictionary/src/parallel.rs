//! The same work on many items, on all cores.

use std::num::NonZeroUsize;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// Fewer items than this for each thread are done sooner than it starts.
const LEAST_EACH: usize = 8;

/// Does the work on each item, and gives the results in the items' order.
pub(crate) fn side_by_side<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let cores = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let threads = cores.min(items.len() / LEAST_EACH);
    if threads <= 1 {
        return items.iter().map(work).collect();
    }
    let next = AtomicUsize::new(0);
    let one = |at: usize| items.get(at).map(|item| (at, work(item)));
    let mut done: Vec<(usize, R)> = thread::scope(|scope| {
        let all = || std::iter::from_fn(|| one(next.fetch_add(1, Ordering::Relaxed))).collect::<Vec<_>>();
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(all)).collect();
        // A panic goes on in the caller.
        threads.into_iter().flat_map(|t| t.join().unwrap_or_else(|panic| resume_unwind(panic))).collect()
    });
    done.sort_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_in_the_items_order() {
        for count in [0, 1, LEAST_EACH, 2 * LEAST_EACH, 1_000] {
            let items: Vec<usize> = (0..count).collect();
            let doubled: Vec<usize> = items.iter().map(|n| n * 2).collect();
            assert_eq!(side_by_side(&items, |n| n * 2), doubled);
        }
    }

    #[test]
    fn a_panic_is_not_lost() {
        let items: Vec<usize> = (0..100).collect();
        let panicked = std::panic::catch_unwind(|| side_by_side(&items, |n| assert_ne!(*n, 50)));
        assert!(panicked.is_err());
    }
}
