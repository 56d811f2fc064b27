use crate::support::{Place, expect};

#[test]
fn the_whole_way() {
    let place = Place::empty();
    let said = place.good(&["demo", "out", "--customers", "40"]);
    assert!(said.stderr.contains("  publish   lake") && said.stderr.contains("report: "), "{}", said.stderr);
    assert_eq!(said.stdout, "");
    for path in
        ["exports", "truth", "../out.keys/demo.key", "lakewarden.yaml", "lake/curated/customer_master/_delta_log"]
    {
        assert!(place.path("out").join(path).exists(), "{path}");
    }
    assert!(!place.path("out/lake/keys").exists());
    let report = place.read("out/report.html");
    assert!(report.len() > 20_000, "{} bytes", report.len());
    for part in ["<svg", "customer_master", "pos_sales", "quarantin"] {
        assert!(report.contains(part), "no {part} in the report");
    }
    for part in ["src=\"http", "href=\"http", "@import", "url(http"] {
        assert!(!report.contains(part), "{part}: the report asks the network");
    }
    // What it wrote itself it may write again, and is as any other project.
    let again = place.json(0, &["demo", "out", "--customers", "40"]);
    assert_eq!(again["run"]["outcome"], "published");
    let keys: Vec<&String> = again.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["project", "report", "run"]); // as docs/reference/json.md says
    place.good(&["--project", "out", "check"]);
    place.good(&["--project", "out", "status"]);
}

#[test]
fn a_folder_with_something_else_in_it() {
    let place = Place::empty();
    place.write("own/letter.txt", "mine");
    expect(&place, "demo_taken", place.ends(2, &["demo", "own"]));
    assert_eq!(place.read("own/letter.txt"), "mine");
}
