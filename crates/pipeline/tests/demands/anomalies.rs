//! Anomaly rules against what was planted, and against their definitions done by hand.

use crate::common::lake::rows;
use crate::market::{Draw, Market, ORDERS, Says, account};
use lakewarden_lake::Zone;
use lakewarden_pipeline::record::AnomalyAccount;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

const DAY: i64 = 86_400;

#[derive(Clone)]
struct Order {
    no: String,
    buyer: String,
    sku: String,
    cents: i64,
    refunded: i64,
    /// Seconds since the beginning of April 2026.
    at: i64,
}

fn time(at: i64) -> String {
    (chrono::DateTime::from_timestamp(1_775_001_600 + at, 0).unwrap()).format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

fn csv(orders: &[Order]) -> String {
    let money = |cents: i64| format!("{}.{:02}", cents / 100, cents % 100);
    let mut text = ORDERS.to_owned();
    for o in orders {
        writeln!(text, "{},{},{},{},{},{}", o.no, o.buyer, o.sku, money(o.cents), money(o.refunded), time(o.at))
            .unwrap();
    }
    text
}

/// The keys that a rule marked.
async fn marked(market: &Market, table: &str, key: &str, rule: &str) -> BTreeSet<String> {
    let rows = rows(&market.lake(), Zone::Conformed, table, |c| [key, "anomaly"].contains(&c)).await;
    rows.into_iter().filter(|cells| cells[1] == rule).map(|cells| cells[0].clone()).collect()
}

/// Precision and recall of what was marked, printed and held to these.
fn hold(what: &str, marked: &BTreeSet<String>, planted: &BTreeSet<String>, least: (f64, f64)) {
    let right = marked.intersection(planted).count() as f64;
    let (precision, recall) = (right / marked.len() as f64, right / planted.len() as f64);
    println!(
        "{what}: {} planted, {} marked, precision {precision:.3}, recall {recall:.3}",
        planted.len(),
        marked.len()
    );
    assert!(precision >= least.0 && recall >= least.1, "{what}: precision {precision}, recall {recall}");
}

const BRUSHING: &str = "\
anomalies:
  - { name: brushed, brushing: { by: buyer, at: at, within: PT1H, orders_at_least: 6, paid: paid, refunded: refunded, refunded_at_least: 90% } }
";

/// Ordinary buyers, some of whom buy much or refund much, and brushers. The second tells which orders were brushed.
fn brushed() -> (Vec<Order>, BTreeSet<String>) {
    let (mut draw, mut orders, mut truth) = (Draw(5), Vec::new(), BTreeSet::new());
    let mut order = |buyer: String, at: i64, refunds: bool, draw: &mut Draw| {
        let cents = 1000 + draw.below(50_000) as i64;
        let no = format!("O{}", orders.len());
        orders.push(Order {
            no: no.clone(),
            buyer,
            sku: "S1".to_owned(),
            cents,
            refunded: if refunds { cents } else { 0 },
            at,
        });
        no
    };
    for buyer in 0..400 {
        for _ in 0..1 + draw.below(12) {
            let (at, refunds) = (draw.below(60 * DAY as u64) as i64, draw.below(100) < 12);
            order(format!("ordinary{buyer}"), at, refunds, &mut draw);
        }
    }
    // Not brushing: a sale's burst that is kept; refunds of a return day spread over the day; five orders in a minute.
    for buyer in 0..30 {
        let start = draw.below(50 * DAY as u64) as i64;
        for n in 0..12 {
            order(format!("sale{buyer}"), start + n * 60, false, &mut draw);
            order(format!("returns{buyer}"), start + n * 1200, true, &mut draw);
        }
        for n in 0..5 {
            order(format!("five{buyer}"), start + n * 10, true, &mut draw);
        }
    }
    for brusher in 0..40 {
        let start = draw.below(50 * DAY as u64) as i64;
        let count = 8 + draw.below(20) as i64;
        for n in 0..count {
            // One in twenty is not refunded, which hides it.
            let refunds = draw.below(20) > 0;
            let no = order(format!("brusher{brusher}"), start + n * 120, refunds, &mut draw);
            truth.insert(no);
        }
    }
    (orders, truth)
}

/// The definition, done by hand: an order is marked if some hour holds it and five others that are refunded as it is.
fn bursts(orders: &[Order]) -> BTreeSet<String> {
    let mut by_buyer: BTreeMap<&str, Vec<&Order>> = BTreeMap::new();
    for order in orders.iter().filter(|o| o.cents > 0 && o.refunded * 10 >= o.cents * 9) {
        by_buyer.entry(&order.buyer).or_default().push(order);
    }
    let mut marked = BTreeSet::new();
    for own in by_buyer.values() {
        for first in own {
            let hour: Vec<_> = own.iter().filter(|o| (first.at..=first.at + 3600).contains(&o.at)).collect();
            if hour.len() >= 6 {
                marked.extend(hour.iter().map(|o| o.no.clone()));
            }
        }
    }
    marked
}

#[tokio::test(flavor = "multi_thread")]
async fn brushing_is_found_and_models_can_leave_it_out() {
    let honest = "SELECT o.customer_id, count(*) AS orders FROM orders o \
                  LEFT ANTI JOIN orders_anomalies a ON a.order_no = o.order_no GROUP BY o.customer_id";
    let market = Market::new(&Says { orders: BRUSHING, sql: Some(honest), ..Says::default() });
    assert_eq!(market.problems().await, [""; 0]);
    let (orders, truth) = brushed();
    // In two loads, which cut bursts apart: what comes later tells about what came before.
    let (first, second): (Vec<_>, Vec<_>) = orders.iter().cloned().enumerate().partition(|(n, _)| n % 3 == 0);
    let only = |part: Vec<(usize, Order)>| part.into_iter().map(|(_, order)| order).collect::<Vec<_>>();
    market.deliver("orders", "1.csv", &csv(&only(first.clone())));
    market.run(1).await;
    assert_eq!(marked(&market, "orders_anomalies", "order_no", "brushed").await, bursts(&only(first)));
    market.deliver("orders", "2.csv", &csv(&only(second)));
    let record = market.run(2).await;
    let found = marked(&market, "orders_anomalies", "order_no", "brushed").await;
    assert_eq!(found, bursts(&orders));
    hold("brushing", &found, &truth, (0.99, 0.93));

    let counts = account(&record, "orders").anomalies.clone();
    let of = orders.len() as u64;
    let rows = found.len() as u64;
    assert_eq!(counts, [AnomalyAccount { rule: "brushed".into(), kind: "brushing".into(), rows, of }]);
    assert_eq!(account(&record, "orders").written, of - of.div_ceil(3), "nothing is dropped");
    let buyers = market_orders(&market).await;
    assert_eq!(buyers, of - rows, "the model counts the others");
    // Where they come from is said as of every other table.
    let events = market.lake().lineage(record.run).await.unwrap();
    let outputs = events.iter().flat_map(|event| event["outputs"].as_array().into_iter().flatten());
    let marks = outputs.filter(|output| output["name"] == "conformed/orders_anomalies").collect::<Vec<_>>();
    assert_eq!(marks.len(), 1);
    assert_eq!(marks[0]["outputFacets"]["outputStatistics"]["rowCount"], rows);
    assert!(!marks[0]["facets"]["schema"]["fields"].as_array().unwrap().is_empty());
    // Nobody is told who it was: the table holds pseudonyms, as the orders do.
    let names = market.stored("orders_anomalies", &["buyer"]).await;
    assert!(names.len() == found.len() && names.iter().all(|name| !name.contains("brusher")), "{names:?}");
}

/// The orders that the model's table counts.
async fn market_orders(market: &Market) -> u64 {
    let rows = rows(&market.lake(), Zone::Curated, "buyers", |c| c == "orders").await;
    rows.iter().map(|cells| cells[0].parse::<u64>().unwrap()).sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_of_a_window_belongs_to_it() {
    let rule = BRUSHING.replace("orders_at_least: 6", "orders_at_least: 3");
    let market = Market::new(&Says { orders: &rule, ..Says::default() });
    let order = |no: &str, buyer: &str, at, cents, refunded| Order {
        no: no.into(),
        buyer: buyer.into(),
        sku: "S1".into(),
        cents,
        refunded,
        at,
    };
    let orders = [
        order("a1", "a", 0, 100, 100),
        order("a2", "a", 1800, 100, 100),
        order("a3", "a", 3600, 100, 90),
        order("a4", "a", 3601, 100, 89),
        order("b1", "b", 0, 100, 100),
        order("b2", "b", 1, 100, 100),
        order("b3", "b", 3601, 100, 100),
        order("c1", "c", 0, 0, 0),
        order("c2", "c", 0, 0, 0),
        order("c3", "c", 0, 0, 0),
        order("d1", "", 0, 100, 100),
        order("d2", "", 0, 100, 100),
        order("d3", "", 0, 100, 100),
        order("e1", "e", 7, 100, 100),
        order("e2", "e", 7, 100, 100),
        order("e3", "e", 7, 100, 100),
    ];
    market.deliver("orders", "1.csv", &csv(&orders));
    market.run(1).await;
    let found = marked(&market, "orders_anomalies", "order_no", "brushed").await;
    let found: Vec<&str> = found.iter().map(String::as_str).collect();
    assert_eq!(found, ["a1", "a2", "a3", "e1", "e2", "e3"], "nobody's orders are nobody's burst");
}

const OUTLIER: &str = "\
anomalies:
  - outlier: { amount: paid, by: sku, history_at_least: 20 }
";

#[tokio::test(flavor = "multi_thread")]
async fn amounts_far_outside_are_found() {
    let (mut draw, mut orders, mut planted) = (Draw(9), Vec::new(), BTreeSet::new());
    let mut order = |sku: String, cents: i64| {
        let no = format!("O{}", orders.len());
        orders.push(Order { no: no.clone(), buyer: "b".into(), sku, cents, refunded: 0, at: 0 });
        no
    };
    for product in 0..50 {
        let price = 2_000 + draw.below(80_000) as i64;
        // A few discounts of up to a third, drawn three times so that the middle is the most frequent.
        let sold = 60 + draw.below(200);
        for _ in 0..sold {
            let spread = (0..3).map(|_| draw.below(price as u64 / 9) as i64).sum::<i64>();
            order(format!("S{product}"), price + spread);
        }
        if product % 2 == 0 {
            planted.insert(order(format!("S{product}"), price * 8));
            planted.insert(order(format!("S{product}"), price / 9));
        }
    }
    // Always the same price but for one; always the same; and too few to say.
    (0..40).for_each(|_| drop(order("FIXED".into(), 1000)));
    planted.insert(order("FIXED".into(), 9000));
    (0..40).for_each(|_| drop(order("SAME".into(), 1000)));
    (0..18).for_each(|n| drop(order("RARE".into(), 1000 + n)));
    order("RARE".into(), 900_000);
    let market = Market::new(&Says { orders: OUTLIER, ..Says::default() });
    market.deliver("orders", "1.csv", &csv(&orders));
    market.run(1).await;
    let found = marked(&market, "orders_anomalies", "order_no", "outlier").await;
    assert_eq!(found, far_outside(&orders));
    hold("outlier", &found, &planted, (0.95, 1.0));
}

/// The definition, done by hand.
fn far_outside(orders: &[Order]) -> BTreeSet<String> {
    let median = |values: &mut Vec<f64>| {
        values.sort_by(f64::total_cmp);
        (values[(values.len() - 1) / 2] + values[values.len() / 2]) / 2.0
    };
    let mut by_sku: BTreeMap<&str, Vec<&Order>> = BTreeMap::new();
    orders.iter().for_each(|o| by_sku.entry(&o.sku).or_default().push(o));
    let mut marked = BTreeSet::new();
    for own in by_sku.values().filter(|own| own.len() >= 20) {
        let mut amounts: Vec<f64> = own.iter().map(|o| o.cents as f64 / 100.0).collect();
        let middle = median(&mut amounts);
        let mut distances: Vec<f64> = amounts.iter().map(|a| (a - middle).abs()).collect();
        let mean = distances.iter().sum::<f64>() / distances.len() as f64;
        let mad = median(&mut distances);
        let scale = if mad > 0.0 { mad / 0.6745 } else { 1.253_314 * mean };
        let far = |o: &&&Order| scale > 0.0 && ((o.cents as f64 / 100.0 - middle) / scale).abs() >= 3.5;
        marked.extend(own.iter().filter(far).map(|o| o.no.clone()));
    }
    marked
}

const TRY_ON: &str = "\
anomalies:
  - { name: only_tried, try_on: { by: buyer, at: at, event: event, product: sku, within: P7D } }
";

#[tokio::test(flavor = "multi_thread")]
async fn try_ons_that_no_purchase_followed_are_found() {
    let mut draw = Draw(21);
    let mut events = Vec::new();
    for n in 0..3000 {
        let event = ["try_on", "pay", "view"][draw.below(3) as usize];
        // Until three days before the run: the last try-ons may still be followed by a purchase.
        events.push((format!("E{n}"), draw.below(60), event, draw.below(6), draw.below(88 * DAY as u64) as i64));
    }
    let mut text = "event_id,buyer,event,sku,at\n".to_owned();
    for (id, buyer, event, sku, at) in &events {
        writeln!(text, "{id},b{buyer},{event},S{sku},{}", time(*at)).unwrap();
    }
    text.push_str("NOBODY,,try_on,S1,2026-04-03T00:00:00Z\nNOTHING,b1,try_on,,2026-04-03T00:00:00Z\n");
    let now = 91 * DAY;
    let expected: BTreeSet<String> = events
        .iter()
        .filter(|(_, buyer, event, sku, at)| {
            let bought = |other: &&(String, u64, &str, u64, i64)| {
                other.2 == "pay" && (other.1, other.3) == (*buyer, *sku) && (*at..=at + 7 * DAY).contains(&other.4)
            };
            *event == "try_on" && at + 7 * DAY <= now && !events.iter().any(|other| bought(&other))
        })
        .map(|(id, ..)| id.clone())
        .collect();
    let market = Market::new(&Says { events: TRY_ON, ..Says::default() });
    market.orders("1.csv", 0, 1);
    market.deliver("events", "1.csv", &text);
    market.run(1).await;
    let found = marked(&market, "events_anomalies", "event_id", "only_tried").await;
    println!("try_on: {} of {} events marked", found.len(), events.len());
    assert_eq!(found, expected);
    assert!(found.len() > 300);
}

#[tokio::test(flavor = "multi_thread")]
async fn marked_rows_are_withheld_as_the_rows_are() {
    let market = Market::new(&Says { orders: BRUSHING, ..Says::default() });
    market.deliver("orders", "1.csv", &csv(&brushed().0));
    market.run(1).await;
    let sql = "SELECT order_no FROM orders_anomalies";
    let asked = market.0.ask_as(sql, "service", Some("market"), crate::market::instant(1)).await.unwrap();
    assert!(!asked.is_empty());
    let purposes = "purposes: { service: { label: { zh: 服务, en: Service }, meaning: Orders. }, other: { label: { zh: 其他, en: Other }, meaning: Else. } }\n";
    market.write("schemas/purposes.yaml", purposes);
    let refused = market.0.ask_as(sql, "other", Some("market"), crate::market::instant(1)).await;
    assert!(refused.is_err(), "it serves what the orders serve, and nothing else");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_of_figures_can_leave_marked_rows_out_and_count_them() {
    let market = Market::new(&Says { orders: BRUSHING, ..Says::default() });
    market.by_product(
        "SELECT o.sku, count(*) FILTER (WHERE a.order_no IS NULL) AS orders, count(a.order_no) AS anomalous \
         FROM orders o LEFT JOIN orders_anomalies a ON a.order_no = o.order_no AND a.customer_id = o.customer_id GROUP BY o.sku",
    );
    assert_eq!(market.problems().await, [""; 0]);
    let (orders, _) = brushed();
    market.deliver("orders", "1.csv", &csv(&orders));
    market.run(1).await;
    let marked = bursts(&orders).len();
    let figures = rows(&market.lake(), Zone::Curated, "by_product", |_| true).await;
    assert_eq!(figures, [["S1".to_owned(), (orders.len() - marked).to_string(), marked.to_string()]]);

    market.by_product(
        "SELECT sku, count(*) AS orders, 0 AS anomalous FROM orders o \
         WHERE NOT EXISTS (SELECT 1 FROM orders_anomalies a WHERE a.order_no = o.order_no AND a.customer_id = o.customer_id) GROUP BY sku",
    );
    assert_eq!(market.problems().await, [""; 0]);
    market.run(2).await;
    let figures = rows(&market.lake(), Zone::Curated, "by_product", |_| true).await;
    assert_eq!(figures, [["S1".to_owned(), (orders.len() - marked).to_string(), "0".to_owned()]]);
}
