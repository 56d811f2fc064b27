//! Single files that are loaded again.

use crate::shop::{Shop, account};
use lakewarden_lake::Zone;
use lakewarden_pipeline::ledger;

const CALLS: &str = "schemas/channels/calls.yaml";

fn with_three_files() -> Shop {
    let shop = Shop::new();
    shop.write("exports/calls/a.csv", "phone,minutes\n+49 30 901820,3\n+49 30 901821,4\n030 901821,5\n");
    shop.write("exports/calls/b.csv", "phone,minutes\n+49 30 901821,6\n");
    shop.write("exports/calls/c.csv", "phone,minutes\n+49 30 901822,7\n+49 30 901820,eight\n");
    shop
}

async fn minutes(shop: &Shop) -> Vec<String> {
    shop.column("calls", "minutes").await
}

#[tokio::test(flavor = "multi_thread")]
async fn one_file_of_three() {
    let shop = with_three_files();
    let first = shop.run(&[]).await.unwrap();
    assert_eq!(minutes(&shop).await, ["3", "4", "6", "7"]);
    // The export was corrected, under the same name.
    shop.write("exports/calls/c.csv", "phone,minutes\n+49 30 901822,70\n+49 30 901820,80\n+49 30 901820,90\n");
    let record = shop.run(&["calls/c.csv"]).await.unwrap();
    assert_eq!(minutes(&shop).await, ["3", "4", "6", "70", "80", "90"]);
    let account = account(&record, "calls");
    assert_eq!((account.read, account.written, account.files.len()), (3, 3, 1));
    let replacement = account.replacement.clone().unwrap();
    assert_eq!(
        (replacement.whole, replacement.rows_before, replacement.rows_removed, replacement.rows_after),
        (false, 4, 1, 6)
    );
    assert_eq!((replacement.quarantine_removed, account.in_quarantine), (1, 1), "the record of a.csv stays");
    assert_eq!(replacement.quarantined_before.iter().map(|reason| reason.rows).sum::<u64>(), 1);
    let differences = [("read", 6, 7), ("written", 4, 6), ("in quarantine", 2, 1)];
    assert_eq!(replacement.differences(), differences);
    let fresh = shop.fresh();
    fresh.run(&[]).await.unwrap();
    assert_eq!(shop.contents().await, fresh.contents().await);

    // The ledger says what is in effect.
    let open = shop.folder.open();
    let files = ledger(&open, &shop.lake(), Some("calls")).await.unwrap().remove(0).files;
    let told: Vec<_> = files.iter().map(|line| (line.file.file.as_str(), line.superseded_by)).collect();
    let name = |file: &'static str| format!("exports/calls/{file}");
    let (a, b, c) = (name("a.csv"), name("b.csv"), name("c.csv"));
    assert_eq!(told, [(a.as_str(), None), (&b, None), (&c, Some(record.run)), (&c, None)]);
    assert_eq!(files[2].file.facts.as_ref().unwrap().run, first.run);

    // The same file once more, and several; and the bytes that are loaded are known.
    for reload in [&["calls/c.csv"][..], &["calls/exports/calls/a.csv", "calls/b.csv"]] {
        shop.run(reload).await.unwrap();
        assert_eq!(shop.contents().await, fresh.contents().await);
    }
    shop.run(&[]).await.unwrap();
    assert_eq!(shop.contents().await, fresh.contents().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_rows_of_the_file_go_whatever_their_values() {
    let shop = with_three_files();
    // The same lines in two files, of which one is loaded again without them.
    shop.write("exports/calls/c.csv", "phone,minutes\n+49 30 901821,6\n+49 30 901822,7\n");
    shop.replace(CALLS, "thresholds:", "snapshot: append\nthresholds:");
    shop.run(&[]).await.unwrap();
    assert_eq!(minutes(&shop).await, ["3", "4", "6", "6", "7"]);
    shop.write("exports/calls/c.csv", "phone,minutes\n+49 30 901822,7\n");
    shop.run(&["calls/c.csv"]).await.unwrap();
    assert_eq!(minutes(&shop).await, ["3", "4", "6", "7"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_meaning_needs_the_whole_dataset() {
    let shop = with_three_files();
    shop.run(&[]).await.unwrap();
    shop.replace(CALLS, "type: integer", "type: string");
    let before = shop.contents().await;
    let error = shop.run(&["calls/c.csv"]).await.unwrap_err();
    assert_eq!(error.code(), "LW2022");
    assert!(error.hint().unwrap().contains("--reload calls"));
    assert_eq!(shop.contents().await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn files_whose_rows_decide_over_those_of_others_are_refused() {
    let shop = Shop::new();
    shop.run(&[]).await.unwrap();
    let before = shop.contents().await;
    // Order 1004 is in both files, and was written for one: while that has it, all is as it was.
    shop.run(&["orders/orders_2026-09.csv"]).await.unwrap();
    assert_eq!(shop.contents().await, before);
    let september = std::fs::read_to_string(shop.path("exports/orders/orders_2026-09.csv")).unwrap();
    let without: String =
        september.lines().filter(|line| !line.starts_with("1004")).map(|l| format!("{l}\n")).collect();
    shop.write("exports/orders/orders_2026-09.csv", &without);
    let error = shop.run(&["orders/orders_2026-09.csv"]).await.unwrap_err();
    assert_eq!((error.code(), error.is_refusal()), ("LW6073", true));
    assert!(error.to_string().contains("1 row of exports/orders/orders_2026-10.csv left out"), "{error}");
    assert!(error.hint().unwrap().contains("lakewarden run --reload orders"), "{:?}", error.hint());
    shop.write("exports/orders/orders_2026-09.csv", &september);
    // The file that lost its row may be loaded again by itself, and both together.
    shop.run(&["orders/orders_2026-10.csv"]).await.unwrap();
    assert_eq!(shop.contents().await, before);
    shop.run(&["orders/orders_2026-09.csv", "orders/orders_2026-10.csv"]).await.unwrap();
    assert_eq!(shop.contents().await, before);
    // Statements hold together.
    let error = shop.run(&["consent_log/consent_2026.csv"]).await.unwrap_err();
    assert_eq!(error.code(), "LW6073");
    shop.replace("schemas/channels/members.yaml", "key: [member_no]\n", "key: [member_no]\nsurvivor: last\n");
    let error = shop.run(&["members/b.csv"]).await.unwrap_err();
    assert_eq!(error.code(), "LW6073");
    assert_eq!(shop.contents().await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_left_quarantine_go_with_their_file() {
    use chrono::Utc;
    use lakewarden_pipeline::quarantine::{Handling, Selection, discard, release};
    use uuid::Uuid;
    let shop = with_three_files();
    shop.write("exports/calls/a.csv", "phone,minutes\n+49 30 901820,3\n+49 30 901821,4\n+49 30 901821,5\n");
    let (plain, short) = ("category: user.behavior, treatment: keep", "rules: [{ between: { max: 4 } }]");
    shop.replace(CALLS, plain, &format!("{plain}, {short}"));
    shop.run(&[]).await.unwrap();
    assert_eq!(minutes(&shop).await, ["3", "4"]);
    // A rule that was too strict: what it says of values that are stored is the same.
    shop.replace(CALLS, &format!(", {short}"), "");
    let handling = Handling {
        id: Uuid::new_v4(),
        clock: &Utc::now,
        seed: 3,
        owner: "a test",
        who: "a test".into(),
        take_over: true,
    };
    let selection = Selection::default().of(&["calls".to_owned()]);
    let open = shop.folder.open();
    let released = release(&open, shop.lake(), &shop.keys(), &selection, None, false, &handling).await.unwrap();
    assert_eq!(released.datasets[0].written, 3, "all but the one that is no number");
    assert_eq!(minutes(&shop).await, ["3", "4", "5", "6", "7"]);
    let record = shop.run(&["calls/a.csv"]).await.unwrap();
    let replacement = account(&record, "calls").replacement.unwrap();
    assert_eq!((replacement.rows_removed, replacement.quarantine_removed), (3, 0));
    assert!(replacement.differences().is_empty(), "{:?}", replacement.differences());
    assert_eq!(minutes(&shop).await, ["3", "4", "5", "6", "7"]);
    // A record that was discarded is read again with its file, and discarded no more.
    let handling = Handling {
        id: Uuid::new_v4(),
        clock: &Utc::now,
        seed: 3,
        owner: "a test",
        who: "a test".into(),
        take_over: true,
    };
    discard(&open, shop.lake(), &selection, "broken", &handling).await.unwrap();
    let record = shop.run(&["calls/c.csv"]).await.unwrap();
    let replacement = account(&record, "calls").replacement.unwrap();
    assert_eq!((replacement.before.discarded, replacement.after.discarded, replacement.after.quarantined), (1, 0, 1));
    let fresh = shop.fresh();
    fresh.run(&[]).await.unwrap();
    assert_eq!(shop.contents().await["conformed/calls"], fresh.contents().await["conformed/calls"]);
}

/// Files of before rows carried the numbers of their files, or that another program wrote.
#[tokio::test(flavor = "multi_thread")]
async fn the_column_is_there_and_no_query_can_name_it() {
    let shop = with_three_files();
    shop.run(&[]).await.unwrap();
    let table = shop.lake().table(Zone::Conformed, "calls").await.unwrap().unwrap();
    assert!(table.schema.field_with_name("_source_file").is_ok());
    let ask = |sql: &'static str| shop.folder.ask_as(sql, "analytics", Some("shop"), crate::shop::as_of());
    let error = ask("SELECT _source_file FROM calls").await.unwrap_err();
    assert!(error.to_string().contains("_source_file"), "{error}");
    let first = &ask("SELECT * FROM calls").await.unwrap()[0];
    assert_eq!(first.matches('|').count(), 2, "telephone, minutes and customer: {first}");
}
