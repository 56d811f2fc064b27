//! Completes excerpts: what a case is not about (labels, meanings, owners) is put behind what it says, so that every
//! line and column that it writes stays where it is.

use std::collections::BTreeMap;

/// The files of a project, by path.
pub type Files = BTreeMap<String, String>;

const CONSENT_LOG: &str = "\
fields:
  - { name: id_type, type: string, rules: [required] }
  - { name: id_value, column: id_token, type: string, identifier: direct, treatment: { pseudonymise: { by_field: id_type } }, normalise: identifier, rules: [required] }
  - { name: purpose, type: string, rules: [required] }
  - { name: action, type: string, rules: [required, { in: [grant, withdraw, restrict, lift_restriction, gpc, no_effect] }] }
  - { name: at, type: timestamp, rules: [required] }
  - { name: jurisdiction, type: string, optional: true }
";

/// Adds the files and keys that are left out.
pub fn complete(mut files: Files) -> Files {
    files.entry("lakewarden.yaml".to_owned()).or_default();
    files.entry("pipelines/shop/pipeline.yaml".to_owned()).or_default();
    // A case without a log is not about refusals.
    let has_log = |text: &String| {
        text.lines().any(|line| matches!(line.trim_end(), "role: consent_log" | "role: suppression_list"))
    };
    let has_log = files.iter().any(|(path, text)| stem(path, "schemas/channels/").is_some() && has_log(text));
    let datasets: Vec<String> = files.keys().filter_map(|p| stem(p, "schemas/channels/")).map(str::to_owned).collect();
    for (path, text) in &mut files {
        let yaml = std::mem::take(text);
        *text = match path.as_str() {
            "lakewarden.yaml" => {
                let none = [("consent_log", "none"), ("consent_log_reason", "Example.")];
                let none = if has_log { &none[..0] } else { &none[..] };
                with_keys(
                    yaml,
                    &[&[("project", "policy-case"), ("lake", "./lake"), ("time_zone", "UTC")], none].concat(),
                )
            }
            "pipelines/shop/pipeline.yaml" => {
                let channels: Vec<String> = datasets.iter().map(|d| format!("{d}: exports/{d}/*")).collect();
                let channels = format!("{{ {} }}", channels.join(", "));
                with_keys(yaml, &[("pipeline", "shop"), ("label", LABEL), ("channels", &channels)])
            }
            "schemas/purposes.yaml" => each_entry(&yaml),
            _ => match (stem(path, "schemas/channels/"), stem(path, "schemas/curated/")) {
                (Some(name), _) => dataset(yaml, name),
                (_, Some(name)) => table(yaml, name),
                _ => yaml,
            },
        };
    }
    files
}

const LABEL: &str = "{ zh: 例, en: Example }";

fn stem<'a>(path: &'a str, folder: &str) -> Option<&'a str> {
    path.strip_prefix(folder)?.strip_suffix(".yaml")
}

fn dataset(mut yaml: String, name: &str) -> String {
    if says(&yaml, "role: consent_log") && !has_key(&yaml, "fields") {
        newline(&mut yaml);
        yaml.push_str(CONSENT_LOG);
    }
    let yaml = each_item(&yaml, |item| {
        let mut more = vec![("label", LABEL), ("meaning", "Example.")];
        match value(item, "identifier") {
            None => more.extend([("identifier", "none"), ("treatment", "keep")]),
            Some("none") => more.push(("treatment", "keep")),
            Some(_) => more.push(("category", "user.behavior")),
        }
        more
    });
    let texts = [("meaning", "Example."), ("source", "Example"), ("owner", "owner@example.com")];
    let more = [("dataset", name), ("label", LABEL), ("update_frequency", "daily"), ("format", "{ container: csv }")];
    with_keys(yaml, &[&more[..], &texts[..]].concat())
}

fn table(yaml: String, name: &str) -> String {
    let yaml = each_item(&yaml, |item| {
        let mut more = vec![("label", LABEL), ("meaning", "Example.")];
        match value(item, "identifier") {
            None => more.push(("identifier", "none")),
            Some("none") => {}
            Some(_) => more.push(("category", "user.behavior")),
        }
        if value(item, "type")
            .is_some_and(|t| ["integer", "double"].contains(&t) || t.trim_start_matches('\'').starts_with("decimal"))
        {
            more.push(("statistical_period", "lifetime"));
        }
        more
    });
    let texts = [("label", LABEL), ("meaning", "Example."), ("owner", "owner@example.com")];
    with_keys(yaml, &[&[("table", name), ("update_frequency", "daily")][..], &texts[..]].concat())
}

fn says(yaml: &str, line: &str) -> bool {
    yaml.lines().any(|l| l.trim_end() == line)
}

fn has_key(yaml: &str, key: &str) -> bool {
    yaml.lines().any(|l| l.strip_prefix(key).is_some_and(|rest| rest.starts_with(':')))
}

fn newline(yaml: &mut String) {
    if !yaml.is_empty() && !yaml.ends_with('\n') {
        yaml.push('\n');
    }
}

/// Adds keys of the whole file that are not there.
fn with_keys(mut yaml: String, keys: &[(&str, &str)]) -> String {
    for (key, value) in keys {
        if !has_key(&yaml, key) {
            newline(&mut yaml);
            yaml.push_str(&format!("{key}: {value}\n"));
        }
    }
    yaml
}

/// Adds keys to each item of a list that is one line `- { … }`.
fn each_item(yaml: &str, more: impl Fn(&str) -> Vec<(&'static str, &'static str)>) -> String {
    let line = |line: &str| match line.trim_start().strip_prefix("- {") {
        Some(item) if line.starts_with("  - ") => filled(line, item, &more(item)),
        _ => line.to_owned(),
    };
    yaml.lines().map(|l| line(l) + "\n").collect()
}

/// Adds keys to each purpose and jurisdiction that is one line `name: { … }`.
fn each_entry(yaml: &str) -> String {
    let mut section = "";
    let mut completed = String::new();
    for line in yaml.lines() {
        if !line.starts_with(' ') {
            section = line.split(':').next().unwrap_or_default();
        }
        let more: &[(&str, &str)] = match section {
            "purposes" => &[("label", LABEL), ("meaning", "Example.")],
            _ => &[("label", LABEL), ("regulation", "EXAMPLE")],
        };
        completed.push_str(&match line.split_once(": {") {
            Some((_, item)) if line.starts_with("  ") => filled(line, item, more),
            _ => line.to_owned(),
        });
        completed.push('\n');
    }
    completed
}

/// A line that ends with a flow mapping, with more keys in it; `item` is what follows the mapping's first brace.
fn filled(line: &str, item: &str, more: &[(&str, &str)]) -> String {
    let Some(inner) = line.trim_end().strip_suffix('}') else { return line.to_owned() };
    let mut filled = inner.trim_end().to_owned();
    for (key, text) in more.iter().filter(|(key, _)| value(item, key).is_none()) {
        if !filled.ends_with('{') {
            filled.push(',');
        }
        filled.push_str(&format!(" {key}: {text}"));
    }
    filled + " }"
}

/// The value of a key in the rest of a flow mapping, without looking into what is nested.
fn value<'a>(item: &'a str, key: &str) -> Option<&'a str> {
    let (mut depth, mut from) = (0, 0);
    for (at, sign) in item.char_indices() {
        match sign {
            '{' | '[' | '(' => depth += 1,
            '}' | ']' | ')' if depth > 0 => depth -= 1,
            ',' | '}' if depth == 0 => {
                if let Some((name, value)) = item[from..at].split_once(':')
                    && name.trim() == key
                {
                    return Some(value.trim());
                }
                from = at + 1;
            }
            _ => {}
        }
    }
    None
}

#[test]
fn what_is_written_stays_where_it_is() {
    let said = "purposes: { analytics: consent }\nfields:\n  - { name: a, type: string }\n  - { name: b, type: string, identifier: quasi, treatment: keep, label: { zh: 乙, en: B } }";
    let files = complete(Files::from([("schemas/channels/orders.yaml".to_owned(), said.to_owned())]));
    let completed = &files["schemas/channels/orders.yaml"];
    for (is, was) in completed.lines().zip(said.lines()) {
        assert!(is.starts_with(was.trim_end_matches([' ', '}'])), "{is}");
    }
    assert!(completed.contains("name: a, type: string, label: "), "{completed}");
    assert_eq!(completed.matches("label: { zh: 乙").count(), 1);
    assert!(completed.contains("\ndataset: orders\n"));
    assert!(files["pipelines/shop/pipeline.yaml"].contains("channels: { orders: exports/orders/* }"));
}

#[test]
fn nested_keys_are_not_taken_for_the_items_own() {
    let item = " name: a, treatment: { mask: { keep_first: 1 } }, type: decimal(4, 2), tests: [{ in: [x] }] }";
    assert_eq!(value(item, "type"), Some("decimal(4, 2)"));
    assert_eq!(value(item, "tests"), Some("[{ in: [x] }]"));
    assert_eq!((value(item, "mask"), value(item, "in")), (None, None));
}
