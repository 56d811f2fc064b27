//! What becomes of exports once the lake has them.

use crate::{Lines, account};
use lakewarden_pipeline::record::Outcome;
use lakewarden_pipeline::{PipelineError, plan};
use std::fs;
use std::path::PathBuf;

const CHANNELS: &str = "channels:\n";

fn lines(after: &str) -> Lines {
    let lines = Lines::new("key: [line]\n");
    lines.replace("pipelines/main/pipeline.yaml", CHANNELS, &format!("after_load:\n  lines: {after}\n{CHANNELS}"));
    lines
}

fn exports(lines: &Lines, folder: &str) -> Vec<String> {
    let Ok(found) = fs::read_dir(lines.0.path(folder)) else { return Vec::new() };
    let mut names: Vec<String> = found.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[tokio::test(flavor = "multi_thread")]
async fn exports_go_once_they_are_loaded_and_a_channel_may_then_be_empty() {
    let lines = lines("delete");
    lines.deliver("a.csv", &["1,A,10", "2,B,much"]);
    lines.deliver("b.csv", &["3,C,30"]);
    fs::write(lines.0.path("exports/notes.txt"), "not of the channel").unwrap();
    let open = lines.0.open();
    let planned = plan(&open, None, None, None, None, crate::at(crate::NOW)).await.unwrap();
    assert_eq!(planned.actions[0].because, "2 files not loaded yet; files are deleted once they are loaded");
    let first = lines.run().await.unwrap();
    assert_eq!(exports(&lines, "exports"), ["notes.txt"]);
    let gone: Vec<_> = first.after_load[0].files.iter().map(|file| (file.file.as_str(), &file.archived_as)).collect();
    assert_eq!(gone, [("exports/a.csv", &None), ("exports/b.csv", &None)]);
    assert!(first.after_load[0].kept.is_empty());
    let events = lines.lake().audit().read_all().await.unwrap();
    let named = |event: &str| events.iter().filter(|e| e.record["event"] == event).count();
    assert_eq!((named("after_load_prepared"), named("after_load")), (1, 1));

    let second = lines.run().await.unwrap();
    assert_eq!((second.outcome, second.after_load.len()), (Outcome::Unchanged, 0));
    // The same bytes once more are known, and go as well.
    lines.deliver("c.csv", &["3,C,30"]);
    let third = lines.run().await.unwrap();
    assert_eq!((exports(&lines, "exports"), third.after_load[0].files.len()), (vec!["notes.txt".to_owned()], 1));
    assert_eq!(lines.rows().await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_archive_keeps_every_version_of_a_file() {
    let lines = lines("{ archive: done/lines }");
    for (amount, names) in [(10, 1), (20, 2), (30, 3)] {
        lines.deliver("today.csv", &[&format!("{amount},A,{amount}")]);
        let record = lines.run().await.unwrap();
        assert!(exports(&lines, "exports").is_empty());
        let archived = exports(&lines, "done/lines");
        assert_eq!(archived.len(), names, "{archived:?}");
        let at = PathBuf::from(record.after_load[0].files[0].archived_as.clone().unwrap());
        assert!(fs::read_to_string(at).unwrap().contains(&format!("{amount},A,{amount}")));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_loaded_stays() {
    // Refused: nothing of the run is published.
    let lines = lines("delete");
    lines.deliver("a.csv", &["1,A,10"]);
    fs::write(lines.0.path("exports/b.csv"), "").unwrap();
    assert!(lines.run().await.is_err());
    assert_eq!(exports(&lines, "exports"), ["a.csv", "b.csv"]);
    // Nothing was ever loaded: no file is an error.
    fs::remove_file(lines.0.path("exports/a.csv")).unwrap();
    fs::remove_file(lines.0.path("exports/b.csv")).unwrap();
    assert!(matches!(lines.run().await, Err(PipelineError::Source(error)) if error.code() == "LW6008"));
    // What a run has left, such as one that was stopped after it published, the next one does.
    let kept = Lines::new("key: [line]\n");
    kept.deliver("a.csv", &["1,A,10"]);
    kept.run().await.unwrap();
    assert_eq!(exports(&kept, "exports"), ["a.csv"], "the default");
    let after = format!("after_load:\n  lines: {{ archive: done }}\n{CHANNELS}");
    kept.replace("pipelines/main/pipeline.yaml", CHANNELS, &after);
    fs::create_dir(kept.0.path("done")).unwrap();
    fs::hard_link(kept.0.path("exports/a.csv"), kept.0.path("done/a.csv")).unwrap();
    let record = kept.run().await.unwrap();
    assert_eq!((exports(&kept, "exports"), exports(&kept, "done")), (Vec::new(), vec!["a.csv".to_owned()]));
    assert_eq!(record.after_load[0].files.len(), 1);
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_fault_of_the_file_system_is_a_warning_and_the_next_run_goes_on() {
    let lines = lines("{ archive: done }");
    lines.deliver("a.csv", &["1,A,10"]);
    // A file where the archive should be.
    fs::write(lines.0.path("done"), "").unwrap();
    let record = lines.run().await.unwrap();
    assert_eq!(account(&record).written, 1);
    assert_eq!((record.after_load[0].files.len(), record.after_load[0].kept.len()), (0, 1));
    assert_eq!(exports(&lines, "exports"), ["a.csv"]);
    fs::remove_file(lines.0.path("done")).unwrap();
    lines.run().await.unwrap();
    assert_eq!((exports(&lines, "exports").len(), exports(&lines, "done").len()), (0, 1));
    // An archive that is the folder itself, by a detour, loses nothing.
    let detour = lines;
    detour.replace("pipelines/main/pipeline.yaml", "archive: done", "archive: done/../exports");
    detour.deliver("b.csv", &["2,A,10"]);
    let record = detour.run().await.unwrap();
    assert_eq!(record.after_load[0].kept.len(), 1);
    assert_eq!(exports(&detour, "exports"), ["b.csv"]);
}
