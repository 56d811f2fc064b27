//! No identifier, name or address of the exports is in the lake after any of the commands, opening records included.

use crate::common::lake::lake;
use crate::common::{Shop, as_of, keys};
use crate::handling;
use crate::search::{Finding, Search};
use crate::secrets::Secrets;
use lakewarden_pipeline::quarantine::{Fields, Reveal, Selection, discard, list, release, show};
use std::collections::BTreeSet;
use std::fs;

/// What is left in clear: nothing, as in `clear_text.rs`.
fn known() -> [Finding; 0] {
    []
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_said_in_clear_is_in_the_lake_after_any_command() {
    let shop = Shop::with_sample(250, true);
    let secrets = Secrets::of(&shop);
    let search = Search::new(&secrets);
    let path = shop.path("schemas/channels/pos_sales.yaml");
    let entry = fs::read_to_string(&path).unwrap();
    let broken = entry.replace("销售: sale", "卖出: sale");
    let broken = broken.replace("\nfields:\n", "\nthresholds: { quarantine_at_most: 100% }\nfields:\n");
    fs::write(&path, broken).unwrap();
    shop.run("retail").await.unwrap();
    let open = shop.open();
    let all = Selection::default();
    let said = |what: &str, text: &str| {
        let mut found = Vec::new();
        search.text(what, text, &mut found);
        assert_eq!(found, [], "{what}");
    };

    let listing = list(&open, None, &all, usize::MAX).await.unwrap();
    assert!(listing.records > 300);
    said("list", &serde_json::to_string(&listing).unwrap());
    let ids: BTreeSet<String> = listing.entries.iter().map(|e| e.id.clone()).collect();
    let keys = keys();
    let reveal = |fields| Reveal { keys: &keys, fields, why: "a test", who: "tester", at: as_of() };
    let shown = show(&open, None, &ids, Some(&reveal(Fields::Harmless))).await.unwrap();
    for cell in shown.iter().flat_map(|s| s.content.as_ref().unwrap()) {
        said(&cell.field, cell.text.as_deref().unwrap_or_default());
    }
    let shown = show(&open, None, &ids, Some(&reveal(Fields::All))).await.unwrap();
    let mut clear = Vec::new();
    for cell in shown.iter().flat_map(|s| s.content.as_ref().unwrap()) {
        search.text("shown", cell.text.as_deref().unwrap_or_default(), &mut clear);
    }
    assert!(clear.len() > 300, "the search would find what is shown: {}", clear.len());
    assert_eq!(search.lake(&shop).await.0, known());

    fs::write(&path, entry).unwrap();
    let at = Some(as_of());
    let released = release(&shop.open(), lake(&shop), &keys, &all, at, false, &handling(false)).await.unwrap();
    assert!(released.datasets.iter().map(|d| d.written).sum::<u64>() > 300);
    said("release", &serde_json::to_string(&released).unwrap());
    assert_eq!(search.lake(&shop).await.0, known());

    let gone = discard(&shop.open(), lake(&shop), &all, "a test", &handling(false)).await.unwrap();
    said("discard", &serde_json::to_string(&gone).unwrap());
    assert_eq!(search.lake(&shop).await.0, known());
}
