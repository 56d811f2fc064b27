//! The steps of a run: timed, told of, and kept in the order in which they began.

use crate::observe::Observer;
use crate::record::{Counts, DatasetAccount, ModelAccount, Step, StepKind};
use chrono::{DateTime, Utc};

/// The steps of one run so far.
pub struct Steps<'a> {
    clock: &'a (dyn Fn() -> DateTime<Utc> + Sync),
    observer: &'a dyn Observer,
    slots: Vec<Slot>,
    /// How many have been told of.
    told: usize,
}

struct Slot {
    begun: DateTime<Utc>,
    ended: Option<Step>,
}

/// A step that has begun.
#[derive(Clone, Copy)]
pub struct Begun(usize);

impl<'a> Steps<'a> {
    /// No steps yet.
    pub fn new(clock: &'a (dyn Fn() -> DateTime<Utc> + Sync), observer: &'a dyn Observer) -> Self {
        Self { clock, observer, slots: Vec::new(), told: 0 }
    }

    /// Who hears of them.
    pub fn observer(&self) -> &'a dyn Observer {
        self.observer
    }

    /// A step begins; `total` is its bytes of input, where known.
    pub fn started(&mut self, kind: StepKind, name: &str, total: Option<u64>) -> Begun {
        self.slots.push(Slot { begun: (self.clock)(), ended: None });
        self.observer.started(kind, name, total);
        Begun(self.slots.len() - 1)
    }

    /// A step has ended well. Those that began before it are told of first.
    pub fn ended(&mut self, begun: Begun, mut step: Step) {
        let slot = &mut self.slots[begun.0];
        step.millis = u64::try_from(((self.clock)() - slot.begun).num_milliseconds()).unwrap_or(0);
        slot.ended = Some(step);
        while let Some(step) = self.slots.get(self.told).and_then(|slot| slot.ended.as_ref()) {
            self.observer.finished(step);
            self.told += 1;
        }
    }

    /// The steps that ended well.
    pub fn into_ended(self) -> Vec<Step> {
        self.slots.into_iter().filter_map(|slot| slot.ended).collect()
    }
}

/// The step that loaded a dataset.
pub fn of_dataset(account: &DatasetAccount) -> Step {
    let mut losses = Counts::new();
    for reason in &account.quarantined {
        let field = reason.field.as_deref().unwrap_or("record");
        *losses.entry(format!("quarantined: {field} {}", reason.rule)).or_default() += reason.rows;
    }
    for (name, rows) in [
        ("duplicates", account.duplicates),
        ("key conflicts", account.key_conflicts),
        ("outside retention", account.outside_retention),
    ] {
        if rows > 0 {
            losses.insert(name.to_owned(), rows);
        }
    }
    Step {
        kind: StepKind::Extract,
        name: account.dataset.clone(),
        millis: 0,
        rows_in: account.read,
        rows_out: account.written,
        losses,
    }
}

/// The step that built a table.
pub fn of_model(account: &ModelAccount) -> Step {
    let mut losses = Counts::new();
    for scan in &account.scans {
        for (reason, rows) in &scan.withheld {
            *losses.entry(format!("withheld: {reason}")).or_default() += rows;
        }
    }
    if account.suppressed > 0 {
        losses.insert("too few people behind it".to_owned(), account.suppressed);
    }
    Step {
        kind: StepKind::Model,
        name: account.table.clone(),
        millis: 0,
        rows_in: match &account.noise {
            Some(noise) if noise.kept => account.rows,
            _ => account.scans.iter().map(|s| s.read).sum(),
        },
        rows_out: account.rows,
        losses,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use chrono::TimeDelta;
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicI64, Ordering};

    #[derive(Default)]
    struct Heard(Mutex<Vec<String>>);

    impl Observer for Heard {
        fn finished(&self, step: &Step) {
            self.0.lock().unwrap().push(format!("{} {}", step.name, step.millis));
        }
    }

    #[test]
    fn steps_are_told_of_in_the_order_they_began() {
        let (time, heard) = (AtomicI64::new(0), Heard::default());
        let clock = || DateTime::UNIX_EPOCH + TimeDelta::milliseconds(time.load(Ordering::Relaxed));
        let mut steps = Steps::new(&clock, &heard);
        let of = |name: &str| of_dataset(&DatasetAccount { dataset: name.to_owned(), ..DatasetAccount::default() });
        let first = steps.started(StepKind::Extract, "first", None);
        time.store(5, Ordering::Relaxed);
        let second = steps.started(StepKind::Extract, "second", None);
        time.store(7, Ordering::Relaxed);
        steps.ended(second, of("second"));
        assert!(heard.0.lock().unwrap().is_empty());
        let third = steps.started(StepKind::Extract, "third", None);
        time.store(20, Ordering::Relaxed);
        steps.ended(first, of("first"));
        assert_eq!(*heard.0.lock().unwrap(), ["first 20", "second 2"]);
        let _ = third;
        let ended: Vec<String> = steps.into_ended().into_iter().map(|s| s.name).collect();
        assert_eq!(ended, ["first", "second"], "the third did not end");
    }
}
