//! One line a step, and on a terminal a bar while it goes on.

use crate::commands::now;
use crate::interrupt;
use crate::output::{Output, counted, grouped};
use chrono::SecondsFormat;
use chrono_tz::Tz;
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use lakewarden_pipeline::record::{RunRecord, Step, StepKind};
use lakewarden_pipeline::{Observer, PipelineError, StopSwitch};
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

/// Tells of a run's steps on stderr.
pub struct Teller {
    output: Output,
    /// The zone of the time before each line, where no person watches.
    zone: Tz,
    quiet: bool,
    all: MultiProgress,
    /// Bars of the steps that go on, by name.
    bars: Mutex<BTreeMap<String, ProgressBar>>,
    /// The record of the run, if it failed after it had begun.
    failed: Mutex<Option<RunRecord>>,
}

impl Teller {
    /// Tells through this output.
    pub fn new(output: &Output, zone: Tz, quiet: bool) -> Self {
        let all = MultiProgress::with_draw_target(ProgressDrawTarget::stderr());
        Self { output: *output, zone, quiet, all, bars: Mutex::new(BTreeMap::new()), failed: Mutex::new(None) }
    }

    /// The record of the run, if it failed after it had begun.
    pub fn take_failed(&self) -> Option<RunRecord> {
        self.failed.lock().ok()?.take()
    }

    /// Says a line, in a log with the time before it.
    fn log(&self, line: &str) {
        if self.output.draws() {
            self.output.say(line);
        } else {
            let at = now().with_timezone(&self.zone).to_rfc3339_opts(SecondsFormat::Secs, true);
            let gap = if line.starts_with(' ') { "" } else { " " };
            self.output.say(format!("{at}{gap}{line}"));
        }
    }

    fn bar(&self, name: &str) -> Option<ProgressBar> {
        self.bars.lock().ok()?.get(name).cloned()
    }
}

impl Drop for Teller {
    fn drop(&mut self) {
        if let Ok(mut bars) = self.bars.lock() {
            std::mem::take(&mut *bars).into_values().for_each(|bar| bar.finish_and_clear());
        }
    }
}

impl Observer for Teller {
    fn started(&self, kind: StepKind, name: &str, total: Option<u64>) {
        if self.quiet || !self.output.draws() {
            return;
        }
        let bar = self.all.add(total.map_or_else(ProgressBar::no_length, ProgressBar::new));
        let template = if total.is_some() {
            "  {prefix:<9} {msg:<28} {bar:24} {bytes:>10} of {total_bytes}"
        } else {
            "  {prefix:<9} {msg:<28} {spinner} {elapsed}"
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.set_prefix(verb(kind));
        bar.set_message(name.to_owned());
        bar.enable_steady_tick(Duration::from_millis(120));
        if let Ok(mut bars) = self.bars.lock() {
            bars.insert(name.to_owned(), bar);
        }
    }

    fn progressed(&self, name: &str, bytes: u64, _rows: u64) {
        if let Some(bar) = self.bar(name).filter(|_| bytes > 0) {
            bar.set_position(bytes);
        }
    }

    fn finished(&self, step: &Step) {
        if let Ok(mut bars) = self.bars.lock()
            && let Some(bar) = bars.remove(&step.name)
        {
            bar.finish_and_clear();
        }
        if !self.quiet {
            self.all.suspend(|| self.log(&line(step)));
        }
    }

    fn failed(&self, record: &RunRecord) {
        if let Ok(mut failed) = self.failed.lock() {
            *failed = Some(record.clone());
        }
    }

    fn stop_switch(&self) -> Option<&StopSwitch> {
        Some(&interrupt::SWITCH)
    }

    fn warned(&self, error: &PipelineError) {
        let text = format!("warning[{}]: the failed run could not be recorded: {error}", error.code());
        self.all.suspend(|| self.log(&text));
    }
}

fn verb(kind: StepKind) -> &'static str {
    match kind {
        StepKind::Extract => "extract",
        StepKind::Identity => "identity",
        StepKind::Model => "model",
        StepKind::Publish => "publish",
    }
}

/// A step on one line: what, time, rows in → out, and every loss.
pub fn line(step: &Step) -> String {
    let seconds = step.millis as f64 / 1000.0;
    let rows = format!("{} → {}", grouped(step.rows_in), grouped(step.rows_out));
    let mut text = format!("  {:<9} {:<22} {seconds:>7.2} s  {rows:>23}", verb(step.kind), step.name);
    if step.kind == StepKind::Publish {
        return format!(
            "  {:<9} {:<22} {seconds:>7.2} s  {:>23}",
            verb(step.kind),
            step.name,
            counted(step.rows_out, "row")
        );
    }
    let (mut quarantined, mut withheld, mut losses) = (0, BTreeMap::new(), Vec::new());
    for (reason, rows) in &step.losses {
        if reason.starts_with("quarantined") {
            quarantined += rows;
        } else if let Some(why) = reason.strip_prefix("withheld: ") {
            withheld.insert(why.to_owned(), *rows);
        } else {
            losses.push(format!("{reason} {}", grouped(*rows)));
        }
    }
    if quarantined > 0 {
        losses.insert(0, format!("quarantined {}", grouped(quarantined)));
    }
    if !withheld.is_empty() {
        losses.push(format!("withheld {}", by_reason(&withheld)));
    }
    if !losses.is_empty() {
        text.push_str("  ");
        text.push_str(&losses.join(", "));
    }
    text
}

/// A sum and what it is made of: `2,105 (consent_not_granted 953, consent_withdrawn 1,152)`.
pub fn by_reason(counts: &BTreeMap<String, u64>) -> String {
    let total = grouped(counts.values().sum());
    if counts.is_empty() {
        return total;
    }
    let parts: Vec<String> = counts.iter().map(|(reason, rows)| format!("{reason} {}", grouped(*rows))).collect();
    format!("{total} ({})", parts.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_loss_is_on_the_line_with_its_sum() {
        let losses = [
            ("quarantined: amount type", 2),
            ("quarantined: sku required", 3),
            ("duplicates", 1),
            ("withheld: consent_not_granted", 953),
            ("withheld: consent_withdrawn", 1152),
        ];
        let step = Step {
            kind: StepKind::Model,
            name: "sales".into(),
            millis: 1200,
            rows_in: 2111,
            rows_out: 0,
            losses: losses.into_iter().map(|(reason, rows)| (reason.to_owned(), rows)).collect(),
        };
        assert!(line(&step).ends_with(
            "quarantined 5, duplicates 1, withheld 2,105 (consent_not_granted 953, consent_withdrawn 1,152)"
        ));
    }
}
