//! The same run again as of an earlier instant.

use crate::reference::counts;
use crate::world::*;
use lakewarden_policy::{Decision, Doubt, Knowledge};
use proptest::prelude::*;

proptest! {
    #![proptest_config(cases(600))]

    /// With the consent known then, nothing that came later makes a difference: the replay is what the run was.
    #[test]
    fn known_then_is_blind_to_what_came_later(world in worlds(), later in lines(12), doubt in doubts(), partition in partitions()) {
        let then = World { knowledge: Knowledge::Then, ..world };
        let mut today = then.clone();
        let unknown = later.into_iter().filter(|line| !counts(&then, line));
        today.lines.extend(unknown);
        today.suppressed.push((0, Some(then.as_of + 1)));
        today.doubts.push(Doubt { known_from: then.as_of + 1, ..doubt });
        for doubt in &mut today.doubts {
            // Nobody mends before the run that finds it mended.
            doubt.mended_at = doubt.mended_at.or(Some(then.as_of + 1));
        }
        for purpose in NAMES {
            prop_assert_eq!(today.decide(purpose, &partition), then.decide(purpose, &partition));
        }
    }

    /// When everything was said and written down by then, both kinds of replay agree.
    #[test]
    fn known_then_and_known_now_agree_where_nothing_came_later(world in worlds(), partition in partitions()) {
        let mut then = World { knowledge: Knowledge::Then, ..world };
        let known = |at: i64| at <= then.as_of;
        then.lines.retain(|l| known(l.at) && l.recorded_at.is_none_or(known));
        then.suppressed.retain(|(_, at)| at.is_none_or(known));
        then.doubts.retain(|d| known(d.at) && known(d.known_from) && d.mended_at.is_none_or(known));
        let now = World { knowledge: Knowledge::Now, ..then.clone() };
        for purpose in NAMES {
            prop_assert_eq!(then.decide(purpose, &partition), now.decide(purpose, &partition));
        }
    }

    /// With the consent known now, a withdrawal counts however much later it was said.
    #[test]
    fn known_now_hears_later_withdrawals(world in worlds(), who in 0..PSEUDONYMS, name in names()) {
        let mut now = World { knowledge: Knowledge::Now, ..world };
        now.lines.push(Line::new(who, name, lakewarden_policy::Action::Withdraw, (TODAY + 400) * DAY));
        prop_assert!(now.decide(name, &apart()).of(who as u32) >= Decision::Withdrawn);
    }

    /// A grant dated later than the instant of judgement permits nothing.
    #[test]
    fn a_grant_counts_once_its_time_has_come(world in worlds(), who in 0..PSEUDONYMS, name in names()) {
        let mut now = World { knowledge: Knowledge::Now, ..world };
        let before = now.decide(name, &apart());
        now.lines.push(Line::new(who, name, lakewarden_policy::Action::Grant, now.as_of + 1));
        prop_assert_eq!(now.decide(name, &apart()), before);
    }

    /// As time goes by and nobody says anything or grows up, a permission may end, and none begins.
    #[test]
    fn permissions_end_by_themselves_and_never_begin_so(world in worlds(), days in 1i64..60, partition in partitions()) {
        let mut today = World { knowledge: Knowledge::Now, born: Vec::new(), ..world };
        let all = std::mem::take(&mut today.lines);
        today.lines = all.into_iter().filter(|line| counts(&today, line)).collect();
        let later = World { as_of: today.as_of + days * DAY, ..today.clone() };
        for purpose in NAMES {
            let (before, after) = (today.decide(purpose, &partition), later.decide(purpose, &partition));
            for customer in 0..CUSTOMERS as u32 {
                let (before, after) = (before.of(customer), after.of(customer));
                let ended = before == Decision::Permit && matches!(after, Decision::Expired | Decision::NoticeOutdated);
                prop_assert!(after == before || ended, "{}: {:?} to {:?}", purpose, before, after);
            }
        }
    }
}
