//! Another key: every pseudonym changes.

use crate::shop::{Shop, account};
use lakewarden_lake::Zone;

#[tokio::test(flavor = "multi_thread")]
async fn a_rotated_key_is_refused_until_everything_is_loaded_again() {
    for (other, code) in [((6, 2), "LW6070"), ((6, 1), "LW6007")] {
        let mut shop = Shop::new();
        shop.run(&[]).await.unwrap();
        let before = shop.contents().await;
        shop.key = other;
        let error = shop.run(&[]).await.unwrap_err();
        assert_eq!((error.code(), error.is_refusal()), (code, true));
        assert!(error.hint().unwrap().contains("lakewarden run --reload-all"), "{:?}", error.hint());
        // Not some: pseudonyms of one key match none of the other.
        for reload in [&["orders"][..], &["orders", "members", "calls"], &["consent_log"]] {
            assert_eq!(shop.run(reload).await.unwrap_err().code(), code, "{reload:?}");
        }
        assert_eq!(shop.run(&["orders/orders_2026-10.csv"]).await.unwrap_err().code(), code);
        assert_eq!(shop.contents().await, before);
        let record = shop.reload_all().await.unwrap();
        assert!(
            ["orders", "members", "calls", "consent_log"].iter().all(|set| account(&record, set).replacement.is_some())
        );
        let fresh = shop.fresh();
        fresh.run(&[]).await.unwrap();
        assert_eq!(shop.contents().await, fresh.contents().await);
        // The withdrawal is found, and what was rejected opens with the new key.
        assert!(!shop.contents().await["curated/customer_orders"].join("\n").contains("19.90"));
        let quarantine = shop.lake().table(Zone::Quarantine, "orders").await.unwrap().unwrap();
        assert_eq!(quarantine.rows(), 1);
        shop.run(&[]).await.unwrap();
        assert_eq!(shop.contents().await, fresh.contents().await);
    }
}
