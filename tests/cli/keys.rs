use crate::support::{Place, expect};
use std::fs;

#[test]
fn made_once_and_never_overwritten() {
    let place = Place::project();
    expect(&place, "keys_good", place.ends(0, &["keys", "init"]));
    let key = fs::read(place.key()).unwrap();
    assert_eq!(key.len(), 45); // 32 bytes in base64 and a line break
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(place.key()).unwrap().permissions().mode() & 0o777, 0o600);
    }
    expect(&place, "keys_again", place.ends(2, &["keys", "init"]));
    assert_eq!(key, fs::read(place.key()).unwrap());
}

#[test]
fn printed_for_a_secret_store() {
    let place = Place::empty();
    let said = place.good(&["keys", "init", "--print"]);
    assert_eq!((said.stdout.len(), said.stderr.as_str()), (45, ""));
    assert_ne!(said.stdout, place.good(&["keys", "init", "--print"]).stdout);
    assert_eq!(place.json(0, &["keys", "init", "--print"])["key"].as_str().unwrap().len(), 44);
}

#[test]
fn nowhere_to_write_it() {
    let place = Place::empty();
    expect(&place, "keys_nowhere", place.ends(2, &["keys", "init"]));
    let place = Place::project();
    let declared = format!("{{ file: {} }}", place.declared_key());
    place.edit("lakewarden.yaml", &declared, "{ env: FIRST_SHOP_KEY }");
    expect(&place, "keys_elsewhere", place.ends(2, &["keys", "init"]));
    expect(&place, "keys_both", place.ends(2, &["keys", "init", "--print", "--file", "k"]));
}
