//! A mended rule drains quarantine, and then all is as if it had never been broken.

use crate::common::lake::{lake as shop_lake, rows};
use crate::common::{Shop, as_of, keys as shop_keys};
use crate::{club, handling, keys, lake, mend, release_all, table, totals};
use lakewarden_lake::Zone;
use lakewarden_pipeline::quarantine::{Released, Selection, list, release, state};
use lakewarden_pipeline::record::Outcome;
use lakewarden_pipeline::{PipelineError, plan};
use lakewarden_policy::Knowledge;
use std::fs;

#[tokio::test(flavor = "multi_thread")]
async fn accounts_close_and_the_next_run_builds_from_what_left() {
    let club = club().await;
    let before = table(&lake(&club), Zone::Conformed, "visits").await;
    assert_eq!(totals(&before), [6, 1, 5, 0, 0, 0, 0]);
    let unmended = release_all(&club, &keys()).await.unwrap();
    assert_eq!((unmended.datasets[0].selected, unmended.datasets[0].left()), (5, 0));
    let same = table(&lake(&club), Zone::Conformed, "visits").await;
    assert_eq!(same.version, before.version, "nothing is published where nothing passes");

    mend(&club);
    let released = release_all(&club, &keys()).await.unwrap();
    let [visits] = released.datasets.as_slice() else { panic!("{released:?}") };
    assert_eq!((visits.selected, visits.written, visits.duplicates, visits.outside_retention), (5, 2, 0, 1));
    assert_eq!(visits.key_conflicts, 1, "the key of a visit at another time");
    assert_eq!((visits.stays(), visits.shut, visits.untouched), (1, 0, 0));
    let lake = lake(&club);
    let (conformed, sealed) =
        (table(&lake, Zone::Conformed, "visits").await, table(&lake, Zone::Quarantine, "visits").await);
    assert_eq!((conformed.rows(), sealed.rows()), (3, 1));
    assert_eq!(totals(&conformed), [6, 3, 1, 1, 1, 0, 0]);
    let ids: Vec<bool> = [&conformed, &sealed]
        .iter()
        .map(|t| t.transactions.contains_key(&format!("lakewarden/publication/{}", released.id)))
        .collect();
    assert_eq!(ids, [true, true], "one publication");
    assert_eq!(files(&club, "lake/quarantine/visits"), sealed.files.len(), "old files are gone");
    let lineage = lake.lineage(released.id).await.unwrap();
    assert_eq!(lineage.len(), 2);
    assert_eq!(lineage[1]["outputs"][0]["outputFacets"]["outputStatistics"]["rowCount"], 2);
    let audit = lake.audit().read_all().await.unwrap();
    let said: Vec<&str> = audit.iter().rev().take(2).map(|r| r.record["event"].as_str().unwrap()).collect();
    assert_eq!(said, ["quarantine_release", "quarantine_release_prepared"]);
    lake.audit().verify().await.unwrap();
    assert_eq!(state(&lake).await.unwrap().records, 1);

    let planned =
        plan(&club.open(), None, None, Some(crate::club::at("2026-07-01")), None, crate::clock()).await.unwrap();
    assert!(planned.actions.iter().any(|a| a.because.contains("files changed")), "{planned:?}");
    let run = club.run("2026-07-01", Knowledge::Then).await;
    assert_eq!(run.outcome, Outcome::Published);
    assert_eq!(club.run("2026-07-01", Knowledge::Then).await.outcome, Outcome::Unchanged);
    let account = run.datasets.iter().find(|d| d.dataset == "visits").unwrap();
    assert_eq!((account.in_quarantine, account.quarantine_expired), (1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_release_alone_makes_the_next_run_build() {
    let club = club().await;
    mend(&club);
    club.run("2026-07-01", Knowledge::Then).await;
    assert_eq!(club.run("2026-07-01", Knowledge::Then).await.outcome, Outcome::Unchanged);
    release_all(&club, &keys()).await.unwrap();
    // A plan is of a run that judges people as of now, and the last one was a replay.
    let planned =
        plan(&club.open(), None, None, Some(crate::club::at("2026-07-01")), None, crate::club::at("2026-07-01"))
            .await
            .unwrap();
    assert!(planned.actions.iter().any(|a| a.because.contains("replay")), "{planned:?}");
    assert_eq!(club.run("2026-07-01", Knowledge::Then).await.outcome, Outcome::Published);
    assert_eq!(club.run("2026-07-01", Knowledge::Then).await.outcome, Outcome::Unchanged);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_is_selected_is_read_again() {
    let club = club().await;
    mend(&club);
    let open = club.open();
    let all = list(&open, None, &Selection::default(), 9).await.unwrap();
    assert_eq!((all.records, all.entries.len()), (5, 5));
    let id = &all.entries.iter().find(|e| e.row == 3).unwrap().id;
    let asked = async |selection: Selection, dry: bool| -> Result<Released, PipelineError> {
        let at = Some(crate::club::at("2026-07-02"));
        release(&open, lake(&club), &keys(), &selection, at, dry, &handling(false)).await
    };
    let one = Selection::default().of(std::slice::from_ref(id));
    let dry = asked(one.clone(), true).await.unwrap();
    assert_eq!((dry.datasets[0].selected, dry.datasets[0].written, dry.datasets[0].untouched), (1, 1, 4));
    let held = table(&lake(&club), Zone::Quarantine, "visits").await;
    assert_eq!((held.rows(), held.version), (5, 0));
    let done = asked(one.clone(), false).await.unwrap();
    assert_eq!(done.datasets, dry.datasets, "what a dry run says is what happens");
    assert_eq!(table(&lake(&club), Zone::Quarantine, "visits").await.rows(), 4);
    let again = asked(one, false).await.unwrap_err();
    assert_eq!(again.code(), "LW6036");
    let none = asked(Selection { rule: Some("phone".into()), ..Selection::default() }, false).await.unwrap();
    assert!(none.datasets.is_empty());
    let unknown = asked(Selection::default().of(&["vists".into()]), false).await.unwrap_err();
    assert_eq!(unknown.code(), "LW6035");
    // Those that stayed kept their ids.
    let left = list(&open, None, &Selection::default(), 9).await.unwrap();
    let ids = |listing: &lakewarden_pipeline::quarantine::Listing| -> Vec<String> {
        listing.entries.iter().map(|e| e.id.clone()).filter(|other| other != id).collect()
    };
    assert_eq!(ids(&left), ids(&all));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stays_says_the_rule_that_it_breaks_now() {
    let club = club().await;
    mend(&club);
    let path = club.path("schemas/channels/visits.yaml");
    let entry = fs::read_to_string(&path).unwrap();
    let stricter = entry.replace("name: visit, type: string,", "name: visit, type: string, rules: [{ in: [v1, v2] }],");
    assert_ne!(entry, stricter);
    fs::write(path, stricter).unwrap();
    let released = release_all(&club, &keys()).await.unwrap();
    assert_eq!(released.datasets[0].left(), 2, "v2, and v1 as a duplicate");
    let listing = list(&club.open(), None, &Selection::default(), 9).await.unwrap();
    let said: Vec<(&str, &str, u64)> =
        listing.reasons.iter().map(|r| (r.field.as_deref().unwrap(), r.rule.as_str(), r.records)).collect();
    assert_eq!(said, [("visit", "in", 3)], "v3, v4 and v5");
    assert!(listing.entries.iter().all(|e| e.reason == "the value is none of those listed"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dataset_that_is_no_longer_declared_or_does_not_compile_is_refused() {
    let club = club().await;
    let lake = lake(&club);
    let broken = club.path("schemas/channels/visits.yaml");
    let entry = fs::read_to_string(&broken).unwrap();
    fs::write(&broken, entry.replace("dataset: visits", "dataset: visits\nunknown_key: 1")).unwrap();
    let open = lakewarden_pipeline::OpenProject::open(&club.path("")).unwrap();
    let refused =
        release(&open, lake.clone(), &keys(), &Selection::default(), None, false, &handling(false)).await.unwrap_err();
    assert_eq!((refused.code(), refused.is_refusal()), ("LW6001", true));
    let mut open = lakewarden_pipeline::OpenProject::open(&club.path("")).unwrap();
    open.problems.clear();
    open.project.datasets.retain(|d| d.name.value != "visits");
    let refused =
        release(&open, lake.clone(), &keys(), &Selection::default(), None, false, &handling(false)).await.unwrap_err();
    assert_eq!((refused.code(), refused.is_refusal()), ("LW6040", true));
    fs::write(&broken, entry).unwrap();
    release_all(&club, &keys()).await.unwrap();
}

/// Of the reference project: what a release makes of a broken dictionary is what the whole one makes.
#[tokio::test(flavor = "multi_thread")]
async fn after_a_release_the_lake_is_that_of_a_dictionary_that_was_never_broken() {
    let whole = Shop::with_sample(200, true);
    let shop = whole.copied();
    let path = shop.path("schemas/channels/pos_sales.yaml");
    let entry = fs::read_to_string(&path).unwrap();
    let broken = entry.replace("销售: sale", "卖出: sale");
    let broken = broken.replace("\nfields:\n", "\nthresholds: { quarantine_at_most: 100% }\nfields:\n");
    assert_ne!(entry, broken);
    fs::write(&path, broken).unwrap();
    whole.run("retail").await.unwrap();
    let first = shop.run("retail").await.unwrap();
    let quarantined = |record: &lakewarden_pipeline::record::RunRecord| {
        record.datasets.iter().find(|d| d.dataset == "pos_sales").unwrap().in_quarantine
    };
    assert!(quarantined(&first) > 300, "{}", quarantined(&first));
    fs::write(&path, entry).unwrap();
    let selection = Selection::default().of(&["pos_sales".into()]);
    let at = Some(as_of());
    let released =
        release(&shop.open(), shop_lake(&shop), &shop_keys(), &selection, at, false, &handling(false)).await.unwrap();
    assert!(released.datasets[0].written > 300 && released.datasets[0].duplicates > 0, "{released:?}");
    shop.run("retail").await.unwrap();
    let (a, b) = (shop_lake(&whole), shop_lake(&shop));
    for zone in [Zone::Conformed, Zone::Quarantine, Zone::Curated] {
        for name in a.tables(zone).await.unwrap() {
            // Bytes of files, and which run it was, are not the same.
            let columns = |c: &str| !["nonce", "sealed", "run", "quarantined_at"].contains(&c);
            if name == "data_asset_value" {
                continue;
            }
            assert_eq!(rows(&a, zone, &name, columns).await, rows(&b, zone, &name, columns).await, "{zone}.{name}");
        }
    }
}

/// Data files below a folder.
pub fn files(club: &crate::club::Club, folder: &str) -> usize {
    let below = crate::common::files_below(&club.path(folder));
    below
        .iter()
        .filter(|path| {
            path.extension().is_some_and(|e| e == "parquet") && !path.to_str().unwrap().contains("_delta_log")
        })
        .count()
}
