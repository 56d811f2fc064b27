//! Two runs over one lake, neither of which waits for the other.

use crate::house::House;
use std::sync::{Arc, Barrier};

/// Both take the lease from whoever holds it, on a thread of their own.
#[test]
fn two_runs_that_steal_the_lease_load_each_file_once() {
    let mut outcomes = (0, 0);
    for round in 0..6 {
        let house = Arc::new(House::new(if round % 2 == 0 { "survivor: last\n" } else { "" }));
        house.deliver("1.csv", &[(1, "p1", 10, 1), (2, "p2", 20, 1)]);
        let runtime = || tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        runtime().block_on(house.run(0)).unwrap();
        house.deliver("2.csv", &[(2, "p2", 21, 1), (3, "p3", 30, 1)]);
        house.deliver("3.csv", &[(4, "p4", 40, 1)]);
        let start = Arc::new(Barrier::new(2));
        let threads: Vec<_> = (0..2)
            .map(|_| {
                let (house, start) = (Arc::clone(&house), Arc::clone(&start));
                std::thread::spawn(move || {
                    start.wait();
                    runtime().block_on(house.run_as(1, true)).map_err(|error| error.code())
                })
            })
            .collect();
        let ended: Vec<_> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
        for code in ended.iter().filter_map(|ended| ended.as_ref().err()) {
            outcomes.1 += 1;
            assert!(["LW5040", "LW5041", "LW5051", "LW5050", "LW5070"].contains(code), "{code}");
        }
        outcomes.0 += ended.iter().filter(|ended| ended.is_ok()).count();
        // Whoever comes afterwards finds the lake whole, and loads what neither did.
        runtime().block_on(house.run_as(1, true)).unwrap();
        let points = runtime().block_on(house.rows("members", &["no", "points"]));
        let second = if round % 2 == 0 { "21" } else { "20" };
        assert_eq!(points, [["1", "10"], ["2", second], ["3", "30"], ["4", "40"]], "round {round}: {ended:?}");
    }
    assert!(outcomes.1 > 0, "nobody was ever refused: {outcomes:?}");
}
