use crate::support::{AS_OF, Place, expect};
use std::fs;

const RUN: &[&str] = &["run", "--as-of", AS_OF];
const ORDERS: &str = "exports/orders/orders_2026-09.csv";

#[test]
fn once_and_again() {
    let place = Place::keyed();
    expect(&place, "run_good", place.ends(0, RUN));
    let report = place.read("report.html");
    assert!(report.starts_with("<!DOCTYPE html>") && report.contains("customer_orders"));
    let tables = place.tables();
    expect(&place, "run_again", place.ends(0, RUN));
    assert_eq!(tables, place.tables());
}

#[test]
fn a_run_says_which_consent_counted() {
    let place = Place::keyed();
    let ran = |more: &[&str]| place.json(0, &[RUN, more].concat());
    let now = ran(&[]);
    assert_eq!((&now["consent"], &now["outcome"]), (&"now".into(), &"published".into()));
    assert!(now["judged_at"].as_str().is_some_and(|at| at > AS_OF), "{now}");
    assert_eq!(ran(&[])["outcome"], "unchanged");

    const REPLAY: &[&str] = &["run", "--as-of", AS_OF, "--consent", "known-then"];
    expect(&place, "run_replay_refused", place.ends(1, REPLAY));
    place.edit("lakewarden.yaml", "jurisdiction: ", "replay_purposes: [analytics]\njurisdiction: ");
    let replay = place.json(0, REPLAY);
    assert_eq!((&replay["consent"], &replay["judged_at"]), (&"then".into(), &serde_json::Value::Null));
    assert!(place.ends(0, &["plan", "--as-of", AS_OF]).contains("the last run was a replay"));
}

#[test]
fn those_who_agreed_are_in_the_table_and_nobody_else() {
    let place = Place::published();
    let sql = "SELECT orders, spent FROM customer_orders ORDER BY spent";
    let answer = place.json(0, &["query", sql, "--purpose", "analytics"]);
    // Ada and Ben. Cleo took her consent back; the line whose amount is no number is in quarantine.
    assert_eq!(
        answer["rows"],
        serde_json::json!([{ "orders": 2, "spent": "51.40" }, { "orders": 1, "spent": "149.00" }])
    );
}

#[test]
fn values_that_are_set_to_null_and_lines_that_name_no_one_are_told() {
    let place = Place::keyed();
    place.edit(
        ORDERS,
        "1004,ada@example.com",
        "1006,z***@example.com,2026-09-15 12:00:00,TEE-RED-M,5.00\n1007,noreply@example.com,2026-09-15 12:00:00,TEE,6.00\n\
         1008,ben@example.com,2026-09-15 12:00:00,TEE,7.00\n1008,,2026-09-15 12:00:00,HAT,8.00\n1004,ada@example.com",
    );
    let said = place.good(RUN);
    for line in [
        "set to null: orders: 1 value of `email` (masked)",
        "set to null: orders: 1 value of `email` (placeholder)",
        "warning[LW6060]: orders: 1 row went to quarantine without a person, although another row of the same order names one",
    ] {
        assert!((said.stdout.clone() + &said.stderr).contains(line), "{line}\n{}{}", said.stdout, said.stderr);
    }
    let status = place.json(0, &["status"]);
    let orders = status["runs"][0]["datasets"].as_array().unwrap().iter().find(|d| d["dataset"] == "orders").unwrap();
    let expected = serde_json::json!([
        { "field": "email", "rule": "masked", "values": 1 },
        { "field": "email", "rule": "placeholder", "values": 1 },
    ]);
    assert_eq!(orders["set_null"], expected);
    let report = place.read("report.html");
    assert!(report.contains("identifiers with hidden characters"), "the report tells of them");
}

#[test]
fn no_identifier_is_said_or_stored() {
    let place = Place::keyed();
    let said = place.ends(0, &["run", "--format", "json"]) + &place.ends(0, &["status"]);
    let mut stored = place.tables();
    crate::support::files(&place.path("lake/_lakewarden"), &mut stored);
    assert!(stored.len() > 10);
    for person in ["ada@", "ben@", "cleo@", "nineteen"] {
        assert!(!said.to_lowercase().contains(person), "{person} was said");
        assert!(!place.read("report.html").to_lowercase().contains(person), "{person} is in the report");
        for (path, bytes) in &stored {
            let text = String::from_utf8_lossy(bytes).to_lowercase();
            assert!(!text.contains(person), "{person} is in {}", path.display());
        }
    }
}

/// Spoils a published project, runs it, and sees that its tables are as they were.
fn refused(name: &str, code: i32, spoil: impl FnOnce(&Place)) {
    let place = Place::published();
    let before = place.tables();
    assert!(!before.is_empty());
    spoil(&place);
    expect(&place, name, place.ends(code, RUN));
    assert_eq!(before, place.tables());
}

#[test]
fn a_folder_that_is_not_there() {
    refused("run_no_folder", 2, |place| fs::remove_dir_all(place.path("exports/orders")).unwrap());
}

#[test]
fn an_empty_folder() {
    refused("run_empty_folder", 2, |place| fs::remove_file(place.path(ORDERS)).unwrap());
}

#[test]
fn an_empty_file() {
    refused("run_empty_file", 1, |place| place.write("exports/orders/orders_2026-10.csv", ""));
}

#[test]
fn an_export_without_a_header() {
    refused("run_no_header", 1, |place| {
        let text = place.read(ORDERS);
        place.write("exports/orders/orders_2026-10.csv", text.split_once('\n').unwrap().1);
    });
}

#[test]
fn an_export_without_a_column() {
    refused("run_no_column", 1, |place| {
        place.write("exports/orders/orders_2026-10.csv", &place.read(ORDERS).replace("ordered_at", "order_time"));
    });
}

#[test]
fn no_key() {
    refused("run_no_key", 2, |place| fs::remove_file(place.key()).unwrap());
}

#[test]
fn another_key() {
    refused("run_other_key", 1, |place| {
        fs::remove_file(place.key()).unwrap();
        place.good(&["keys", "init"]);
    });
}

#[cfg(unix)]
#[test]
fn a_key_that_others_may_read() {
    use std::os::unix::fs::PermissionsExt;
    refused("run_open_key", 2, |place| {
        fs::set_permissions(place.key(), fs::Permissions::from_mode(0o644)).unwrap();
    });
}

#[test]
fn a_project_that_does_not_compile() {
    refused("run_problems", 1, |place| place.edit("schemas/channels/orders.yaml", "owner: shop", "ownr: shop"));
}

#[test]
fn a_damaged_parquet_file_is_one_error_without_its_bytes() {
    let place = Place::published();
    let before = place.tables();
    place.edit("schemas/channels/orders.yaml", "container: csv,", "container: csv, accept: [parquet],");
    let mut bytes = b"PAR1".to_vec();
    bytes.extend((0..400_u32).map(|i| (i * 31 % 251) as u8));
    bytes.extend([200, 0, 0, 0]);
    bytes.extend(b"PAR1");
    fs::write(place.path("exports/orders/damaged.parquet"), bytes).unwrap();
    expect(&place, "run_damaged", place.ends(1, RUN));
    assert_eq!(before, place.tables());
}

#[test]
fn quiet_and_logged() {
    let place = Place::keyed();
    let said = place.good(&["run", "--as-of", AS_OF]);
    let first = said.stderr.lines().next().unwrap();
    assert!(first.starts_with("20") && first.get(10..11) == Some("T") && first.contains("+0"), "{first}");
    let said = place.good(&["run", "--as-of", "2026-10-02", "--quiet"]);
    assert_eq!((said.stdout.as_str(), said.stderr.as_str()), ("", ""));
}

#[test]
fn a_report_is_checked_before_the_run_and_kept() {
    let place = Place::keyed();
    place.write("mine.txt", "mine");
    expect(&place, "run_report_taken", place.ends(2, &["run", "--as-of", AS_OF, "--report", "mine.txt"]));
    assert!(!place.path("lake/conformed").exists());
    assert_eq!(place.say(&["run", "--report", "none/r.html"]).code, 2);
    place.good(&["run", "--as-of", AS_OF]);
    place.good(&["run", "--as-of", "2026-10-02"]);
    assert_eq!(std::fs::read_dir(place.path("reports")).unwrap().count(), 2);
    let before = place.read("report.html");
    place.good(&["run", "--as-of", AS_OF, "--lake", "other"]);
    assert_eq!(place.read("report.html"), before, "another lake's report is not overwritten");
}

/// What a reader of one language sees of a report: the text between tags.
fn seen(report: &str, language: &str) -> String {
    let article = &report[report.find(&format!("<article class=\"{language}\"")).unwrap()..];
    let article = &article[..article.find("</article>").unwrap()];
    let pieces = article.split('<').skip(1).filter_map(|piece| piece.split_once('>')).map(|(_, text)| text.trim());
    pieces.filter(|text| !text.is_empty()).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_failed_run_leaves_a_report_of_why_and_of_the_lake_as_it_is() {
    let place = Place::published();
    let good = seen(&place.read("report.html"), "en");
    assert!(good.contains("The lake now") && good.contains("by this run"), "{good}");
    let text = place.read(ORDERS);
    let (header, _) = text.split_once('\n').unwrap();
    let lacking = header.replace("ordered_at", "ordred_at");
    place.write("exports/orders/orders_2026-10.csv", &format!("{lacking}\n"));
    let said = place.say(&["run", "--as-of", "2026-10-02"]);
    assert_eq!(said.code, 1);
    assert!(said.stderr.ends_with("report: report.html\n"), "{}", said.stderr);
    let report = place.read("report.html");
    let (en, zh) = (seen(&report, "en"), seen(&report, "zh"));
    for told in ["LW4007", "lacks column `ordered_at`", "optional: true", "Nothing was published", "Rows in the lake"] {
        assert!(en.contains(told), "{told}: {en}");
    }
    assert!(zh.contains("失败原因") && zh.contains("数据湖现状"), "{zh}");
    // What is in the lake is shown as unchanged, with its people, who are too few to be counted out.
    let rows = |report: &str| report.lines().skip_while(|l| *l != "Rows in the lake").nth(1).unwrap().to_owned();
    assert_eq!(rows(&en), rows(&good));
    assert!(!en.lines().any(|line| line.starts_with('+')), "{en}");
    assert!(en.contains("&lt;\u{a0}5"), "{en}");
    assert_eq!(std::fs::read_dir(place.path("reports")).unwrap().count(), 2, "one a run");
}

#[test]
fn a_run_that_could_not_begin_leaves_a_report_with_the_places_to_fix() {
    let place = Place::published();
    place.edit("schemas/channels/orders.yaml", "owner: shop", "ownr: shop");
    assert_eq!(place.say(&["run", "--as-of", AS_OF, "--language", "en", "--report", "failed.html"]).code, 1);
    let report = place.read("failed.html");
    assert!(report.contains("<html lang=\"en\">"));
    let en = seen(&report, "en");
    for told in ["LW6001", "schemas/channels/orders.yaml:5:1", "LW1003", "unknown key `ownr`", "did you mean `owner`?"]
    {
        assert!(en.contains(told), "{told}: {en}");
    }
    assert!(en.contains("Rows in the lake"), "{en}");
    // Without a pipeline there is no run, and nothing to report.
    let before = std::fs::read_dir(place.path("reports")).unwrap().count();
    assert_eq!(place.say(&["run", "--pipeline", "none"]).code, 2);
    assert_eq!(std::fs::read_dir(place.path("reports")).unwrap().count(), before);
}
