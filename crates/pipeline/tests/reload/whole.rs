//! Whole datasets that are loaded again because their meaning changed.

use crate::shop::{Shop, account};
use lakewarden_pipeline::record::{Outcome, ReplacementCause};

const ORDERS: &str = "schemas/channels/orders.yaml";
const MEMBERS: &str = "schemas/channels/members.yaml";

/// Loads the shop, changes its declarations, sees that the code is refused (if it is), reloads, and compares with a lake
/// that was loaded under the new declarations from the start.
async fn repaired(change: impl FnOnce(&Shop), refused: Option<&str>, reload: &[&str]) -> Shop {
    let shop = Shop::new();
    assert_eq!(shop.run(&[]).await.unwrap().outcome, Outcome::Published);
    change(&shop);
    if let Some(code) = refused {
        let before = shop.contents().await;
        let error = shop.run(&[]).await.unwrap_err();
        assert_eq!((error.code(), error.is_refusal()), (code, true), "{error}");
        let hint = error.hint().unwrap();
        assert!(hint.contains(&format!("lakewarden run --reload {}", reload[0])), "{hint}");
        assert_eq!(shop.contents().await, before);
    }
    let record = shop.run(reload).await.unwrap();
    assert_eq!(record.outcome, Outcome::Published);
    let fresh = shop.fresh();
    fresh.run(&[]).await.unwrap();
    let expected = fresh.contents().await;
    assert_eq!(shop.contents().await, expected);
    // Once more is the same, and then nothing is left to do.
    shop.run(reload).await.unwrap();
    assert_eq!(shop.contents().await, expected);
    assert_eq!(shop.run(&[]).await.unwrap().outcome, Outcome::Unchanged);
    shop
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_treatment() {
    let masked = "treatment: { mask: { keep_first: 1 } } }\n";
    let change = |shop: &Shop| {
        shop.replace(
            MEMBERS,
            "category: user.contact.address.city, treatment: keep }\n",
            &format!("category: user.contact.address.city, {masked}"),
        )
    };
    let shop = repaired(change, Some("LW2022"), &["members"]).await;
    let cities = shop.rows("members").await.join("\n");
    assert!(cities.contains("city=B*****") && !cities.contains("Berlin"), "{cities}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_field_that_is_not_kept_any_more() {
    let change = |shop: &Shop| {
        shop.replace(
            MEMBERS,
            "category: user.contact.address.city, treatment: keep }\n",
            "category: user.contact.address.city, treatment: drop }\n",
        );
    };
    let shop = repaired(change, None, &["members"]).await;
    assert!(!shop.rows("members").await.join("\n").contains("city="));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_type_that_was_too_narrow() {
    let shop = repaired(
        |shop| {
            shop.replace(ORDERS, "decimal(10, 2)", "decimal(14, 3)");
            shop.replace(
                "pipelines/shop/models/customer_orders.sql",
                "CAST(sum(amount) AS DECIMAL(14, 2))",
                "CAST(sum(amount) AS DECIMAL(14, 2)) ",
            );
        },
        Some("LW2022"),
        &["orders"],
    )
    .await;
    assert!(shop.rows("orders").await.iter().any(|row| row.contains("amount=149.000")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_type_that_was_wrong_and_records_that_were_rejected_for_it() {
    let change = |shop: &Shop| {
        shop.replace(ORDERS, "    type: decimal(10, 2)\n    unit: EUR\n", "    type: string\n");
        shop.replace(ORDERS, "rules: [required, { between: { min: 0, max: 100000 } }]", "rules: [required]");
        shop.replace(
            "pipelines/shop/models/customer_orders.sql",
            "sum(amount)",
            "sum(CASE WHEN amount = 'nineteen' THEN 19 ELSE CAST(amount AS DECIMAL(10, 2)) END)",
        );
    };
    let shop = repaired(change, Some("LW2022"), &["orders"]).await;
    assert!(shop.rows("orders").await.iter().any(|row| row.contains("amount=nineteen")));
    assert!(!shop.contents().await.contains_key("quarantine/orders"), "what was rejected is read now");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_field_that_was_added_later() {
    let field = "  - { name: phone, label";
    let late = MEMBERS;
    let shop = Shop::new();
    let text = std::fs::read_to_string(shop.path(late)).unwrap();
    let city = text.lines().find(|line| line.contains("name: city")).unwrap().to_owned();
    assert!(text.contains(field));
    shop.replace(late, &format!("{city}\n"), "");
    shop.run(&[]).await.unwrap();
    shop.replace(late, field, &format!("{city}\n{field}"));
    shop.run(&["members"]).await.unwrap();
    let fresh = shop.fresh();
    fresh.run(&[]).await.unwrap();
    assert_eq!(shop.contents().await, fresh.contents().await);
    assert!(shop.rows("members").await.iter().all(|row| row.contains("city=T") || row.contains("city=B")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retention_that_was_too_short() {
    let shop = Shop::new();
    let table = "schemas/curated/customer_orders.yaml";
    [ORDERS, table].iter().for_each(|path| shop.replace(path, "retention: P10Y", "retention: P1M"));
    let first = account(&shop.run(&[]).await.unwrap(), "orders");
    assert!(first.outside_retention > 0);
    [ORDERS, table].iter().for_each(|path| shop.replace(path, "retention: P1M", "retention: P10Y"));
    // A normal run does not look at loaded files again.
    shop.run(&[]).await.unwrap();
    let lost = shop.rows("orders").await.len();
    let account = account(&shop.run(&["orders"]).await.unwrap(), "orders");
    let replacement = account.replacement.clone().unwrap();
    assert_eq!(replacement.before.outside_retention, first.outside_retention);
    assert_eq!((replacement.after.outside_retention, account.outside_retention), (0, 0));
    assert_eq!((replacement.rows_before, replacement.rows_removed), (lost as u64, lost as u64));
    assert_eq!(replacement.rows_after, account.written);
    let fresh = shop.fresh();
    fresh.run(&[]).await.unwrap();
    assert_eq!(shop.contents().await, fresh.contents().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_normaliser_that_joined_nothing() {
    let shop = Shop::new();
    let first = account(&shop.run(&[]).await.unwrap(), "calls");
    assert_eq!((first.written, first.quarantined_total()), (1, 2), "numbers without a country are not Chinese");
    for entry in [MEMBERS, "schemas/channels/calls.yaml"] {
        shop.replace(entry, "region: CN", "region: DE");
    }
    // The log names people by telephone numbers as well.
    assert_eq!(shop.run(&["members", "calls"]).await.unwrap_err().code(), "LW2032");
    let record = shop.run(&["members", "calls", "consent_log"]).await.unwrap();
    let calls = account(&record, "calls");
    assert_eq!((calls.written, calls.quarantined_total(), calls.in_quarantine), (3, 0, 0));
    assert_eq!(calls.replacement.unwrap().quarantine_removed, 2);
    let fresh = shop.fresh();
    let other = fresh.run(&[]).await.unwrap();
    assert_eq!(shop.contents().await, fresh.contents().await);
    assert_eq!(record.identity.unwrap().customers, other.identity.unwrap().customers);
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_without_a_data_subject() {
    let shop = Shop::new();
    let text = std::fs::read_to_string(shop.path("schemas/channels/calls.yaml")).unwrap();
    let phone = text.lines().find(|line| line.contains("name: phone")).unwrap().to_owned();
    let dropped = phone.replace("{ pseudonymise: phone }, normalise: phone, region: CN", "drop");
    shop.replace("schemas/channels/calls.yaml", "analytics: consent", "analytics: legitimate_interests");
    shop.replace("schemas/channels/calls.yaml", &phone, &dropped);
    shop.replace(
        "schemas/channels/calls.yaml",
        "fields:\n",
        "subject: none\nsubject_reason: No number is stored.\nfields:\n",
    );
    shop.run(&[]).await.unwrap();
    shop.replace("schemas/channels/calls.yaml", "subject: none\nsubject_reason: No number is stored.\n", "");
    shop.replace("schemas/channels/calls.yaml", &dropped, &phone);
    let error = shop.run(&[]).await.unwrap_err();
    assert_eq!(error.code(), "LW2023");
    assert!(error.hint().unwrap().contains("lakewarden run --reload calls"));
    shop.run(&["calls"]).await.unwrap();
    let fresh = shop.fresh();
    fresh.run(&[]).await.unwrap();
    assert_eq!(shop.contents().await, fresh.contents().await);
}

/// Statements are read again with the rows that they decide about.
#[tokio::test(flavor = "multi_thread")]
async fn a_consent_log_and_records_of_it_that_could_not_be_read() {
    let shop = Shop::new();
    shop.write(
        "exports/consent_log/late.csv",
        "id_type,id_value,purpose,action,at\nemail,ada@example.com,analytics,retract,2026-10-02 10:00:00\n",
    );
    shop.run(&[]).await.unwrap();
    assert!(
        !shop.contents().await["curated/customer_orders"].iter().any(|row| row.contains("spent=61")),
        "a record that cannot be read counts as a withdrawal"
    );
    shop.replace(
        "schemas/channels/consent_log.yaml",
        "rules: [required, { in: [grant, withdraw] }]",
        "map: { retract: withdraw }\n    rules: [required, { in: [grant, withdraw] }]",
    );
    let record = shop.run(&["consent_log"]).await.unwrap();
    assert_eq!(account(&record, "consent_log").consent_unreadable, 0);
    let fresh = shop.fresh();
    fresh.run(&[]).await.unwrap();
    assert_eq!(shop.contents().await, fresh.contents().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_audited_with_the_accounts_before_and_after() {
    let shop = Shop::new();
    let first = shop.run(&[]).await.unwrap();
    let record = shop.run(&["orders"]).await.unwrap();
    let events = shop.lake().audit().read_all().await.unwrap();
    let reload: Vec<_> = events.iter().filter(|event| event.record["event"] == "reload").collect();
    assert_eq!(reload.len(), 1);
    let event = &reload[0].record;
    assert_eq!((event["by"].as_str(), event["dataset"].as_str()), (Some("an operator"), Some("orders")));
    assert_eq!(event["run"], record.run.to_string());
    let replaced = event["replacement"]["files"].as_array().unwrap();
    assert_eq!(replaced.len(), 2);
    assert!(replaced.iter().all(|file| file["run"] == first.run.to_string()));
    assert_eq!(event["replacement"]["before"], event["replacement"]["after"]);
    let replacement = account(&record, "orders").replacement.unwrap();
    assert_eq!((replacement.cause, replacement.whole), (ReplacementCause::Reload, true));
    assert!(replacement.differences().is_empty());
    // The evidence holds: sums close, and every commit is in the log.
    let evidence = lakewarden_pipeline::examine_evidence(&shop.lake(), None).await.unwrap();
    assert!(evidence.findings.is_empty(), "{:?}", evidence.findings);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dataset_with_a_history_is_refused_until_the_history_may_go() {
    let shop = Shop::new();
    shop.replace(MEMBERS, "key: [member_no]\n", "key: [member_no]\ncorrections: keep_history\nsurvivor: last\n");
    shop.run(&[]).await.unwrap();
    shop.write("exports/members/c.csv", "member_no,email,phone,city\nM1,ada@example.com,+49 30 901820,Hamm\n");
    shop.run(&[]).await.unwrap();
    assert_eq!(shop.rows("members.history").await.len(), 1);
    let error = shop.run(&["members"]).await.unwrap_err();
    assert_eq!(error.code(), "LW6074");
    shop.replace(MEMBERS, "corrections: keep_history\n", "corrections: replace\n");
    let account = account(&shop.run(&["members"]).await.unwrap(), "members");
    assert_eq!((account.written, shop.rows("members.history").await.len()), (3, 0));
    assert!(shop.rows("members").await.iter().any(|row| row.contains("city=Hamm")));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_loaded_by_the_pipeline_cannot_be_named() {
    let shop = Shop::new();
    shop.run(&[]).await.unwrap();
    for (word, known) in [("order", "consent_log"), ("orders/nope.csv", "exports/orders/orders_2026-10.csv")] {
        let error = shop.run(&[word]).await.unwrap_err();
        assert_eq!((error.code(), error.is_refusal()), ("LW6071", false), "{error}");
        assert!(error.to_string().contains(word) && error.hint().unwrap().contains(known), "{error}");
    }
    // Before the first load there is nothing to replace, and everything to load.
    let fresh = shop.fresh();
    let record = fresh.run(&["orders"]).await.unwrap();
    assert!(account(&record, "orders").replacement.is_none());
}
