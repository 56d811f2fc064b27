use crate::support::{Place, expect};

#[test]
fn a_project_that_runs() {
    let place = Place::empty();
    expect(&place, "init_good", place.ends(0, &["init", "shop"]));
    for path in ["lakewarden.yaml", "schemas/purposes.yaml", "pipelines/shop/pipeline.yaml"] {
        assert!(place.path("shop").join(path).is_file(), "{path}");
    }
    place.good(&["--project", "shop", "check"]);
    place.good(&["--project", "shop", "keys", "init"]);
    place.good(&["--project", "shop", "run"]);
}

#[test]
fn nothing_is_overwritten() {
    let place = Place::project();
    expect(&place, "init_again", place.ends(2, &["init", "."]));
    let place = Place::empty();
    place.write("own/schemas/purposes.yaml", "mine");
    expect(&place, "init_taken", place.ends(2, &["init", "own"]));
    assert_eq!(place.read("own/schemas/purposes.yaml"), "mine");
    assert!(!place.path("own/lakewarden.yaml").exists());
}
