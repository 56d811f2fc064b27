//! Writes everything: decides the world, does all jobs on a few threads, then writes the truth.

use crate::datasets::{DATASETS, Job, Written, jobs};
use crate::error::{SampleError, at};
use crate::options::Options;
use crate::truth;
use crate::world::World;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// One entry a dataset, in the order of [`DATASETS`].
    pub datasets: Vec<DatasetSummary>,
}

impl Summary {
    /// Rows in all files.
    pub fn rows(&self) -> u64 {
        self.datasets.iter().map(|d| d.rows).sum()
    }
}

/// What was written of a dataset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatasetSummary {
    /// Its name; that of its folder too.
    pub name: &'static str,
    /// How many files.
    pub files: u64,
    /// Data rows in them, those of repeated files included.
    pub rows: u64,
    /// Their size on disk.
    pub bytes: u64,
}

/// Writes the twelve exports into `dir_exports`, one folder each, and what is true of them into `dir_truth`.
///
/// Both folders are made if need be, and must be empty. The same options give the same bytes, on any
/// machine. After each file `progress` hears of its dataset and its rows, from the calling thread.
/// Memory: about 60 bytes a customer, and one month of the largest datasets.
///
/// # Errors
/// [`SampleError::Option`] for options out of range, [`SampleError::NotEmpty`], [`SampleError::Io`],
/// [`SampleError::Parquet`]. What was written by then stays.
pub fn write(
    dir_exports: &Path,
    dir_truth: &Path,
    options: &Options,
    progress: &dyn Fn(&str, u64),
) -> Result<Summary, SampleError> {
    options.check()?;
    for folder in [dir_exports, dir_truth] {
        std::fs::create_dir_all(folder).map_err(at(folder))?;
        if std::fs::read_dir(folder).map_err(at(folder))?.next().is_some() {
            return Err(SampleError::NotEmpty { path: folder.to_path_buf() });
        }
    }
    for dataset in DATASETS {
        let folder = dir_exports.join(dataset);
        std::fs::create_dir_all(&folder).map_err(at(&folder))?;
    }
    let world = World::new(options);
    let files = work(&world, &jobs(world.calendar.months.len()), dir_exports, progress)?;
    let datasets = DATASETS.map(|name| {
        let mut summary = DatasetSummary { name, files: 0, rows: 0, bytes: 0 };
        for (_, written) in files.iter().filter(|(dataset, _)| *dataset == name) {
            summary.files += 1;
            summary.rows += written.account.rows;
            summary.bytes += written.bytes;
        }
        summary
    });
    truth::write(&world, files, dir_truth)?;
    Ok(Summary { datasets: datasets.to_vec() })
}

/// Does all jobs; answers their files in the order of the jobs.
fn work(
    world: &World,
    jobs: &[Job],
    dir_exports: &Path,
    progress: &dyn Fn(&str, u64),
) -> Result<Vec<(&'static str, Written)>, SampleError> {
    let threads = std::thread::available_parallelism().map_or(2, usize::from).min(4);
    let next = AtomicUsize::new(0);
    let mut done: Vec<Option<Vec<Written>>> = jobs.iter().map(|_| None).collect();
    std::thread::scope(|scope| {
        let (send, receive) = mpsc::channel();
        for _ in 0..threads {
            let (send, next) = (send.clone(), &next);
            scope.spawn(move || {
                loop {
                    let n = next.fetch_add(1, Ordering::Relaxed);
                    let Some(job) = jobs.get(n) else { return };
                    let result = (job.write)(world, &dir_exports.join(job.dataset));
                    // The other end hangs up after the first error.
                    if send.send((n, result)).is_err() {
                        return;
                    }
                }
            });
        }
        drop(send);
        for (n, result) in receive {
            let written = match result {
                Ok(written) => written,
                Err(error) => {
                    next.store(jobs.len(), Ordering::Relaxed);
                    return Err(error);
                }
            };
            for file in &written {
                progress(jobs[n].dataset, file.account.rows);
            }
            done[n] = Some(written);
        }
        Ok(())
    })?;
    let mut files = Vec::new();
    for (job, written) in jobs.iter().zip(done) {
        let written = written.ok_or(SampleError::Interrupted)?;
        files.extend(written.into_iter().map(|file| (job.dataset, file)));
    }
    Ok(files)
}
