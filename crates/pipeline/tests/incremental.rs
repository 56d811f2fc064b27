//! However the files arrive, the lake ends the same; what arrived already is known; and the past can be asked again.
#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

mod common;

use chrono::{DateTime, TimeZone, Utc};
use common::lake::{lake, rows};
use common::{Shop, files_below, keys};
use lakewarden_lake::Zone;
use lakewarden_pipeline::record::Outcome;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

const CURATED: [&str; 5] = ["sales", "customer_master", "customer_rfm", "channel_monthly", "data_asset_value"];

/// In which delivery a file comes: that of the last month in its name; files without one come first, what is late or
/// sent again comes last.
fn delivery(path: &std::path::Path, months: &[String]) -> usize {
    let name = path.file_name().unwrap().to_str().unwrap();
    if name.contains("late") || name.contains("resent") {
        return months.len();
    }
    if let Some(part) = name.strip_prefix("part-") {
        return part[..5].parse().unwrap();
    }
    months.iter().rposition(|month| name.contains(month.as_str())).unwrap_or_else(|| {
        // Yearly files come at their year's end.
        months.iter().rposition(|month| name.contains(&month[..4])).unwrap_or(0)
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn month_by_month_ends_as_all_at_once() {
    let at_once = Shop::with_sample(400, true);
    let in_parts = Shop::empty();
    let from = at_once.path("exports");
    let months: Vec<String> = (3..21).map(|n| format!("{}-{:02}", 2025 + n / 12, n % 12 + 1)).collect();
    let mut deliveries: BTreeMap<usize, Vec<PathBuf>> = BTreeMap::new();
    let mut channels = BTreeSet::new();
    for path in files_below(&from) {
        // A channel that is declared must have a file: the first of each comes at once.
        let number = if channels.insert(path.parent().unwrap().to_owned()) { 0 } else { delivery(&path, &months) };
        deliveries.entry(number).or_default().push(path);
    }
    assert_eq!(deliveries.len(), 19, "eighteen months, and what is late");
    at_once.run("retail").await.unwrap();

    let mut runs = 0;
    for (number, files) in deliveries {
        for file in files {
            let to = in_parts.path("exports").join(file.strip_prefix(&from).unwrap());
            fs::create_dir_all(to.parent().unwrap()).unwrap();
            fs::copy(&file, to).unwrap();
        }
        let record = in_parts.run("retail").await.unwrap();
        assert_eq!(record.outcome, Outcome::Published, "delivery {number}");
        runs += 1;
    }
    assert_eq!(runs, 19);

    let (one, other) = (lake(&at_once), lake(&in_parts));
    let tables = one.tables(Zone::Conformed).await.unwrap();
    for zone in [Zone::Conformed, Zone::Quarantine] {
        for table in &tables {
            if one.table(zone, table).await.unwrap().is_none() {
                continue;
            }
            // Where a rejected row stood, why; its sealed content has another nonce in every run. Files have the numbers of
            // the order that they came in.
            let open = |column: &str| {
                !["quarantined_at", "_source_file"].contains(&column)
                    && (zone == Zone::Conformed || !["nonce", "sealed", "run"].contains(&column))
            };
            let (a, b) = (rows(&one, zone, table, open).await, rows(&other, zone, table, open).await);
            assert!(a == b, "{zone}.{table}: {} rows at once, {} in parts", a.len(), b.len());
        }
    }
    let renamed = same_customers(&one, &other).await;
    for table in CURATED {
        // Parquet files of other sizes, and `over_collected_fields`, which is of the last load.
        let same = |column: &str| table != "data_asset_value" || !["bytes", "over_collected_fields"].contains(&column);
        let mut a = rows(&one, Zone::Curated, table, same).await;
        let b = rows(&other, Zone::Curated, table, same).await;
        for cell in a.iter_mut().flatten() {
            if let Some(name) = renamed.get(cell) {
                cell.clone_from(name);
            }
        }
        a.sort();
        let differ: Vec<_> = a.iter().filter(|row| b.binary_search(row).is_err()).collect();
        assert!(
            a.len() == b.len() && differ.is_empty(),
            "{table}: {} of {} rows differ: {:?} of {:?}",
            differ.len(),
            a.len(),
            differ.first(),
            b.iter().find(|row| a.binary_search(row).is_err())
        );
    }

    assert_eq!(in_parts.run("retail").await.unwrap().outcome, Outcome::Unchanged);
    the_same_bytes_under_another_name(&in_parts).await;
}

/// Both lakes put the same pseudonyms together. A customer keeps the id of the run that first saw it, while at once it
/// gets that of its earliest pseudonym: answers the ids that differ, those at once → those in parts.
async fn same_customers(one: &lakewarden_lake::Lake, other: &lakewarden_lake::Lake) -> BTreeMap<String, String> {
    let mut groups: Vec<BTreeMap<String, String>> = Vec::new();
    for lake in [one, other] {
        let members =
            rows(lake, Zone::Identity, "retail_customer_identity", |c| ["token", "customer_id"].contains(&c)).await;
        let of = |row: &Vec<String>| {
            let (id, token): (Vec<_>, Vec<_>) = row.iter().cloned().partition(|cell| cell.starts_with('c'));
            (token[0].clone(), id[0].clone())
        };
        groups.push(members.iter().map(of).collect());
    }
    let [a, b] = <[_; 2]>::try_from(groups).unwrap();
    assert!(a.len() > 1_000 && a.keys().eq(b.keys()), "the same pseudonyms");
    let pairs: BTreeSet<(&String, &String)> = a.iter().map(|(token, id)| (id, &b[token])).collect();
    let (left, right): (BTreeSet<_>, BTreeSet<_>) = pairs.iter().copied().unzip();
    assert_eq!((left.len(), right.len()), (pairs.len(), pairs.len()), "the same groups of pseudonyms");
    let renamed: BTreeMap<String, String> =
        pairs.iter().filter(|(x, y)| x != y).map(|(x, y)| ((*x).clone(), (*y).clone())).collect();
    assert!(renamed.len() * 2 < pairs.len(), "{} of {} customers have another id", renamed.len(), pairs.len());
    renamed
}

async fn the_same_bytes_under_another_name(shop: &Shop) {
    let first = &files_below(&shop.path("exports/pos_sales"))[0];
    fs::copy(first, shop.path("exports/pos_sales/pos_sales_again.csv")).unwrap();
    assert_eq!(shop.run("retail").await.unwrap().outcome, Outcome::Unchanged);
    // Even in a run that has something to do.
    let later = common::as_of() + chrono::TimeDelta::days(1);
    let record = shop.run_as("retail", &keys(), later).await.unwrap();
    assert_eq!(record.outcome, Outcome::Published);
    let sales = record.datasets.iter().find(|d| d.dataset == "pos_sales").unwrap();
    assert!(sales.already_loaded.contains(&"exports/pos_sales/pos_sales_again.csv".to_owned()));
    assert_eq!((sales.read, sales.files.len()), (0, 0));
}

const VISITS: &str = "dataset: visits
label: { zh: 到店, en: Visits }
meaning: One visit of one member.
source: Door
owner: door@lakewarden.example
update_frequency: daily
format: { container: csv, encoding: utf8 }
key: [member_no, visited_at]
event_time: visited_at
retention: P30Y
purposes: { analytics: consent }
fields:
  - name: member_no
    label: { zh: 会员卡号, en: Membership number }
    meaning: The card shown at the door.
    type: string
    identifier: direct
    category: user.unique_id
    treatment: { pseudonymise: member_no }
    normalise: identifier
    rules: [required]
  - name: visited_at
    label: { zh: 时间, en: Visited at }
    meaning: When.
    type: timestamp
    identifier: none
    category: user.behavior
    treatment: keep
    rules: [required]
";

const VISITORS: &str = "table: visitors
label: { zh: 访客, en: Visitors }
meaning: One row per customer who visited.
owner: door@lakewarden.example
update_frequency: daily
purpose: analytics
lawful_basis: consent
subject: customer_id
grain: [customer_id]
retention: P30Y
columns:
  - name: customer_id
    label: { zh: 客户, en: Customer }
    meaning: The customer.
    type: string
    identifier: quasi
    pseudonym: true
    category: user.unique_id.pseudonymous
    source: visits.customer_id
    tests: [required, unique]
  - name: visits
    label: { zh: 次数, en: Visits }
    meaning: How often.
    type: integer
    unit: visits
    identifier: none
    statistical_period: lifetime
    source: visits.visited_at
    tests: [required]
";

const PIPELINE: &str = "pipeline: door
label: { zh: 门, en: Door }
channels: { visits: 'exports/visits/*', consent_log: 'exports/consent_log/*' }
identity: { link_on: [member_no], max_links: 8 }
";

/// A project of one dataset and its consent log.
fn door() -> Shop {
    let shop = Shop::empty();
    let schemas = shop.path("schemas");
    let consent = fs::read_to_string(schemas.join("channels/consent_log.yaml")).unwrap();
    let consent = consent.replace(", phone, unionid, email, openid, app_user_id, device_id, tmall_buyer", "");
    for folder in ["schemas/channels", "schemas/curated", "pipelines"] {
        fs::remove_dir_all(shop.path(folder)).unwrap();
        fs::create_dir_all(shop.path(folder)).unwrap();
    }
    let write = |path: &str, text: &str| {
        fs::create_dir_all(shop.path(path).parent().unwrap()).unwrap();
        fs::write(shop.path(path), text).unwrap();
    };
    write("schemas/channels/consent_log.yaml", &consent);
    write("schemas/channels/visits.yaml", VISITS);
    write("schemas/curated/visitors.yaml", VISITORS);
    write("pipelines/door/pipeline.yaml", PIPELINE);
    let model =
        "SELECT customer_id, count(*) AS visits FROM visits WHERE customer_id IS NOT NULL GROUP BY customer_id\n";
    write("pipelines/door/models/visitors.sql", model);
    write(
        "exports/visits/visits.csv",
        "member_no,visited_at\nM1,2025-01-02 10:00:00\nM1,2025-01-03 10:00:00\nM2,2025-01-02 11:00:00\nM3,2025-01-02 12:00:00\n",
    );
    // M1 agrees and withdraws in June; M2 agrees in June; M3 agreed throughout.
    write(
        "exports/consent_log/log.csv",
        "id_type,id_value,purpose,action,at,channel,notice_version,jurisdiction\n\
         member_no,M1,analytics,grant,2025-01-01T00:00:00+08:00,shop,1,CN\n\
         member_no,M1,analytics,withdraw,2025-06-01T00:00:00+08:00,shop,1,CN\n\
         member_no,M2,analytics,grant,2025-06-01T00:00:00+08:00,shop,1,CN\n\
         member_no,M3,analytics,grant,2025-01-01T00:00:00+08:00,shop,1,CN\n",
    );
    shop
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_as_of_an_earlier_instant_uses_the_consent_known_then() {
    let shop = door();
    let before = Utc.with_ymd_and_hms(2025, 5, 31, 15, 59, 59).unwrap();
    let at = before + chrono::TimeDelta::seconds(1);
    let visits_of = async |instant: DateTime<Utc>| -> Vec<String> {
        let record = shop.run_as("door", &keys(), instant).await.unwrap();
        assert_eq!(record.outcome, Outcome::Published);
        let table = rows(&lake(&shop), Zone::Curated, "visitors", |c| c == "visits").await;
        // A question judges people as of now, whatever was built: M1 withdrew, M2 and M3 agree.
        let asked = shop.ask_as("SELECT visits FROM visitors ORDER BY 1", "analytics", Some("door"), instant).await;
        let built: Vec<String> = table.into_iter().flatten().collect();
        assert!(asked.unwrap().iter().all(|visits| visits == "1"), "M1's two visits are withheld");
        built
    };
    assert_eq!(visits_of(before).await, ["1", "2"], "M3 once, M1 twice");
    assert_eq!(visits_of(at).await, ["1", "1"], "M1 withdrew, M2 agreed");
    assert_eq!(visits_of(before).await, ["1", "2"], "as it was known then");
    // A run that was killed after it had published, and before it could say so, leaves no record of itself.
    assert_eq!(visits_of(at).await, ["1", "1"]);
    let unrecorded = lake(&shop).runs(1).await.unwrap().remove(0).run;
    fs::remove_file(shop.path(&format!("lake/_lakewarden/runs/{unrecorded}.json"))).unwrap();
    assert_eq!(visits_of(before).await, ["1", "2"], "though the last record is of this instant");
    let earliest = Utc.with_ymd_and_hms(2024, 12, 31, 15, 59, 59).unwrap();
    assert!(visits_of(earliest).await.is_empty(), "nobody had agreed yet");
}
