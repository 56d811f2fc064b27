//! Lakes of versions that noted the treatments of their last load, and no declarations.

use crate::shop::{ORDERS, Till};
use lakewarden_pipeline::{ChangeKind, Decision};
use serde_json::{Value, json};
use std::fs;

/// Takes out of the only commit of the orders what such a version did not write.
fn forget_declarations(till: &Till) {
    let log = till.0.path("lake/conformed/orders/_delta_log/00000000000000000000.json");
    let text = fs::read_to_string(&log).unwrap();
    let mut forgotten = 0;
    let lines: Vec<String> = (text.lines())
        .map(|line| {
            let mut line: Value = serde_json::from_str(line).unwrap();
            if let Some(info) = line.get_mut("commitInfo").and_then(Value::as_object_mut) {
                forgotten += usize::from(info.remove("lakewarden.declarations").is_some());
                let treatments = json!({
                    "order_no": "keep", "phone": { "pseudonymise": { "fixed": "phone" } }, "city": "keep",
                    "gender": "keep", "amount": "keep", "ordered_at": "keep"
                });
                info.insert("lakewarden.treatments".to_owned(), treatments);
                let files = info["lakewarden.files"].as_array_mut().unwrap();
                files.iter_mut().for_each(|file| drop(file.as_object_mut().unwrap().remove("declaration")));
            }
            line.to_string()
        })
        .collect();
    assert_eq!(forgotten, 1);
    fs::write(log, lines.join("\n")).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_known_of_older_rows_is_compared() {
    let till = Till::loaded().await;
    forget_declarations(&till);
    till.expect_same().await;
    let city = "meaning: Where., type: string, identifier: none, treatment: keep";
    let redacted = city.replace("treatment: keep", "treatment: redact");
    let found = async |edits: &[(&str, &str)]| {
        till.declare(edits);
        let (_, changes) = till.check(None).await;
        changes.iter().map(|c| (c.change, c.decision, c.rows)).collect::<Vec<_>>()
    };
    assert_eq!(found(&[(city, &redacted)]).await, [(ChangeKind::TreatmentChanged, Decision::Refused, 2)]);
    assert_eq!(till.run().await.unwrap_err().code(), "LW2022");
    assert_eq!(found(&[("'decimal(10, 2)'", "double")]).await, [(ChangeKind::TypeChanged, Decision::Refused, 2)]);
    assert_eq!(found(&[("name: city", "name: town")]).await, [(ChangeKind::FieldRenamed, Decision::Refused, 2)]);
    assert_eq!(found(&[("normalise: phone", "normalise: email")]).await, [], "how it was read is not known");
    // What is known of them stays known beside what is noted of new rows.
    till.declare(&[]);
    till.write(
        "exports/orders/b.csv",
        "order_no,phone,city,gender,amount,ordered_at\nO9,13512345678,Bath,f,1.00,2026-05-01 10:00\n",
    );
    till.run().await.unwrap();
    till.expect_same().await;
    assert_eq!(found(&[(city, &redacted)]).await, [(ChangeKind::TreatmentChanged, Decision::Refused, 3)]);
    assert_eq!(
        found(&[("normalise: phone", "normalise: email")]).await,
        [(ChangeKind::PseudonymChanged, Decision::Refused, 1)]
    );
    let score = "  - { name: score, label: { zh: 分, en: Score }, meaning: Score., type: integer, identifier: none, treatment: keep }\n";
    till.write("schemas/channels/orders.yaml", &format!("{ORDERS}{score}"));
    let (_, changes) = till.check(None).await;
    assert_eq!(changes.iter().map(|c| (c.change, c.rows)).collect::<Vec<_>>(), [(ChangeKind::FieldAdded, 3)]);
}
