//! Wall-clock time to instants, with the offsets of whole days remembered.

use chrono::{DateTime, Duration, LocalResult, NaiveDate, NaiveDateTime, Offset, TimeZone};
use chrono_tz::Tz;

/// Microseconds in a second and in a day.
pub(crate) const SECOND: i64 = 1_000_000;
/// Microseconds in a day.
pub(crate) const DAY: i64 = 86_400 * SECOND;

/// A time zone.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Zone(pub Tz);

impl Zone {
    /// The instant (µs, UTC) at which a clock in this zone shows `local`. An hour that occurs twice is
    /// taken at its first time; one that is skipped as if the clock had not been moved yet.
    pub(crate) fn instant(self, local: NaiveDateTime) -> i64 {
        match self.0.from_local_datetime(&local) {
            LocalResult::Single(at) | LocalResult::Ambiguous(at, _) => at.timestamp_micros(),
            LocalResult::None => {
                let before = local.checked_sub_signed(Duration::days(1)).unwrap_or(local);
                let offset = match self.0.offset_from_local_datetime(&before) {
                    LocalResult::Single(o) | LocalResult::Ambiguous(o, _) => o.fix().local_minus_utc(),
                    LocalResult::None => 0,
                };
                local.and_utc().timestamp_micros() - i64::from(offset) * SECOND
            }
        }
    }

    /// What a clock in this zone shows at an instant (µs since 1970 as if it were UTC).
    pub(crate) fn local(self, instant: i64) -> i64 {
        let offset = DateTime::from_timestamp_micros(instant)
            .map_or(0, |at| self.0.offset_from_utc_datetime(&at.naive_utc()).fix().local_minus_utc());
        instant + i64::from(offset) * SECOND
    }

    /// The day (since 1970) that a calendar in this zone shows at an instant.
    pub(crate) fn day(self, instant: i64) -> i32 {
        self.local(instant).div_euclid(DAY) as i32
    }
}

const SLOTS: usize = 512;

/// Offsets by local day, for a column at a time.
pub(crate) struct ZoneCache {
    zone: Zone,
    /// Day and its offset in seconds, `None` if the offset changes within it.
    slots: Vec<(i32, Option<i32>)>,
}

impl ZoneCache {
    pub(crate) fn new(zone: Zone) -> Self {
        Self { zone, slots: vec![(i32::MIN, None); SLOTS] }
    }

    /// [`Zone::instant`] of a local time given as µs since 1970.
    #[inline]
    pub(crate) fn instant(&mut self, local: i64) -> Option<i64> {
        let day = i32::try_from(local.div_euclid(DAY)).ok()?;
        let slot = &mut self.slots[day.rem_euclid(SLOTS as i32) as usize];
        if slot.0 != day {
            *slot = (day, whole_day(self.zone.0, day));
        }
        match slot.1 {
            Some(offset) => Some(local - i64::from(offset) * SECOND),
            None => DateTime::from_timestamp_micros(local).map(|at| self.zone.instant(at.naive_utc())),
        }
    }

    /// The zone.
    pub(crate) fn zone(&self) -> Zone {
        self.zone
    }
}

/// The offset that holds from before a local day begins until after it ends.
fn whole_day(zone: Tz, day: i32) -> Option<i32> {
    let start = NaiveDate::from_epoch_days(day)?.and_hms_opt(0, 0, 0)?;
    let mut offsets = [0, 6, 12, 18, 24].into_iter().map(|hour| {
        match zone.offset_from_local_datetime(&start.checked_add_signed(Duration::hours(hour))?) {
            LocalResult::Single(offset) => Some(offset.fix().local_minus_utc()),
            _ => None,
        }
    });
    let first = offsets.next()??;
    offsets.all(|o| o == Some(first)).then_some(first)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    fn local(text: &str) -> NaiveDateTime {
        text.parse().unwrap()
    }

    fn utc(text: &str) -> i64 {
        local(text).and_utc().timestamp_micros()
    }

    #[test]
    fn skipped_and_repeated_hours() {
        let berlin = Zone(chrono_tz::Europe::Berlin);
        assert_eq!(berlin.instant(local("2024-03-31T02:30:00")), utc("2024-03-31T01:30:00"));
        assert_eq!(berlin.instant(local("2024-10-27T02:30:00")), utc("2024-10-27T00:30:00"));
        let shanghai = Zone(chrono_tz::Asia::Shanghai);
        assert_eq!(shanghai.instant(local("2024-01-01T08:00:00")), utc("2024-01-01T00:00:00"));
        assert_eq!(shanghai.day(utc("2024-01-01T16:00:00")), 19_724);
        assert_eq!(shanghai.day(utc("2024-01-01T15:59:59")), 19_723);
    }

    proptest! {
        #[test]
        fn the_cache_changes_nothing(seconds in -3_000_000_000i64..4_000_000_000, zone in 0usize..4) {
            let zone = [chrono_tz::Asia::Shanghai, chrono_tz::Europe::Berlin, chrono_tz::America::New_York, chrono_tz::Australia::Lord_Howe][zone];
            let mut cache = ZoneCache::new(Zone(zone));
            for shift in 0..50 {
                let local = (seconds + shift * 1801) * SECOND;
                let at = DateTime::from_timestamp_micros(local).unwrap().naive_utc();
                prop_assert_eq!(cache.instant(local), Some(Zone(zone).instant(at)));
            }
        }
    }
}
