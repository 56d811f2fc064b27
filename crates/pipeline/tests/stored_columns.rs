//! What the lake stores is seen as the dictionary declares it today, or not at all.
#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

mod common;

use common::{Shop, as_of, keys};
use lakewarden_pipeline::record::{Outcome, WithoutSubject};
use lakewarden_pipeline::{PipelineError, check};
use std::fs;

const VISITS: &str = "dataset: visits
label: { zh: 访问, en: Visits }
meaning: One visit.
source: Door
owner: door@example.com
update_frequency: daily
format: { container: csv }
purposes: { analytics: legitimate_interests, accounting: legal_obligation }
subject: none
subject_reason: The door asks for no name.
fields:
  - { name: name, label: { zh: 名, en: Name }, meaning: Who., type: string, identifier: quasi, category: user.name, treatment: keep }
  - { name: born, label: { zh: 生, en: Born }, meaning: When., type: date, identifier: quasi, category: user.demographic.date_of_birth, treatment: keep }
  - { name: illness, label: { zh: 病, en: Illness }, meaning: What., type: string, identifier: none, category: user.health_and_medical, treatment: keep }
  - { name: paid, label: { zh: 付, en: Paid }, meaning: How much., type: integer, identifier: none, treatment: keep }
";

const SHOPS: &str = "dataset: shops
label: { zh: 店, en: Shops }
meaning: One shop.
source: List
owner: shops@example.com
update_frequency: daily
format: { container: csv }
fields:
  - { name: code, label: { zh: 码, en: Code }, meaning: Code., type: string, identifier: none, treatment: keep }
  - { name: rent, label: { zh: 租, en: Rent }, meaning: Rent., type: integer, identifier: none, treatment: keep }
";

const RENTS: &str = "table: rents
label: { zh: 租, en: Rents }
meaning: One shop.
owner: shops@example.com
update_frequency: daily
purpose: analytics
grain: code
columns:
  - { name: code, label: { zh: 码, en: Code }, meaning: Code., type: string, identifier: none }
  - { name: rent, label: { zh: 租, en: Rent }, meaning: Rent., type: integer, identifier: none, statistical_period: as_of }
";

const FILES: [(&str, &str); 9] = [
    (
        "lakewarden.yaml",
        "project: door\nlake: ./lake\ntime_zone: UTC\nconsent_log: none\nconsent_log_reason: Invented people refuse nothing.\nreplay_purposes: [analytics, accounting]\n",
    ),
    (
        "schemas/purposes.yaml",
        "purposes:\n  analytics: { label: { zh: 分析, en: Analytics }, meaning: How it goes. }\n  accounting: { label: { zh: 账, en: Books }, meaning: The books. }\n",
    ),
    ("schemas/channels/visits.yaml", VISITS),
    ("schemas/channels/shops.yaml", SHOPS),
    ("schemas/curated/rents.yaml", RENTS),
    (
        "pipelines/door/pipeline.yaml",
        "pipeline: door\nlabel: { zh: 门, en: Door }\nchannels: { visits: exports/visits/*, shops: exports/shops/* }\n",
    ),
    ("pipelines/door/models/rents.sql", "SELECT code, sum(rent) AS rent FROM shops GROUP BY code\n"),
    ("exports/visits/a.csv", "name,born,illness,paid\nAda,1980-02-03,asthma,5\nBea,1991-12-31,none,6\n"),
    ("exports/shops/a.csv", "code,rent\nS1,100\nS2,110\n"),
];

const NAME: &str = "identifier: quasi, category: user.name, treatment: keep";

fn write(shop: &Shop, path: &str, text: &str) {
    fs::create_dir_all(shop.path(path).parent().unwrap()).unwrap();
    fs::write(shop.path(path), text).unwrap();
}

/// The project, run once.
async fn loaded() -> Shop {
    let shop = Shop::bare();
    FILES.iter().for_each(|(path, text)| write(&shop, path, text));
    let record = shop.run_as("door", &keys(), as_of()).await.unwrap();
    assert_eq!(record.outcome, Outcome::Published);
    let listed = WithoutSubject { dataset: "visits".into(), reason: "The door asks for no name.".into() };
    assert_eq!(record.without_subject, [listed]);
    shop
}

/// Changes the declaration of the visits, and asks.
async fn asked(shop: &Shop, good: &str, bad: &str, sql: &str) -> Result<Vec<String>, PipelineError> {
    assert!(VISITS.contains(good));
    write(shop, "schemas/channels/visits.yaml", &VISITS.replace(good, bad));
    shop.ask_as(sql, "analytics", None, as_of()).await
}

fn code(found: Result<Vec<String>, PipelineError>) -> &'static str {
    found.unwrap_err().code()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_column_that_is_no_longer_declared_is_no_column() {
    let shop = loaded().await;
    assert_eq!(shop.ask_as("SELECT name FROM visits", "analytics", None, as_of()).await.unwrap(), ["Ada", "Bea"]);
    let line = VISITS.lines().find(|line| line.contains("name: name")).unwrap();
    let dropped = line.replace("treatment: keep", "treatment: drop");
    for (good, bad) in [(format!("{line}\n"), String::new()), (line.to_owned(), dropped)] {
        let all = asked(&shop, &good, &bad, "SELECT * FROM visits").await.unwrap();
        assert_eq!(all, ["1980-02-03|asthma|5", "1991-12-31|none|6"], "{bad}");
        for sql in [
            "SELECT name FROM visits",
            "SELECT illness FROM visits WHERE name = 'Ada'",
            "WITH v AS (SELECT * FROM visits) SELECT name FROM v",
            "SELECT v.name FROM (SELECT * FROM visits) v",
            "SELECT count(DISTINCT name) FROM visits",
            "SELECT illness FROM visits ORDER BY name",
            "SELECT illness FROM visits a WHERE EXISTS (SELECT 1 FROM visits b WHERE b.name = a.name)",
        ] {
            let error = asked(&shop, &good, &bad, sql).await.unwrap_err();
            assert!(error.to_string().contains("name"), "{sql}: {error}");
            assert_eq!(error.code(), "LW6014", "{sql}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_column_that_is_declared_otherwise_is_refused() {
    let shop = loaded().await;
    let masked = NAME.replace("treatment: keep", "treatment: { mask: { keep_first: 1 } }");
    let error = asked(&shop, NAME, &masked, "SELECT name FROM visits").await.unwrap_err();
    assert_eq!(error.code(), "LW2022");
    let text = "column name of visits is stored with treatment `keep`; the dictionary now declares `{mask: {keep_first: 1, keep_last: 0}}`";
    assert_eq!(error.to_string(), text);
    // Of a relation whose meaning is not certain nothing is read, whichever columns are asked for.
    assert_eq!(code(asked(&shop, NAME, &masked, "SELECT count(*) FROM visits").await), "LW2022");
    for (good, bad) in [
        (NAME, NAME.replace("treatment: keep", "treatment: redact")),
        ("type: date", "type: string".to_owned()),
        ("type: date", "type: timestamp".to_owned()),
        (
            "category: user.demographic.date_of_birth, treatment: keep",
            "category: user.demographic.date_of_birth, treatment: { generalise: year }".to_owned(),
        ),
        ("type: integer", "type: double".to_owned()),
        ("type: integer", "type: 'decimal(10, 2)'".to_owned()),
    ] {
        assert_eq!(code(asked(&shop, good, &bad, "SELECT * FROM visits").await), "LW2022", "{bad}");
        // A run would publish what is made of such columns.
        assert_eq!(shop.run_as("door", &keys(), as_of()).await.unwrap_err().code(), "LW2022", "{bad}");
    }
    // As it was declared it is read again.
    assert_eq!(asked(&shop, NAME, NAME, "SELECT sum(paid) FROM visits").await.unwrap(), ["11"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn purposes_are_those_of_today() {
    let shop = loaded().await;
    let fewer = asked(&shop, "analytics: legitimate_interests, ", "", "SELECT illness FROM visits").await;
    assert!(fewer.unwrap_err().to_string().contains("may not be used for purpose"));
    let field = "identifier: none, category: user.health_and_medical, treatment: keep";
    let own = format!("{field}, purposes: [accounting]");
    assert_eq!(code(asked(&shop, field, &own, "SELECT illness FROM visits").await), "LW3111");
    assert_eq!(asked(&shop, field, &own, "SELECT sum(paid) FROM visits").await.unwrap(), ["11"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_from_before_a_pseudonym_was_declared_are_not_about_nobody() {
    let shop = loaded().await;
    let declared = VISITS.replace("subject: none\nsubject_reason: The door asks for no name.\n", "")
        + "  - { name: phone, label: { zh: 机, en: Phone }, meaning: Whose., type: string, identifier: direct, category: user.contact.phone_number, treatment: { pseudonymise: phone }, optional: true }\n";
    write(&shop, "schemas/channels/visits.yaml", &declared);
    let pipeline = fs::read_to_string(shop.path("pipelines/door/pipeline.yaml")).unwrap();
    write(&shop, "pipelines/door/pipeline.yaml", &(pipeline + "identity: { link_on: [phone] }\n"));
    assert!(check(&shop.open()).await.unwrap().is_empty());
    assert_eq!(code(shop.ask_as("SELECT illness FROM visits", "analytics", None, as_of()).await), "LW2023");
    assert_eq!(shop.run_as("door", &keys(), as_of()).await.unwrap_err().code(), "LW2023");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_curated_table_has_the_columns_of_its_entry() {
    let shop = loaded().await;
    let ask = async |sql: &'static str| shop.ask_as(sql, "analytics", None, as_of()).await;
    assert_eq!(ask("SELECT * FROM rents").await.unwrap().len(), 2);
    let rent = RENTS.lines().find(|line| line.contains("name: rent")).unwrap();
    write(&shop, "schemas/curated/rents.yaml", &RENTS.replace(&format!("{rent}\n"), ""));
    let mut codes = ask("SELECT * FROM rents").await.unwrap();
    codes.sort_unstable();
    assert_eq!(codes, ["S1", "S2"]);
    assert_eq!(code(ask("SELECT rent FROM rents").await), "LW6014");
    write(&shop, "schemas/curated/rents.yaml", &RENTS.replace("name: rent,", "name: cost,"));
    assert_eq!(code(ask("SELECT cost FROM rents").await), "LW2022");
    write(&shop, "schemas/curated/rents.yaml", &RENTS.replace("type: integer", "type: double"));
    assert_eq!(code(ask("SELECT rent FROM rents").await), "LW2022");
}
