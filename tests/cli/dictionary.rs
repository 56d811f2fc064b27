use crate::support::{Place, expect};

#[test]
fn an_export_that_nobody_described_gets_a_proposal() {
    let place = Place::project();
    let infer = ["dictionary", "infer", "exports/orders/orders_2026-09.csv"];
    expect(&place, "dictionary_infer_good", place.ends(0, &infer));
    // It is an entry that the check understands, and does not pass.
    place.write("schemas/channels/orders.yaml", &place.good(&infer).stdout);
    expect(&place, "dictionary_infer_unreviewed", place.ends(1, &["check"]));
}

#[test]
fn what_cannot_be_read_gets_none() {
    let place = Place::empty();
    expect(&place, "dictionary_infer_nothing", place.ends(2, &["dictionary", "infer", "nothing.csv"]));
    place.write("empty.csv", "");
    expect(&place, "dictionary_infer_empty", place.ends(1, &["dictionary", "infer", "empty.csv"]));
}

#[test]
fn a_proposal_is_written_and_added_to_a_pipeline() {
    let place = Place::project();
    let rows: String = (0..80).map(|i| format!("S{i:03},{},2026-09-{:02}\n", i % 7, i % 28 + 1)).collect();
    place.write("exports/stock/stock.csv", &format!("sku,on_hand,counted_on\n{rows}"));
    let before = place.read("pipelines/shop/pipeline.yaml");
    let infer = ["dictionary", "infer", "exports/stock/stock.csv", "--write", "--add-to", "shop"];
    expect(&place, "dictionary_infer_written", place.ends(0, &infer));
    let after = place.read("pipelines/shop/pipeline.yaml");
    let line = "  stock: exports/stock/stock.csv\n";
    assert_eq!(after.replace(line, ""), before, "nothing else of the file changes");
    assert!(after.contains(line), "{after}");

    // Neither file is touched again.
    expect(&place, "dictionary_infer_exists", place.ends(2, &infer));
    let other =
        ["dictionary", "infer", "exports/stock/stock.csv", "--dataset", "stock_two", "--write", "--add-to", "nowhere"];
    expect(&place, "dictionary_infer_no_pipeline", place.ends(2, &other));
    assert!(!place.path("schemas/channels/stock_two.yaml").exists());
    assert_eq!(place.read("pipelines/shop/pipeline.yaml"), after);

    let outside = ["dictionary", "infer", "exports/stock/stock.csv", "--dataset", "../../stock", "--write"];
    assert!(place.ends(2, &outside).contains("is no name of a dataset"));

    // One of several files of a folder stands for all of them, without --write as well.
    let month = |day: &str| format!("sku,on_hand,counted_on\nS001,4,2026-{day}\nS002,5,2026-{day}\n");
    place.write("exports/returns/returns_2026-09.csv", &month("09-01"));
    place.write("exports/returns/returns_2026-10.csv", &month("10-01"));
    let several = ["dictionary", "infer", "exports/returns/returns_2026-09.csv", "--add-to", "shop"];
    expect(&place, "dictionary_infer_several", place.ends(0, &several));
    let line = "  returns: exports/returns/*.csv\n";
    assert!(place.read("pipelines/shop/pipeline.yaml").contains(line));
    place.write("pipelines/shop/pipeline.yaml", &after);
    std::fs::remove_file(place.path("schemas/channels/returns.yaml")).unwrap();

    // Filled in and reviewed, it is loaded.
    let entry = place.read("schemas/channels/stock.yaml").replace("proposed: true\n", "");
    let filled: String = entry
        .lines()
        .map(|line| match line.find("'<fill in: ") {
            _ if line.starts_with("retention:") => "retention: P5Y\n".to_owned(),
            Some(at) => format!("{}answered\n", &line[..at]),
            None => format!("{line}\n"),
        })
        .collect();
    place.write("schemas/channels/stock.yaml", &filled);
    place.good(&["check"]);
    place.good(&["keys", "init"]);
    place.good(&["run", "--as-of", crate::support::AS_OF]);
    let described = place.json(0, &["describe", "stock"]);
    assert_eq!(described["stored"]["rows"], 80, "{described}");
}
