//! `lakewarden init`.

use crate::args::{Jurisdiction, NewProject, Template};
use crate::commands::random;
use crate::commands::template::{FIRST, RETAIL, SCHEMAS, paths, unpack};
use crate::failure::Failure;
use crate::output::Output;
use chrono_tz::Tz;
use lakewarden_pipeline::is_key_outside;
use serde_json::json;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// What git must not take up: clear text, pseudonyms, keys and reports.
const GITIGNORE: &str = "# Exports, the lake, keys and reports stay out of version control.\n\
    /exports/\n/lake/\n/keys/\n*.key\n/report*.html\n/reports/\n";

/// Writes a project that runs into a folder that has none.
pub fn init(dir: &Path, new: &NewProject, output: &Output) -> Result<ExitCode, Failure> {
    let files = files(new.template);
    if dir.join("lakewarden.yaml").exists() {
        return Err(Failure::Usage {
            message: format!("{} holds a project already", dir.display()),
            hint: "name another folder: lakewarden init DIR".to_owned(),
        });
    }
    // What exists already is not ours to overwrite.
    if let Some(taken) = files.iter().map(|path| dir.join(path)).find(|path| path.exists()) {
        return Err(Failure::Usage {
            message: format!("{} is there already; nothing was written", taken.display()),
            hint: "name an empty folder: lakewarden init DIR".to_owned(),
        });
    }
    let name = name_of(dir, new.name.as_deref())?;
    let key_file = match &new.key_file {
        Some(file) => file.clone(),
        None => {
            let own = u32::from_le_bytes(random()?) & 0x00ff_ffff;
            format!("~/.config/lakewarden/{name}-{own:06x}.key")
        }
    };
    if !is_key_outside(&key_file, dir) {
        return Err(Failure::Usage {
            message: format!("the key file {key_file} would be inside the project, or depend on where it is"),
            hint: format!("--key-file ~/.config/lakewarden/{name}.key"),
        });
    }
    write(dir, new, &name, &key_file)?;
    output.json(&json!({ "project": dir, "name": name, "key_file": key_file, "template": template(new.template) }));
    output.say(format!("wrote the project {name} to {}", dir.display()));
    let exports = match new.template {
        Template::Shop => "",
        Template::Retail => "put exports below exports/, or make some: lakewarden sample . ; ",
    };
    let folder = dir.display();
    output.say(format!("next: {exports}cd {folder} && lakewarden check && lakewarden keys init && lakewarden run"));
    Ok(ExitCode::SUCCESS)
}

fn write(dir: &Path, new: &NewProject, name: &str, key_file: &str) -> Result<(), Failure> {
    match new.template {
        Template::Shop => unpack(&FIRST, dir, &|path| path != "lakewarden.yaml")?,
        Template::Retail => {
            unpack(&SCHEMAS, &dir.join("schemas"), &is_retail)?;
            unpack(&RETAIL, &dir.join("pipelines/retail"), &|_| true)?;
        }
    }
    let jurisdiction = new.jurisdiction.unwrap_or(match new.template {
        Template::Shop => Jurisdiction::Eu,
        Template::Retail => Jurisdiction::Cn,
    });
    if new.template == Template::Shop && jurisdiction != Jurisdiction::Eu {
        let path = dir.join("schemas/purposes.yaml");
        let text = std::fs::read_to_string(&path).map_err(Failure::file("read", &path))?;
        let own = format!("{}  {}\n", after_heading(&text), law(jurisdiction));
        std::fs::write(&path, own).map_err(Failure::file("write", &path))?;
    }
    let zone = new.time_zone.unwrap_or_else(|| usual_zone(jurisdiction));
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    let settings = format!(
        "# A Lakewarden project. What each key means: docs/reference/dictionary.md\n\
         project: {name}\n\
         lake: ./lake                      # or s3://bucket/prefix\n\
         time_zone: {zone}\n\
         jurisdiction: {}\n\
         key: {{ file: {} }}   # lakewarden keys init makes it\n",
        code(jurisdiction),
        // Quoted only where YAML needs it.
        if key_file.chars().all(|c| c.is_alphanumeric() || "/._-~".contains(c)) {
            key_file.to_owned()
        } else {
            quoted(key_file)
        },
    );
    for (path, text) in [("lakewarden.yaml", settings.as_str()), (".gitignore", GITIGNORE)] {
        let path = dir.join(path);
        std::fs::write(&path, text).map_err(Failure::file("write", &path))?;
    }
    Ok(())
}

/// The paths that a template writes, relative to the project.
fn files(template: Template) -> Vec<PathBuf> {
    let mut files = match template {
        Template::Shop => paths(&FIRST),
        Template::Retail => {
            let schemas = paths(&SCHEMAS).into_iter().filter(|path| is_retail(&path.to_string_lossy()));
            let schemas = schemas.map(|path| Path::new("schemas").join(path));
            schemas.chain(paths(&RETAIL).into_iter().map(|path| Path::new("pipelines/retail").join(path))).collect()
        }
    };
    files.push(PathBuf::from(".gitignore"));
    files
}

fn is_retail(path: &str) -> bool {
    path.ends_with(".yaml") && !path.contains("online_retail")
}

fn template(template: Template) -> &'static str {
    match template {
        Template::Shop => "shop",
        Template::Retail => "retail",
    }
}

/// The project's name: the one given, or the folder's with other characters replaced by `-`.
fn name_of(dir: &Path, given: Option<&str>) -> Result<String, Failure> {
    let fits = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_');
    if let Some(name) = given {
        if name.is_empty() || !name.chars().all(fits) {
            return Err(Failure::Usage {
                message: format!("{name:?} is not a name for a project"),
                hint: "--name my-shop: letters, digits, `-` and `_`".to_owned(),
            });
        }
        return Ok(name.to_owned());
    }
    let absolute = dir.canonicalize().or_else(|_| std::path::absolute(dir)).map_err(Failure::file("find", dir))?;
    let folder = absolute.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let name: String = folder.chars().map(|c| if fits(c) { c } else { '-' }).collect();
    let name = name.trim_matches('-');
    Ok(if name.is_empty() { "project".to_owned() } else { name.to_owned() })
}

/// The text of `purposes.yaml` up to its jurisdictions.
fn after_heading(text: &str) -> &str {
    const HEADING: &str = "\njurisdictions:\n";
    text.find(HEADING).map_or(text, |at| &text[..at + HEADING.len()])
}

fn code(jurisdiction: Jurisdiction) -> &'static str {
    match jurisdiction {
        Jurisdiction::Cn => "CN",
        Jurisdiction::Eu => "EU",
        Jurisdiction::Gb => "GB",
        Jurisdiction::UsCa => "US-CA",
    }
}

fn law(jurisdiction: Jurisdiction) -> &'static str {
    match jurisdiction {
        Jurisdiction::Cn => "CN: { label: { zh: 中国大陆, en: Mainland China }, regulation: PIPL, default: opt_in }",
        Jurisdiction::Eu => "EU: { label: { zh: 欧盟, en: European Union }, regulation: GDPR, default: opt_in }",
        Jurisdiction::Gb => "GB: { label: { zh: 英国, en: United Kingdom }, regulation: UK GDPR, default: opt_in }",
        Jurisdiction::UsCa => {
            "US-CA: { label: { zh: 美国加利福尼亚州, en: 'California, United States' }, regulation: CCPA, default: opt_out }"
        }
    }
}

fn usual_zone(jurisdiction: Jurisdiction) -> Tz {
    match jurisdiction {
        Jurisdiction::Cn => Tz::Asia__Shanghai,
        Jurisdiction::Eu => Tz::Europe__Berlin,
        Jurisdiction::Gb => Tz::Europe__London,
        Jurisdiction::UsCa => Tz::America__Los_Angeles,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_folder_gives_the_project_its_name() {
        let name = |dir: &str, given| name_of(Path::new(dir), given).map_err(|_| ());
        assert_eq!(name("/nowhere/my shop", None).unwrap(), "my-shop");
        assert_eq!(name("/nowhere/商店", None).unwrap(), "商店");
        assert_eq!(name("/", None).unwrap(), "project");
        assert_eq!(name("/nowhere/x", Some("own_1")).unwrap(), "own_1");
        assert!(name("/nowhere/x", Some("a: b")).is_err());
    }
}
