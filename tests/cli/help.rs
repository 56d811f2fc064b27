use crate::support::{Place, expect};

#[test]
fn each_command_explains_itself() {
    let place = Place::empty();
    let mut all = String::new();
    let commands: &[&[&str]] = &[
        &[],
        &["demo"],
        &["init"],
        &["check"],
        &["plan"],
        &["run"],
        &["status"],
        &["ledger"],
        &["doctor"],
        &["vacuum"],
        &["query"],
        &["sample"],
        &["quarantine", "list"],
        &["quarantine", "show"],
        &["quarantine", "release"],
        &["quarantine", "discard"],
        &["drift", "show"],
        &["dictionary", "infer"],
        &["keys", "init"],
    ];
    for command in commands {
        let mut arguments = command.to_vec();
        arguments.push("-h");
        all += &place.ends(0, &arguments);
        all += "\n";
    }
    expect(&place, "help", all.replace(".exe", ""));
}

#[test]
fn what_is_not_understood() {
    let place = Place::empty();
    expect(&place, "help_unknown", place.ends(2, &["rum"]));
}
