//! Exports that are not where they were.

use crate::shop::{Shop, account};
use lakewarden_pipeline::PipelineError;
use std::fs;

fn retired(after: &str) -> Shop {
    let shop = Shop::new();
    shop.replace(
        "pipelines/shop/pipeline.yaml",
        "channels:\n",
        &format!("after_load:\n  orders: {after}\nchannels:\n"),
    );
    shop
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dataset_of_which_exports_are_gone_is_refused_before_anything_is_read() {
    let shop = Shop::new();
    shop.run(&[]).await.unwrap();
    let before = shop.contents().await;
    fs::remove_file(shop.path("exports/orders/orders_2026-10.csv")).unwrap();
    let error = shop.run(&["orders"]).await.unwrap_err();
    assert_eq!((error.code(), error.is_refusal()), ("LW6072", false));
    assert!(
        error
            .to_string()
            .starts_with("1 export of orders is not there as it was loaded: exports/orders/orders_2026-10.csv"),
        "{error}"
    );
    let hint = error.hint().unwrap();
    assert!(
        hint.contains("lakewarden run --reload orders/exports/orders/orders_2026-09.csv") && hint.contains("backup"),
        "{hint}"
    );
    assert_eq!(shop.contents().await, before);
    // All gone: no channel is empty without a reason, and the reason is said.
    fs::remove_file(shop.path("exports/orders/orders_2026-09.csv")).unwrap();
    let error = shop.run(&["orders"]).await.unwrap_err();
    let PipelineError::ExportsGone(gone) = &error else { panic!("{error}") };
    assert_eq!((gone.missing.len(), gone.present.len()), (2, 0));
    assert!(!error.hint().unwrap().contains("--reload"), "{:?}", error.hint());
}

#[tokio::test(flavor = "multi_thread")]
async fn another_version_of_an_export_is_taken_only_where_its_file_is_named() {
    let shop = Shop::new();
    shop.run(&[]).await.unwrap();
    let header = "member_no,email,phone,city\n";
    shop.write("exports/members/b.csv", &format!("{header}M3,cleo@example.com,+49 30 901822,Ulm\n"));
    let error = shop.run(&["members"]).await.unwrap_err();
    assert_eq!(error.code(), "LW6072");
    assert!(error.hint().unwrap().contains("add --reload members/exports/members/b.csv"), "{:?}", error.hint());
    let record = shop.run(&["members", "members/b.csv"]).await.unwrap();
    assert_eq!(account(&record, "members").written, 3);
    let members = shop.rows("members").await.join("\n");
    assert!(members.contains("city=Ulm") && !members.contains("city=Trier"), "{members}");
    let fresh = shop.fresh();
    fresh.run(&[]).await.unwrap();
    assert_eq!(shop.contents().await, fresh.contents().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn archived_exports_are_found_and_stay_there() {
    for name in ["orders_2026-10.csv", "again.csv"] {
        let shop = retired("{ archive: done/orders }");
        shop.run(&[]).await.unwrap();
        assert_eq!(fs::read_dir(shop.path("exports/orders")).unwrap().count(), 0);
        let expected = shop.contents().await;
        // A later export took the name in the archive, so that the next one is there with its checksum.
        shop.write(
            &format!("exports/orders/{name}"),
            "order_no,email,ordered_at,sku,amount\n3001,ada@example.com,2026-10-05 09:12:00,TEE-RED-M,10.00\n",
        );
        shop.run(&[]).await.unwrap();
        let archived = fs::read_dir(shop.path("done/orders")).unwrap().count();
        assert_eq!(archived, 3);
        let before = shop.contents().await;
        assert_ne!(before, expected);
        let record = shop.run(&["orders"]).await.unwrap();
        let names: Vec<String> = account(&record, "orders").files.into_iter().map(|file| file.file).collect();
        assert_eq!(names.last().unwrap(), &format!("exports/orders/{name}"));
        assert_eq!(shop.contents().await, before);
        assert_eq!(fs::read_dir(shop.path("done/orders")).unwrap().count(), archived);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn deleted_exports_are_loaded_again_from_a_backup() {
    let shop = retired("delete");
    let backup: Vec<(String, String)> = fs::read_dir(shop.path("exports/orders"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.file_name().unwrap().to_str().unwrap().to_owned(), fs::read_to_string(path).unwrap()))
        .collect();
    shop.run(&[]).await.unwrap();
    let before = shop.contents().await;
    assert_eq!(shop.run(&["orders"]).await.unwrap_err().code(), "LW6072");
    for (name, text) in &backup {
        shop.write(&format!("exports/orders/{name}"), text);
    }
    let record = shop.run(&["orders"]).await.unwrap();
    assert_eq!(shop.contents().await, before);
    assert_eq!(record.after_load[0].files.len(), backup.len(), "they go again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_waits_or_is_stopped_takes_no_rows_away() {
    let shop = Shop::new();
    shop.run(&[]).await.unwrap();
    let before = shop.contents().await;
    shop.replace(
        "schemas/channels/members.yaml",
        "key: [member_no]\n",
        "key: [member_no]\nundeclared_fields: review\n",
    );
    shop.write("exports/members/b.csv", "member_no,email,phone,city,shoe\nM3,cleo@example.com,+49 30 901822,Ulm,38\n");
    let error = shop.run(&["members/b.csv"]).await.unwrap_err();
    assert_eq!((error.code(), error.is_refusal()), ("LW6075", true));
    assert!(error.to_string().contains("exports/members/b.csv of members"), "{error}");
    shop.replace("schemas/channels/members.yaml", "undeclared_fields: review\n", "stopped_files: set_aside\n");
    shop.replace("schemas/channels/members.yaml", "identifier: quasi, category: user.contact.address.city, treatment: keep }", "identifier: quasi, category: user.contact.address.city, treatment: keep, rules: [{ in: [Berlin, Bonn, Trier], on_failure: stop_file }] }");
    shop.write("exports/members/b.csv", "member_no,email,phone,city\nM3,cleo@example.com,+49 30 901822,Ulm\n");
    let error = shop.run(&["members/b.csv"]).await.unwrap_err();
    assert_eq!(error.code(), "LW6075");
    assert_eq!(shop.contents().await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_corrected_in_place_and_loaded_takes_the_place_of_all_its_versions() {
    let header = "member_no,email,phone,city\n";
    for reload in [&["members/b.csv"][..], &["members"]] {
        let shop = Shop::new();
        shop.run(&[]).await.unwrap();
        // M3 has other values now: its row is left out, and the file is in the ledger twice.
        let corrected =
            format!("{header}M3,cleo@example.com,+49 30 901822,Ulm\nM4,dora@example.com,+49 30 901823,Kiel\n");
        shop.write("exports/members/b.csv", &corrected);
        assert_eq!(account(&shop.run(&[]).await.unwrap(), "members").key_conflicts, 1);
        let record = shop.run(reload).await.unwrap();
        let members = shop.rows("members").await.join("\n");
        assert!(members.contains("city=Ulm") && !members.contains("city=Trier"), "{members}");
        assert_eq!(account(&record, "members").replacement.unwrap().rows_after, 4);
        let fresh = shop.fresh();
        fresh.run(&[]).await.unwrap();
        assert_eq!(shop.contents().await, fresh.contents().await, "{reload:?}");
        shop.run(reload).await.unwrap();
        assert_eq!(shop.contents().await, fresh.contents().await, "{reload:?} once more");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_delivery_under_one_name_takes_no_rows_away_unless_its_file_is_named() {
    let shop = Shop::new();
    shop.run(&[]).await.unwrap();
    shop.write("exports/members/b.csv", "member_no,email,phone,city\nM4,dora@example.com,+49 30 901823,Kiel\n");
    shop.run(&[]).await.unwrap();
    let before = shop.contents().await;
    let error = shop.run(&["members"]).await.unwrap_err();
    assert_eq!(error.code(), "LW6072");
    let PipelineError::ExportsGone(gone) = &error else { panic!("{error}") };
    assert_eq!(gone.present, ["exports/members/a.csv"], "a file of which a version is missing is not there");
    assert!(error.hint().unwrap().contains("add --reload members/exports/members/b.csv"), "{:?}", error.hint());
    assert_eq!(shop.contents().await, before);
    shop.run(&["members", "members/b.csv"]).await.unwrap();
    let fresh = shop.fresh();
    fresh.run(&[]).await.unwrap();
    assert_eq!(shop.contents().await, fresh.contents().await);
}
