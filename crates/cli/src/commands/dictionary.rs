//! `lakewarden dictionary`.

use crate::commands::now;
use crate::failure::Failure;
use crate::output::Output;
use lakewarden_pipeline::PipelineError;
use lakewarden_source::{Channel, Surroundings};
use serde_json::json;
use std::path::Path;
use std::process::ExitCode;

/// Proposes an entry for an export, and prints it.
pub async fn infer(file: &str, dataset: Option<&str>, rows: u64, output: &Output) -> Result<ExitCode, Failure> {
    let name = dataset.map_or_else(|| name_of(file), str::to_owned);
    let channel = Channel {
        root: Path::new(""),
        dataset: &name,
        pattern: file,
        complete_when: None,
        window: None,
        may_be_empty: false,
    };
    let found = lakewarden_source::list(&channel, &Surroundings::of_process(now())).await.map_err(refused)?.files;
    let read_as = name.clone();
    let looked = tokio::task::spawn_blocking(move || {
        let others = found.len().saturating_sub(1);
        let first = found.into_iter().next()?;
        Some((others, first.name.clone(), lakewarden_extract::infer(&first, &read_as, rows)))
    });
    let (others, first, proposal) = looked.await.ok().flatten().ok_or(Failure::Pipeline(PipelineError::Worker))?;
    let proposal = proposal.map_err(refused)?;
    output.json(&json!({
        "dataset": proposal.dataset, "file": first, "records": proposal.rows, "key": proposal.key,
        "event_time": proposal.event_time, "fields": proposal.fields, "entry": proposal.to_yaml(&first),
    }));
    output.text(proposal.to_yaml(&first).trim_end());
    if others > 0 {
        output.say(format!("looked at {first} only: {others} more match"));
    }
    output.say(format!("next: put it into schemas/channels/{name}.yaml, review every line, then: lakewarden check"));
    Ok(ExitCode::SUCCESS)
}

fn refused(error: impl Into<PipelineError>) -> Failure {
    Failure::Pipeline(error.into())
}

/// A dataset's name from a file's: its words without numbers, in snake_case.
fn name_of(file: &str) -> String {
    let last = file.rsplit(['/', '\\']).next().unwrap_or(file);
    let stem = last.split('.').next().unwrap_or(last).to_ascii_lowercase();
    let words: Vec<&str> = (stem.split(|c: char| !c.is_ascii_alphanumeric()))
        .filter(|word| word.starts_with(|c: char| c.is_ascii_alphabetic()))
        .collect();
    if words.is_empty() { "export".to_owned() } else { words.join("_") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dataset_is_called_after_its_file() {
        for (file, name) in [
            ("exports/Orders_2026-09.csv", "orders"),
            ("s3://bucket/pos/pos_sales-part-01.csv.gz", "pos_sales_part"),
            ("2026.csv", "export"),
            ("会员.xlsx", "export"),
        ] {
            assert_eq!(name_of(file), name);
        }
    }
}
