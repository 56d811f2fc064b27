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
fn a_project_is_what_the_user_says() {
    let place = Place::empty();
    let options = ["--name", "mine", "--key-file", "~/keys/mine.key", "--jurisdiction", "CN"];
    place.good(&[&["init", "own"][..], &options[..]].concat());
    let settings = place.read("own/lakewarden.yaml");
    for line in ["project: mine", "time_zone: Asia/Shanghai", "jurisdiction: CN", "key: { file: ~/keys/mine.key }"] {
        assert!(settings.contains(line), "{settings}");
    }
    place.good(&["--project", "own", "check"]);
    assert!(place.read("own/.gitignore").contains("/exports/"));
    // Two projects of one name never share a key.
    place.good(&["init", "a/shop"]);
    place.good(&["init", "b/shop"]);
    assert_ne!(place.read("a/shop/lakewarden.yaml"), place.read("b/shop/lakewarden.yaml"));
    let retail = place.json(0, &["init", "retail", "--template", "retail"]);
    assert_eq!(retail["template"], "retail");
    place.good(&["--project", "retail", "check"]);
    for key in ["own2/keys/a.key", "keys/a.key", "./a.key"] {
        expect(&place, "init_key_inside", place.ends(2, &["init", "own2", "--key-file", key]).replace(key, "[KEY]"));
    }
}

#[cfg(unix)]
#[test]
fn a_key_inside_the_project_or_lake_is_refused() {
    let place = Place::keyed();
    let (declared, settings) = (place.declared_key(), place.read("lakewarden.yaml"));
    std::os::unix::fs::symlink(&place.dir, place.dir.parent().unwrap().join("link")).unwrap();
    let inside = [
        place.path("a.key").display().to_string(),
        place.path("lake/a.key").display().to_string(),
        place.path("../link/a.key").display().to_string(),
        "~/../work/shop/a.key".to_owned(),
    ];
    for key in inside {
        place.write("lakewarden.yaml", &settings.replace(&declared, &key));
        let said = place.say(&["check"]);
        assert_eq!(said.code, 1, "{key}");
        assert!(said.stderr.contains("LW1300") || said.stdout.contains("LW1300"), "{key}: {}", said.stderr);
    }
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
