//! Identifiers that identify no person, values that are set to null, and orders that name the buyer once.
#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

mod common;

use common::*;
use lakewarden_dictionary::*;
use lakewarden_extract::{FileAccount, KeySet, UnreadLog};

fn orders() -> Dataset {
    let text = |name: &str| field(name, DataType::String);
    let paid = field("paid", DataType::Decimal { precision: 10, scale: 2 }).required();
    let buyer = text("buyer").token("tmall_buyer", Normaliser::Identifier);
    let phone = text("phone").token("phone", Normaliser::Phone);
    let fields = vec![text("order_no").required(), buyer, phone, paid];
    let mut orders = dataset("orders", Container::Csv, Encoding::Utf8, fields);
    orders.key = vec![here("order_no".into())];
    orders
}

fn absence<'d>(dataset: &'d mut Dataset, name: &str) -> &'d mut Absence {
    &mut dataset.fields.iter_mut().find(|f| f.name.value == name).unwrap().values.absence
}

fn set_null(account: &FileAccount) -> Vec<(String, String, u64)> {
    let counts = account.set_null.iter();
    counts.map(|(reason, count)| (reason.field.clone().unwrap(), reason.rule.to_string(), *count)).collect()
}

fn counts(expected: &[(&str, &str, u64)]) -> Vec<(String, String, u64)> {
    expected.iter().map(|(field, rule, count)| ((*field).to_owned(), (*rule).to_owned(), *count)).collect()
}

fn token(domain: &str, value: &str) -> String {
    ring().tokeniser(domain).token_of(value)
}

const ORDERS: &str = "order_no,buyer,phone,paid\n\
    1,b1,138****1234,10.00\n2,b2,13800000000,20.00\n3,null,13187013211,30.00\n4,,,40.00\n5,王**,无,50.00\n6,b6,13187013212,60.00\n";

#[test]
fn masked_values_and_placeholders_are_absent_and_the_row_stays() {
    let found = run(&orders(), &[file("a.csv", ORDERS)]).unwrap();
    assert_eq!(found.column("paid"), ["10.00", "20.00", "30.00", "40.00", "50.00", "60.00"]);
    let phones = [None, None, Some("+8613187013211"), None, None, Some("+8613187013212")];
    let phones = phones.map(|phone| phone.map_or("-".to_owned(), |phone| token("phone", phone)));
    assert_eq!(found.column("phone"), phones);
    let buyers = [Some("b1"), Some("b2"), None, None, None, Some("b6")];
    let buyers = buyers.map(|buyer| buyer.map_or("-".to_owned(), |buyer| token("tmall_buyer", buyer)));
    assert_eq!(found.column("buyer"), buyers);
    assert_eq!(found.column(UNIDENTIFIED_COLUMN), ["true", "true", "true", "-", "true", "-"]);
    let expected =
        [("buyer", "masked", 1), ("buyer", "placeholder", 1), ("phone", "masked", 1), ("phone", "placeholder", 2)];
    assert_eq!(set_null(&found.accounts[0]), counts(&expected));
}

#[test]
fn what_counts_as_absent_is_declared() {
    let mut strict = orders();
    absence(&mut strict, "phone").masked = Some(here(Masked::Quarantine));
    absence(&mut strict, "buyer").masked = Some(here(Masked::Keep));
    absence(&mut strict, "buyer").absent = vec![here("B2".into())];
    absence(&mut strict, "buyer").only_listed = true;
    let found = run(&strict, &[file("a.csv", ORDERS)]).unwrap();
    assert_eq!(found.refused(), [("1".to_owned(), "phone".to_owned(), "masked".to_owned())]);
    let buyers = [None, Some("null"), None, Some("王**"), Some("b6")];
    let buyers = buyers.map(|buyer| buyer.map_or("-".to_owned(), |buyer| token("tmall_buyer", buyer)));
    assert_eq!(found.column("buyer"), buyers);
    assert_eq!(set_null(&found.accounts[0]), counts(&[("buyer", "placeholder", 1), ("phone", "placeholder", 2)]));
}

#[test]
fn a_placeholder_in_a_field_that_is_required_is_none() {
    let mut members = orders();
    members.fields[1].rules = vec![here(Rule::Required).into()];
    let found = run(&members, &[file("a.csv", ORDERS)]).unwrap();
    let refused: Vec<String> = found.refused().into_iter().map(|(row, _, rule)| format!("{row} {rule}")).collect();
    assert_eq!(refused, ["3 required", "4 required", "5 required"]);
    assert_eq!(set_null(&found.accounts[0]), counts(&[("phone", "masked", 1), ("phone", "placeholder", 1)]));
}

#[test]
fn a_value_that_breaks_a_rule_is_set_to_null_if_that_is_declared() {
    let text = "order_no,buyer,phone,paid,coupon\n1,b1,not a phone,1.00,A1\n2,b2,13187013211,2.00,zz\n3,b3,13187013212,3.00,A2\n";
    let mut sales = orders();
    let mut coupon = field("coupon", DataType::String);
    coupon.rules = vec![FieldRule {
        rule: here(Rule::Matches("A[0-9]".into())),
        on_failure: OnFailure::SetNull,
        name: Some(here("known_coupon".into())),
    }];
    sales.fields.push(coupon);
    let strict = run(&sales, &[file("a.csv", text)]).unwrap();
    assert_eq!(strict.refused(), [("1".to_owned(), "phone".to_owned(), "phone".to_owned())]);
    assert_eq!(strict.column("coupon"), ["-", "A2"]);
    absence(&mut sales, "phone").on_invalid = Some(here(OnInvalid::SetNull));
    let found = run(&sales, &[file("a.csv", text)]).unwrap();
    assert!(found.refused().is_empty());
    assert_eq!(found.column("coupon"), ["A1", "-", "A2"]);
    assert_eq!(found.column("phone")[0], "-");
    assert_eq!(found.column(UNIDENTIFIED_COLUMN), ["true", "-", "-"], "a coupon identifies no one");
    assert_eq!(set_null(&found.accounts[0]), counts(&[("coupon", "known_coupon", 1), ("phone", "phone", 1)]));
}

#[test]
fn a_number_that_does_not_parse_is_set_to_null_if_that_is_declared() {
    let mut sales = orders();
    sales.fields[3] = field("paid", DataType::Decimal { precision: 10, scale: 2 });
    absence(&mut sales, "paid").on_invalid = Some(here(OnInvalid::SetNull));
    let found = run(&sales, &[file("a.csv", "order_no,buyer,phone,paid\n1,b1,,free\n2,b2,,2.00\n")]).unwrap();
    assert_eq!(found.column("paid"), ["-", "2.00"]);
    assert_eq!(found.column(UNIDENTIFIED_COLUMN), ["-", "-"]);
    assert_eq!(set_null(&found.accounts[0]), counts(&[("paid", "type", 1)]));
}

#[test]
fn a_placeholder_in_a_consent_log_names_no_one() {
    let text = |name: &str| field(name, DataType::String).required();
    let mut id = text("id_token");
    id.treatment = Treatment::Pseudonymise(TokenDomain::ByField("id_type".into()));
    id.normalise = Normaliser::Identifier;
    let kinds = Rule::In(["phone", "member_no"].map(str::to_owned).to_vec());
    let at = field("at", DataType::Timestamp).required();
    let fields = vec![text("id_type").rule(kinds), id, text("purpose"), text("action"), at];
    let mut log = dataset("consents", Container::Csv, Encoding::Utf8, fields);
    log.role = DatasetRole::ConsentLog;
    let csv = "id_type,id_token,purpose,action,at\n\
        phone,13800000000,analytics,grant,2024-01-01 10:00:00\n\
        member_no,null,analytics,withdraw,2024-01-01 10:00:00\n\
        phone,138****1234,analytics,withdraw,2024-01-01 10:00:00\n\
        member_no,13800000000,analytics,grant,2024-01-01 10:00:00\n";
    let mut unread = UnreadLog::default();
    let found = run_logged(&log, &[file("a.csv", csv)], 2, 2, &mut KeySet::new(SEED), &mut unread, as_of()).unwrap();
    assert_eq!(found.column("id_token"), [token("member_no", "13800000000")], "of a member it may be the number");
    let account = &found.accounts[0];
    assert_eq!((account.unread, account.unread_nobody, account.nobody_at), (3, 3, Some(1)));
}

const LINES: &str = "order_no,buyer,phone,paid,sku\n\
    1001,ada,13187013211,10.00,TEE\n1001,,,5.00,SOCK\n1001,,,7.00,HAT\n\
    1002,ben,,100.00,COAT\n1002,,,20.00,BELT\n1003,,,1.00,BAG\n1003,,,2.00,PEN\n1004,eve,,3.00,CAP\n";

fn lines() -> Dataset {
    let mut lines = orders();
    lines.fields.push(field("sku", DataType::String).required());
    lines.key = vec![here("order_no".into()), here("sku".into())];
    lines
}

fn filled(columns: &[&str]) -> Dataset {
    let mut lines = lines();
    for column in columns {
        absence(&mut lines, column).fill = Some(here(Fill::DownWithin(vec!["order_no".into()])));
    }
    lines
}

#[test]
fn lines_of_an_order_take_the_buyer_from_its_first() {
    for batch_rows in [1, 2, 3, 100] {
        for workers in [1, 3] {
            let dataset = filled(&["buyer", "phone"]);
            let files = [file("a.csv", LINES)];
            let found = run_with(&dataset, &files, batch_rows, workers, &mut KeySet::new(SEED)).unwrap();
            let [ada, ben, eve] = ["ada", "ben", "eve"].map(|buyer| token("tmall_buyer", buyer));
            let none = || "-".to_owned();
            let buyers = [ada.clone(), ada.clone(), ada, ben.clone(), ben, none(), none(), eve];
            assert_eq!(found.column("buyer"), buyers, "{batch_rows}");
            let phone = token("phone", "+8613187013211");
            let phones = [phone.clone(), phone.clone(), phone, none(), none(), none(), none(), none()];
            assert_eq!(found.column("phone"), phones, "{batch_rows}");
            assert!(found.refused().is_empty());
        }
    }
}

#[test]
fn a_line_without_a_person_next_to_one_with_is_refused() {
    for batch_rows in [1, 2, 3, 100] {
        let files = [file("a.csv", LINES)];
        let found = run_with(&lines(), &files, batch_rows, 2, &mut KeySet::new(SEED)).unwrap();
        let refused: Vec<String> = found.refused().into_iter().map(|(row, ..)| row).collect();
        assert_eq!(refused, ["2", "3", "5"], "{batch_rows}");
        assert!(found.refused().iter().all(|(_, field, rule)| (field.as_str(), rule.as_str()) == ("buyer", "fill")));
        assert_eq!(found.column("sku"), ["TEE", "COAT", "BAG", "PEN", "CAP"], "order 1003 is about no one");
    }
}

#[test]
fn the_person_may_be_on_the_last_line() {
    let csv = "order_no,buyer,phone,paid,sku\n1,,,1.00,A\n1,,,1.00,B\n1,ada,,1.00,C\n2,,,1.00,A\n";
    for batch_rows in [1, 2, 100] {
        let dataset = if batch_rows == 2 { filled(&["buyer"]) } else { lines() };
        let found = run_with(&dataset, &[file("a.csv", csv)], batch_rows, 2, &mut KeySet::new(SEED)).unwrap();
        let refused: Vec<String> = found.refused().into_iter().map(|(row, ..)| row).collect();
        assert_eq!(refused, ["1", "2"], "{batch_rows}");
    }
}

#[test]
fn lines_that_do_not_follow_their_first_are_refused() {
    let csv = "order_no,buyer,phone,paid,sku\n1,ada,,1.00,A\n2,ben,,1.00,A\n1,,,1.00,B\n1,,,1.00,C\n2,ben,,1.00,B\n2,,,1.00,C\n";
    for batch_rows in [1, 2, 100] {
        let found =
            run_with(&filled(&["buyer"]), &[file("a.csv", csv)], batch_rows, 2, &mut KeySet::new(SEED)).unwrap();
        let refused: Vec<String> = found.refused().into_iter().map(|(row, ..)| row).collect();
        assert_eq!(refused, ["3", "4"], "{batch_rows}");
        let [ada, ben] = ["ada", "ben"].map(|buyer| token("tmall_buyer", buyer));
        assert_eq!(found.column("buyer"), [ada, ben.clone(), ben.clone(), ben], "{batch_rows}");
    }
}

#[test]
fn rows_that_stand_alone_are_declared() {
    let mut alone = lines();
    absence(&mut alone, "buyer").fill = Some(here(Fill::None));
    let found = run(&alone, &[file("a.csv", LINES)]).unwrap();
    assert_eq!((found.refused().len(), found.accounts[0].written), (0, 8));
    // The last part of the key is the order's number: each row is an order.
    let mut receipts = lines();
    receipts.key = vec![here("sku".into()), here("order_no".into())];
    let csv = "order_no,buyer,phone,paid,sku\n1,ada,,1.00,A\n2,,,1.00,A\n3,,,1.00,A\n";
    assert!(run(&receipts, &[file("a.csv", csv)]).unwrap().refused().is_empty());
}

#[test]
fn what_different_people_share_is_no_order() {
    let mut days = lines();
    days.fields[0] = field("shop", DataType::String).required();
    days.key = vec![here("shop".into()), here("sku".into())];
    let csv = "shop,buyer,phone,paid,sku\nS1,ada,,1.00,1\nS1,,,1.00,2\nS1,ben,,1.00,3\nS1,,,1.00,4\n";
    assert!(run(&days, &[file("a.csv", csv)]).unwrap().refused().is_empty());
}

#[test]
fn json_lines_of_an_order_are_watched_too() {
    let mut json = lines();
    json.format = Format::new(Container::Ndjson);
    let text = "{\"order_no\":\"1\",\"buyer\":\"ada\",\"paid\":\"1.00\",\"sku\":\"A\",\"phone\":\"\"}\n\
        {\"order_no\":\"1\",\"buyer\":\"\",\"paid\":\"1.00\",\"sku\":\"B\",\"phone\":null}\n";
    let found = run(&json, &[file("a.ndjson", text)]).unwrap();
    assert_eq!(found.refused(), [("2".to_owned(), "buyer".to_owned(), "fill".to_owned())]);
}

#[test]
fn a_line_with_neither_number_nor_person_belongs_to_the_order_before() {
    // Of merged cells only the first line has a value.
    let csv = "order_no,buyer,phone,paid,sku\n,,,0.50,Z\n1,ada,,1.00,A\n,,,2.00,B\n,,,3.00,C\n2,,,4.00,A\n,,,5.00,B\n3,eve,,6.00,A\n,ben,,7.00,B\n";
    for batch_rows in [1, 2, 3, 100] {
        let mut merged = lines();
        (merged.key, merged.fields[0].rules) = (vec![], vec![]);
        let found = run_with(&merged, &[file("a.csv", csv)], batch_rows, 2, &mut KeySet::new(SEED)).unwrap();
        let refused = found.refused();
        assert!(refused.iter().all(|(_, field, rule)| (field.as_str(), rule.as_str()) == ("buyer", "fill")));
        let refused: Vec<String> = refused.into_iter().map(|(row, ..)| row).collect();
        assert_eq!(refused, ["3", "4"], "{batch_rows}: order 2 is about no one, the last row about somebody else");
    }
}

#[test]
fn what_is_left_out_of_a_line_names_no_one() {
    let csv = "order_no,buyer,phone,paid,sku\n1,ada,,1.00,A\n1,-,,1.00,B\n1,N/A,N/A,1.00,C\n2,,13187013211,1.00,A\n2,,138****1234,1.00,B\n2,,keine Nummer,1.00,C\n2,,12,1.00,D\n3,王**,,1.00,A\n3,-,,1.00,B\n";
    for batch_rows in [1, 2, 100] {
        let mut dataset = lines();
        absence(&mut dataset, "phone").on_invalid = Some(here(OnInvalid::SetNull));
        let found = run_with(&dataset, &[file("a.csv", csv)], batch_rows, 2, &mut KeySet::new(SEED)).unwrap();
        let refused: Vec<_> = found.refused().into_iter().map(|(row, _, rule)| (row, rule)).collect();
        let expected = ["2", "3", "5", "6", "7"].map(|row| (row.to_owned(), "fill".to_owned()));
        assert_eq!(refused, expected, "{batch_rows}");
        // With a placeholder on a further line, `fill` leaves it what it is; its row is not about no one either.
        let mut dataset = filled(&["buyer", "phone"]);
        absence(&mut dataset, "phone").on_invalid = Some(here(OnInvalid::SetNull));
        let found = run_with(&dataset, &[file("a.csv", csv)], batch_rows, 2, &mut KeySet::new(SEED)).unwrap();
        let skus = found.column("sku").join("");
        assert_eq!(found.refused().len() + skus.len(), 9);
        assert!(!found.refused().is_empty());
    }
}

#[test]
fn the_first_order_of_a_file_may_have_begun_in_the_file_before() {
    let first = "order_no,buyer,phone,paid,sku\n1,ada,,1.00,A\n2,ben,,1.00,A\n";
    let second = "order_no,buyer,phone,paid,sku\n2,,,1.00,B\n2,,,1.00,C\n3,,,1.00,A\n3,,,1.00,B\n";
    for batch_rows in [1, 2, 100] {
        let files = [file("a.csv", first), file("b.csv", second)];
        let found = run_with(&filled(&["buyer"]), &files, batch_rows, 2, &mut KeySet::new(SEED)).unwrap();
        let refused: Vec<_> = found.refused().into_iter().map(|(row, _, rule)| (row, rule)).collect();
        assert_eq!(refused, ["1", "2"].map(|row| (row.to_owned(), "fill".to_owned())), "{batch_rows}");
        // Where no person is filled, nothing is at stake.
        let found = run_with(&filled(&["paid"]), &files, batch_rows, 2, &mut KeySet::new(SEED)).unwrap();
        assert!(found.refused().is_empty(), "{batch_rows}");
    }
}
