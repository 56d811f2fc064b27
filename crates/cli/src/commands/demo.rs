//! `lakewarden demo`: the whole way, once, on sample exports.

use crate::args::Language;
use crate::commands::run::{Wishes, draw, run_project, summary};
use crate::commands::template::{RETAIL, SCHEMAS, unpack};
use crate::commands::{keys, open, sample};
use crate::failure::Failure;
use crate::output::{Output, grouped};
use crate::report_place::ReportPlace;
use chrono::{NaiveDate, NaiveTime, TimeZone, Utc};
use lakewarden_policy::Knowledge;
use lakewarden_sample::Options;
use serde_json::json;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// The sample's last day, so that every demo shows the same picture.
const LAST_DAY: Option<NaiveDate> = NaiveDate::from_ymd_opt(2026, 9, 30);
const SEED: u64 = 20_260_930;

/// Marks a folder that a demo wrote, and may write again.
const MARK: &str = "# Written by `lakewarden demo`.";

/// Writes sample exports, the retail project and a demo key into `dir`, and runs it.
pub async fn demo(dir: &Path, customers: u32, output: &Output) -> Result<ExitCode, Failure> {
    let dir = std::path::absolute(dir).map_err(Failure::file("find", dir))?;
    make_room(&dir)?;
    let last_day = LAST_DAY.unwrap_or_default();
    let written = sample::write(&dir, &Options::new(customers, SEED, last_day))?;
    let rows: u64 = written.datasets.iter().map(|d| d.rows).sum();
    output.say(format!(
        "{} rows of {} exports for {} made-up people in {}",
        grouped(rows),
        written.datasets.len(),
        grouped(u64::from(customers)),
        dir.join("exports").display()
    ));
    let key = key_beside(&dir);
    if !key.exists() {
        keys::write(&key, &keys::new_key()?)?;
    }
    project(&dir, &key)?;
    let open = open(&dir)?;
    let midnight = last_day.succ_opt().unwrap_or(last_day).and_time(NaiveTime::MIN);
    let as_of = open.zone().from_local_datetime(&midnight).earliest().map(|t| t.with_timezone(&Utc));
    let wishes = Wishes {
        days: None,
        consent: Knowledge::Then,
        take_over: false,
        quiet: false,
        accept_thresholds: &[],
        reload: None,
    };
    let lake = open.lake_url(None).map_err(Failure::of(&open))?;
    let place = ReportPlace::check(&dir, &lake, None)?;
    let ran = run_project(&open, Some("retail"), None, as_of, &wishes, output).await;
    let ran = ran.map_err(|failed| failed.failure)?;
    let report = draw(&ran, &open, None, &place, Language::Zh).await?.unwrap_or_else(|| dir.join("report.html"));
    output.json(&json!({ "project": dir, "report": report, "run": ran.record }));
    output.say(summary(&ran.record, Some(&report)));
    Ok(ExitCode::SUCCESS)
}

/// The demo's key: outside the project, as every key.
fn key_beside(dir: &Path) -> PathBuf {
    let name = dir.file_name().map_or_else(|| "demo".into(), |name| name.to_os_string());
    let mut folder = name;
    folder.push(".keys");
    dir.with_file_name(folder).join("demo.key")
}

/// Takes a folder that is empty, new, or an earlier demo's; of that, the exports and the lake go.
fn make_room(dir: &Path) -> Result<(), Failure> {
    std::fs::create_dir_all(dir).map_err(Failure::file("make", dir))?;
    let ours = std::fs::read_to_string(dir.join("lakewarden.yaml")).is_ok_and(|text| text.starts_with(MARK));
    let empty = std::fs::read_dir(dir).map_err(Failure::file("read", dir))?.next().is_none();
    if !ours && !empty {
        return Err(Failure::Usage {
            message: format!("{} holds something that no demo wrote", dir.display()),
            hint: "name an empty folder: lakewarden demo DIR".to_owned(),
        });
    }
    for name in ["exports", "truth", "lake", "schemas", "pipelines"] {
        let folder = dir.join(name);
        if folder.exists() {
            std::fs::remove_dir_all(&folder).map_err(Failure::file("clear", &folder))?;
        }
    }
    Ok(())
}

/// Writes the retailer's project with the demo's own settings.
fn project(dir: &Path, key: &Path) -> Result<(), Failure> {
    let settings = format!(
        "{MARK} A run of it needs nothing else.\nproject: retail-demo\nlake: ./lake\ntime_zone: Asia/Shanghai\njurisdiction: CN\nkey: {{ file: {} }}\n# The sample ends on a fixed day; the demo's run judges its people as of that day.\nreplay_purposes: [analytics, accounting, asset_management]\n",
        serde_json::Value::String(key.display().to_string())
    );
    let path = dir.join("lakewarden.yaml");
    std::fs::write(&path, settings).map_err(Failure::file("write", &path))?;
    unpack(&SCHEMAS, &dir.join("schemas"), &|path| path.ends_with(".yaml") && !path.contains("online_retail"))?;
    unpack(&RETAIL, &dir.join("pipelines/retail"), &|_| true)
}
