//! The declaration as JSON Schema, for editors that complete and underline.

use super::{Choice, Key, Kind, ObjectSpec, WordDoc, of};
use crate::fideslang::DATA_CATEGORIES;
use crate::files::FileKind;
use serde_json::{Map, Value, json};

/// The JSON Schema (draft 2020-12) of one kind of file. Objects that occur in several places are under `$defs`.
///
/// It refuses what [`crate::load`] refuses about a single file's shape; what takes several files to see is left
/// to `lakewarden check`.
pub fn json_schema(kind: FileKind) -> Value {
    let spec = of(kind);
    let mut definitions = Map::new();
    let mut schema = object(spec, &mut definitions);
    if let Value::Object(schema) = &mut schema {
        schema.insert("$schema".into(), "https://json-schema.org/draft/2020-12/schema".into());
        schema.insert("title".into(), format!("Lakewarden: {}", spec.noun()).into());
        if !definitions.is_empty() {
            schema.insert("$defs".into(), Value::Object(definitions));
        }
    }
    schema
}

fn object(spec: &'static ObjectSpec, definitions: &mut Map<String, Value>) -> Value {
    let mut properties = Map::new();
    for key in spec.keys {
        properties.insert(key.name.into(), property(key, definitions));
    }
    let required: Vec<&str> = spec.keys.iter().filter(|k| k.required).map(|k| k.name).collect();
    let mut schema = json!({
        "type": "object",
        "description": spec.doc,
        "properties": properties,
        "additionalProperties": false,
    });
    if !required.is_empty() {
        schema["required"] = required.into();
    }
    if !spec.exactly_one.is_empty() {
        schema["oneOf"] = spec.exactly_one.iter().map(|key| json!({ "required": [key] })).collect();
    }
    schema
}

/// A key's value, with the key's own words to it.
fn property(key: &'static Key, definitions: &mut Map<String, Value>) -> Value {
    let mut schema = value(&key.kind, definitions);
    let doc = match key.absent {
        Some(absent) => format!("{} If absent: {absent}.", key.doc),
        None => key.doc.to_owned(),
    };
    schema["description"] = doc.into();
    if key.name == "category" {
        schema["enum"] = DATA_CATEGORIES.to_vec().into();
    }
    schema
}

fn value(kind: &'static Kind, definitions: &mut Map<String, Value>) -> Value {
    match kind {
        Kind::Text => json!({ "type": "string", "pattern": "\\S" }),
        Kind::Scalar => json!({ "type": ["string", "number", "boolean"] }),
        Kind::Boolean => json!({ "type": "boolean" }),
        Kind::Integer(least, most) => {
            json!({ "type": "integer", "minimum": least, "maximum": most })
        }
        Kind::Fraction => json!({ "type": "number", "minimum": 0, "exclusiveMaximum": 1 }),
        Kind::Word(words) => one_of_words(&words()),
        Kind::Form(form) => {
            let mut schema = json!({ "type": "string", "examples": form.examples });
            if form.numbers {
                schema["type"] = json!(["string", "number"]);
            }
            if let Some(pattern) = form.pattern {
                schema["pattern"] = pattern.into();
            }
            schema
        }
        Kind::Object(spec) => reference(spec.noun(), definitions, |d| object(spec, d)),
        Kind::List(item) => json!({ "type": "array", "items": value(item, definitions) }),
        Kind::OneOrList(item) => {
            let one = value(item, definitions);
            json!({ "anyOf": [one, { "type": "array", "items": one }] })
        }
        Kind::Map(key, each) => json!({
            "type": "object",
            "propertyNames": { "description": format!("Each key is {key}.") },
            "additionalProperties": value(each, definitions),
        }),
        Kind::Choice(choice) => reference(choice.name, definitions, |d| self::choice(choice, d)),
        Kind::WordOr(words, spec) => {
            let object = reference(spec.noun(), definitions, |d| object(spec, d));
            json!({ "anyOf": [one_of_words(&words()), object] })
        }
    }
}

fn one_of_words(words: &[WordDoc]) -> Value {
    let words: Vec<Value> = words.iter().map(|w| json!({ "const": w.word, "description": w.doc })).collect();
    json!({ "type": "string", "oneOf": words })
}

fn choice(choice: &'static Choice, definitions: &mut Map<String, Value>) -> Value {
    let mut shapes = vec![value(&choice.scalar, definitions)];
    for key in choice.keys {
        shapes.push(json!({
            "type": "object",
            "properties": { key.name: property(key, definitions) },
            "required": [key.name],
            "additionalProperties": false,
        }));
    }
    json!({ "description": choice.doc, "anyOf": shapes })
}

/// A reference to a definition, made on first use.
fn reference(
    name: &str,
    definitions: &mut Map<String, Value>,
    make: impl FnOnce(&mut Map<String, Value>) -> Value,
) -> Value {
    let name = name.trim_start_matches("a ").trim_start_matches("an ").replace(' ', "_");
    if !definitions.contains_key(&name) {
        let definition = make(definitions);
        definitions.insert(name.clone(), definition);
    }
    json!({ "$ref": format!("#/$defs/{name}") })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::testing::{as_json, sample_project};
    use jsonschema::{Validator, draft202012};

    fn validator(kind: FileKind) -> Validator {
        let schema = json_schema(kind);
        assert!(draft202012::meta::is_valid(&schema), "{kind:?}");
        jsonschema::validator_for(&schema).unwrap()
    }

    #[test]
    fn schemas_accept_the_sample_project() {
        let mut seen = 0;
        for file in sample_project() {
            let Some(kind) = FileKind::of(&file.path) else {
                continue;
            };
            let errors: Vec<String> = validator(kind)
                .iter_errors(&as_json(&file.text))
                .map(|e| format!("{}: {e}", e.instance_path()))
                .collect();
            assert!(errors.is_empty(), "{}: {errors:?}", file.path);
            seen += 1;
        }
        assert!(seen >= 6);
    }

    #[test]
    fn schemas_refuse_what_load_refuses() {
        let members = sample_project().into_iter().find(|f| f.path.ends_with("members.yaml")).unwrap().text;
        let dataset = validator(FileKind::Dataset);
        for (good, bad) in [
            ("owner:", "ownr:"),
            ("container: csv", "container: cvs"),
            ("retention: P5Y", "retention: five years"),
            ("treatment: drop", "treatment: mask"),
            ("{ generalise: decade }", "{ generalise: decade, mask: { keep_first: 1 } }"),
            ("category: user.name", "category: user.nam"),
            ("type: date", "type: decimal(3)"),
            ("meaning: Full name.", "meaning: ''"),
        ] {
            assert!(members.contains(good), "{good}");
            assert!(!dataset.is_valid(&as_json(&members.replacen(good, bad, 1))), "{bad}");
        }
        let settings = validator(FileKind::Settings);
        let with = |key: Value| json!({ "project": "p", "time_zone": "UTC", "key": key });
        assert!(settings.is_valid(&with(json!({ "environment": "K", "version": 2 }))));
        assert!(!settings.is_valid(&with(json!({ "environment": "K", "file": "/k" }))));
        assert!(!settings.is_valid(&with(json!({ "version": 2 }))));
    }
}
