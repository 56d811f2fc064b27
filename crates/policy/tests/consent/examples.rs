//! Each rule of `docs/policy/consent.md` by the example that stands there.

use crate::world::*;
use chrono::NaiveDate;
use lakewarden_dictionary::{ConsentDefault, Period, Purposes};
use lakewarden_policy::{
    Action, ConsentBook, Decision, Decisions, Doubt, Doubtful, Event, GivenBy, Knowledge, UnusualEvents,
};

/// marketing ⊃ marketing.sms; analytics; CN opt-in, US-CA opt-out.
fn purposes() -> Purposes {
    let mut analytics = purpose("analytics", None);
    analytics.aliases.push("statistics".into());
    Purposes {
        purposes: vec![purpose("marketing", None), purpose("marketing.sms", Some("marketing")), analytics],
        jurisdictions: vec![law("CN", ConsentDefault::OptIn), law("US-CA", ConsentDefault::OptOut)],
    }
}

fn at(day: &str) -> i64 {
    NaiveDate::parse_from_str(day, "%Y-%m-%d").unwrap().and_hms_opt(0, 0, 0).unwrap().and_utc().timestamp_micros()
}

fn born(day: &str) -> i32 {
    NaiveDate::parse_from_str(day, "%Y-%m-%d").unwrap().to_epoch_days()
}

fn book_of(purposes: &Purposes) -> ConsentBook {
    ConsentBook::new(purposes, Some("CN"), at("2026-10-01"))
}

fn book() -> ConsentBook {
    book_of(&purposes())
}

const CARD: u128 = 1;
const PHONE: u128 = 2;
const TABLET: u128 = 3;

fn grant(purpose: &'static str, day: &str) -> Event<'static> {
    Event::new(CARD, purpose, Action::Grant, at(day))
}

/// The decision for a customer with all pseudonyms.
fn one(book: &ConsentBook, purpose: &str) -> Decision {
    book.decide(purpose, 1, |_| Some(0)).of(0)
}

#[test]
fn the_latest_event_stands_and_ties_go_to_the_stricter() {
    let mut book = book();
    book.record(CARD, "analytics", Action::Withdraw, at("2026-03-01"), None);
    book.record(CARD, "statistics", Action::Grant, at("2026-04-01"), None);
    book.record(CARD, "analytics", Action::Withdraw, at("2026-02-01"), None);
    assert_eq!(one(&book, "analytics"), Decision::Permit);
    book.record(CARD, "analytics", Action::Withdraw, at("2026-04-01"), None);
    assert_eq!(one(&book, "analytics"), Decision::Withdrawn);
}

#[test]
fn absence_is_refusal_under_opt_in_and_permission_under_opt_out() {
    let mut book = book();
    assert_eq!(one(&book, "analytics"), Decision::NotGranted);
    book.record(CARD, "marketing", Action::Grant, 1, Some("US-CA"));
    assert_eq!(one(&book, "analytics"), Decision::Permit);
    book.record(PHONE, "marketing", Action::Grant, 1, Some("CN"));
    assert_eq!(one(&book, "analytics"), Decision::NotGranted, "the strictest jurisdiction");
    let mut elsewhere = self::book();
    elsewhere.record(CARD, "marketing", Action::Grant, 1, Some("XX"));
    assert_eq!(one(&elsewhere, "analytics"), Decision::NotGranted, "an unknown jurisdiction is strict");
    let mut merged = self::book();
    merged.record(CARD, "marketing", Action::Grant, 1, Some("US-CA"));
    merged.record(PHONE, "marketing", Action::Grant, 1, None);
    assert_eq!(one(&merged, "analytics"), Decision::NotGranted, "who names none is under the project's own");
    let homeless = ConsentBook::new(&purposes(), None, 0);
    assert_eq!(one(&homeless, "analytics"), Decision::NotGranted, "no jurisdiction at all is strict");
}

#[test]
fn a_withdrawal_holds_for_sub_purposes_but_not_the_other_way() {
    let mut book = book();
    book.record(CARD, "marketing.sms", Action::Grant, 5, None);
    book.record(CARD, "marketing", Action::Withdraw, 4, None);
    assert_eq!(one(&book, "marketing.sms"), Decision::Withdrawn, "a later grant of a part undoes nothing of the whole");
    book.record(CARD, "marketing", Action::Grant, 6, None);
    assert_eq!(one(&book, "marketing.sms"), Decision::Permit);
    let mut child = self::book();
    child.record(CARD, "marketing", Action::Grant, 1, None);
    child.record(CARD, "marketing.sms", Action::Withdraw, 2, None);
    child.record(CARD, "marketing", Action::Grant, 3, None);
    assert_eq!((one(&child, "marketing.sms"), one(&child, "marketing")), (Decision::Withdrawn, Decision::Permit));
}

#[test]
fn a_grant_holds_for_sub_purposes_but_not_the_other_way() {
    let mut book = book();
    book.record(CARD, "marketing", Action::Grant, 1, None);
    assert_eq!(one(&book, "marketing.sms"), Decision::Permit);
    let mut child = self::book();
    child.record(CARD, "marketing.sms", Action::Grant, 1, None);
    assert_eq!(one(&child, "marketing"), Decision::NotGranted);
}

#[test]
fn what_is_not_known_yet_does_not_count() {
    let mut replay = book().knowing(Knowledge::Then);
    replay.note(&grant("analytics", "2026-09-30"));
    replay.record(CARD, "analytics", Action::Withdraw, at("2026-10-02"), None);
    assert_eq!(one(&replay, "analytics"), Decision::Permit);
    assert_eq!(replay.unusual_events(), UnusualEvents::default(), "it is history, not a date in the future");
}

#[test]
fn a_refusal_dated_in_the_future_counts_and_a_grant_does_not() {
    let mut book = book();
    book.note(&grant("analytics", "2026-09-30"));
    book.record(CARD, "marketing", Action::Grant, at("2026-10-02"), None);
    assert_eq!((one(&book, "analytics"), one(&book, "marketing")), (Decision::Permit, Decision::NotGranted));
    book.record(CARD, "analytics", Action::Withdraw, at("2026-10-02"), None);
    assert_eq!(one(&book, "analytics"), Decision::Withdrawn);
    book.record(PHONE, "", Action::Restrict, at("2026-10-02"), None);
    book.record(PHONE, "", Action::LiftRestriction, at("2026-10-03"), None);
    assert_eq!(one(&book, "analytics"), Decision::Restricted);
    book.suppress(TABLET, Some(at("2027-01-01")));
    let all = book.decide("analytics", 1, |_| Some(0)).of(0);
    assert_eq!(all, Decision::Suppressed);
    let unusual = UnusualEvents { future_refusals: 3, future_grants: 2, ..UnusualEvents::default() };
    assert_eq!(book.unusual_events(), unusual);
}

#[test]
fn an_event_without_effect_changes_nothing_and_is_counted() {
    let mut book = book();
    book.note(&grant("analytics", "2026-09-30"));
    book.record(CARD, "analytics", Action::NoEffect, at("2026-10-01"), None);
    assert_eq!(one(&book, "analytics"), Decision::Permit);
    assert_eq!(book.unusual_events(), UnusualEvents { without_effect: 1, ..UnusualEvents::default() });
}

#[test]
fn a_withdrawal_for_an_unknown_purpose_is_for_all_and_a_grant_for_none() {
    let mut book = book();
    book.record(CARD, "horoscopes", Action::Grant, 1, None);
    assert_eq!(one(&book, "analytics"), Decision::NotGranted);
    book.record(CARD, "analytics", Action::Grant, 1, None);
    book.record(CARD, "horoscopes", Action::Withdraw, 2, None);
    assert_eq!(one(&book, "analytics"), Decision::Withdrawn);
    let unusual = book.unusual_events();
    assert_eq!((unusual.unknown_purpose_grants, unusual.unknown_purpose_refusals), (1, 1));
    assert_eq!(one(&book, "horoscopes"), Decision::NotGranted, "nobody's data may be used for it");
}

#[test]
fn a_consent_may_end() {
    let mut book = book();
    book.note(&Event { expires_at: Some(at("2026-10-02")), ..grant("analytics", "2026-01-01") });
    assert_eq!(one(&book, "analytics"), Decision::Permit);
    book.note(&Event { expires_at: Some(at("2026-10-01")), ..grant("analytics", "2026-02-01") });
    assert_eq!(one(&book, "analytics"), Decision::Expired, "at that instant; the earlier one does not come back");
    book.note(&grant("analytics", "2026-03-01"));
    assert_eq!(one(&book, "analytics"), Decision::Permit);
    let mut lax = self::book();
    let end = Some(at("2026-05-01"));
    lax.note(&Event { expires_at: end, jurisdiction: Some("US-CA"), ..grant("analytics", "2026-02-01") });
    assert_eq!(one(&lax, "analytics"), Decision::Expired, "who was asked is not silent");
    assert_eq!(one(&lax, "marketing"), Decision::Permit);
}

#[test]
fn a_purpose_may_let_consent_end() {
    let mut purposes = purposes();
    purposes.purposes[0].valid_for = Some(spanned(Period { months: 12, days: 0 }));
    purposes.purposes[1].valid_for = Some(spanned(Period { months: 24, days: 0 }));
    for (day, expected) in [("2025-10-02", Decision::Permit), ("2025-10-01", Decision::Expired)] {
        let mut book = book_of(&purposes);
        book.note(&grant("marketing.sms", day));
        assert_eq!(one(&book, "marketing.sms"), expected, "the whole's twelve months hold for its part");
    }
}

#[test]
fn a_purpose_may_demand_a_notice() {
    let mut purposes = purposes();
    purposes.purposes[0].min_notice = Some(spanned("2026-03".parse().unwrap()));
    for (notice, expected) in [
        (Some("2026-03"), Decision::Permit),
        (Some("v2026.9"), Decision::Permit),
        (Some("2025-09"), Decision::NoticeOutdated),
        (Some("first draft"), Decision::NoticeOutdated),
        (None, Decision::NoticeOutdated),
    ] {
        let mut book = book_of(&purposes);
        book.note(&Event { notice, ..grant("marketing.sms", "2026-09-01") });
        book.note(&Event { notice, ..grant("analytics", "2026-09-01") });
        assert_eq!(one(&book, "marketing.sms"), expected, "{notice:?}");
        assert_eq!(one(&book, "analytics"), Decision::Permit, "which demands none");
    }
}

#[test]
fn minors_need_a_guardian() {
    let mut purposes = purposes();
    purposes.jurisdictions[0].guardian_below = Some(14);
    let decided = |by: GivenBy, day: &str| {
        let mut book = book_of(&purposes);
        book.note(&Event { given_by: by, ..grant("analytics", "2026-09-01") });
        book.born(PHONE, born(day));
        one(&book, "analytics")
    };
    assert_eq!(decided(GivenBy::Subject, "2014-05-05"), Decision::GuardianMissing);
    assert_eq!(decided(GivenBy::Guardian, "2014-05-05"), Decision::Permit);
    assert_eq!(decided(GivenBy::Subject, "2012-09-30"), Decision::Permit, "fourteen everywhere on earth");
    assert_eq!(decided(GivenBy::Subject, "2012-10-01"), Decision::GuardianMissing, "not yet everywhere");
    assert_eq!(
        decided(GivenBy::Guardian, "2000-01-01"),
        Decision::Permit,
        "it goes on holding when the child is grown"
    );
}

#[test]
fn silence_of_the_young_is_refusal() {
    let mut purposes = purposes();
    purposes.jurisdictions[1].guardian_below = Some(13);
    purposes.jurisdictions[1].opt_in_below = Some(16);
    for (day, silent, granted) in [
        ("2015-01-01", Decision::GuardianMissing, Decision::GuardianMissing),
        ("2012-01-01", Decision::NotGranted, Decision::Permit),
        ("2008-01-01", Decision::Permit, Decision::Permit),
    ] {
        let mut book = book_of(&purposes);
        book.note(&Event { jurisdiction: Some("US-CA"), ..grant("analytics", "2026-09-01") });
        book.born(CARD, born(day));
        assert_eq!((one(&book, "marketing"), one(&book, "analytics")), (silent, granted), "{day}");
    }
}

#[test]
fn a_device_s_signal_extends_to_the_profiles_linked_to_it() {
    let mut purposes = purposes();
    purposes.purposes[0].opt_out_signal = true;
    let mut book = book_of(&purposes);
    book.note(&grant("marketing", "2026-01-01"));
    book.note(&grant("analytics", "2026-01-01"));
    book.note(&Event::new(TABLET, "gpc", Action::OptOutSignal, at("2026-02-01")));
    let apart = |book: &ConsentBook, purpose| book.decide(purpose, 2, |p| Some(u32::from(p == TABLET))).of(0);
    assert_eq!(one(&book, "marketing.sms"), Decision::Withdrawn, "one customer");
    assert_eq!(one(&book, "analytics"), Decision::Permit, "which no signal withdraws");
    assert_eq!(apart(&book, "marketing"), Decision::Permit, "nothing says that they belong together");
    book.link(TABLET, CARD);
    assert_eq!((apart(&book, "marketing"), apart(&book, "analytics")), (Decision::Withdrawn, Decision::Permit));
    book.record(CARD, "marketing", Action::Grant, at("2026-03-01"), None);
    assert_eq!(apart(&book, "marketing"), Decision::Withdrawn, "the device still says so");
    book.record(TABLET, "marketing", Action::Grant, at("2026-03-01"), None);
    assert_eq!(apart(&book, "marketing"), Decision::Permit);
    assert_eq!(book.signals().collect::<Vec<_>>(), [TABLET]);
}

#[test]
fn a_signal_for_nothing_declared_is_a_withdrawal_of_all() {
    let mut book = book();
    book.note(&grant("analytics", "2026-01-01"));
    book.note(&Event::new(CARD, "", Action::OptOutSignal, at("2026-02-01")));
    assert_eq!(one(&book, "analytics"), Decision::Withdrawn);
    let mut named = self::book();
    named.note(&grant("analytics", "2026-01-01"));
    named.note(&Event::new(CARD, "marketing", Action::OptOutSignal, at("2026-02-01")));
    assert_eq!((one(&named, "analytics"), one(&named, "marketing.sms")), (Decision::Permit, Decision::Withdrawn));
}

#[test]
fn restriction_and_suppression_stand_above_consent() {
    let mut book = book();
    book.note(&grant("analytics", "2026-01-01"));
    book.note(&Event::new(PHONE, "", Action::Restrict, at("2026-02-01")));
    assert_eq!(one(&book, "analytics"), Decision::Restricted);
    book.note(&Event::new(PHONE, "", Action::LiftRestriction, at("2026-03-01")));
    assert_eq!(one(&book, "analytics"), Decision::Permit);
    assert_eq!(book.unusual_events(), UnusualEvents::default());
    let mut ahead = book.clone();
    ahead.suppress(PHONE, Some(at("2026-11-01")));
    assert_eq!(one(&ahead, "analytics"), Decision::Suppressed, "a refusal counts whatever its date");
    assert_eq!(ahead.unusual_events(), UnusualEvents { future_refusals: 1, ..UnusualEvents::default() });
    book.suppress(PHONE, Some(at("2026-09-01")));
    assert_eq!(one(&book, "analytics"), Decision::Suppressed);
    assert_eq!(book.unusual_events(), UnusualEvents::default());
}

#[test]
fn merging_takes_the_strictest_and_parting_restores() {
    let mut book = book();
    book.record(CARD, "analytics", Action::Grant, 5, None);
    book.record(PHONE, "analytics", Action::Withdraw, 1, None);
    let apart = |book: &ConsentBook| book.decide("analytics", 2, |p| u32::try_from(p).ok().map(|p| p - 1));
    assert_eq!((apart(&book).of(0), apart(&book).of(1)), (Decision::Permit, Decision::Withdrawn));
    assert_eq!(one(&book, "analytics"), Decision::Withdrawn, "although the grant is later");
    assert_eq!((apart(&book).of(0), apart(&book).of(1)), (Decision::Permit, Decision::Withdrawn));
}

#[test]
fn a_replay_knows_what_was_known_then_or_what_is_known_now() {
    let replay = |knowledge| {
        let mut book = book().knowing(knowledge);
        book.note(&grant("analytics", "2026-01-01"));
        book.note(&grant("marketing", "2026-01-01"));
        let late = Event::new(CARD, "analytics", Action::Withdraw, at("2026-09-20"));
        book.note(&Event { recorded_at: Some(at("2026-10-05")), ..late });
        book.note(&Event::new(CARD, "marketing", Action::Withdraw, at("2026-11-01")));
        (one(&book, "analytics"), one(&book, "marketing"))
    };
    assert_eq!(replay(Knowledge::Then), (Decision::Permit, Decision::Permit));
    assert_eq!(replay(Knowledge::Now), (Decision::Withdrawn, Decision::Withdrawn));
}

#[test]
fn nobody_known_is_refused() {
    assert_eq!(Decisions::default().of(0), Decision::NotGranted);
    assert_eq!(book().decide("analytics", 0, |_| Some(7)).of(7), Decision::NotGranted);
}

fn doubt(counts_as: Doubtful, day: &str) -> Doubt<'static> {
    Doubt { pseudonym: CARD, counts_as, purpose: None, at: at(day), known_from: at("2026-06-01"), mended_at: None }
}

#[test]
fn a_record_that_cannot_be_read_withdraws_every_purpose_until_somebody_agrees_anew() {
    let mut book = book();
    book.record(CARD, "analytics", Action::Grant, at("2026-01-01"), None);
    book.doubt(&doubt(Doubtful::Withdrawal, "2026-05-01"));
    assert_eq!((one(&book, "analytics"), one(&book, "marketing.sms")), (Decision::Withdrawn, Decision::Withdrawn));
    book.record(CARD, "marketing.sms", Action::Grant, at("2026-07-01"), None);
    assert_eq!(one(&book, "marketing.sms"), Decision::Withdrawn, "it may have been a withdrawal of the whole");
    book.record(CARD, "analytics", Action::Grant, at("2026-05-01"), None);
    assert_eq!(one(&book, "analytics"), Decision::Withdrawn, "ties go to the stricter");
    book.record(CARD, "analytics", Action::Grant, at("2026-05-02"), None);
    book.record(CARD, "marketing", Action::Grant, at("2026-05-02"), None);
    assert_eq!((one(&book, "analytics"), one(&book, "marketing.sms")), (Decision::Permit, Decision::Permit));
    assert_eq!(book.doubted(), 1);
}

#[test]
fn a_record_that_cannot_be_read_counts_as_what_is_stricter() {
    let decided = |counts_as, members: &[u128]| {
        let mut book = book();
        for member in [CARD, PHONE, TABLET] {
            book.record(member, "analytics", Action::Grant, 1, None);
        }
        book.doubt(&doubt(counts_as, "2026-05-01"));
        book.link(CARD, TABLET);
        book.decide("analytics", 1, |p| members.contains(&p).then_some(0)).of(0)
    };
    assert_eq!(decided(Doubtful::Restriction, &[CARD, PHONE]), Decision::Restricted);
    assert_eq!(decided(Doubtful::Listed, &[CARD]), Decision::Suppressed);
    let mut listed = book();
    for counts_as in [Doubtful::Listed, Doubtful::Listed, Doubtful::Withdrawal] {
        listed.doubt(&doubt(counts_as, "2026-05-01"));
    }
    listed.doubt(&Doubt { pseudonym: PHONE, ..doubt(Doubtful::Listed, "2026-05-01") });
    assert_eq!(listed.doubted(), 2);
    assert_eq!(decided(Doubtful::OptOutSignal, &[TABLET]), Decision::Withdrawn, "linked to who signalled");
    assert_eq!(decided(Doubtful::Withdrawal, &[TABLET]), Decision::Permit);
    assert_eq!(decided(Doubtful::Withdrawal, &[PHONE]), Decision::Permit);
}

#[test]
fn an_action_that_cannot_be_read_withdraws_the_purpose_it_names() {
    let mut book = book();
    for purpose in ["analytics", "marketing"] {
        book.record(CARD, purpose, Action::Grant, at("2026-01-01"), None);
    }
    book.doubt(&Doubt { purpose: Some("marketing.sms"), ..doubt(Doubtful::Withdrawal, "2026-05-01") });
    let decided = |book: &ConsentBook| ["analytics", "marketing", "marketing.sms"].map(|purpose| one(book, purpose));
    assert_eq!(decided(&book), [Decision::Permit, Decision::Permit, Decision::Withdrawn]);
    assert_eq!(book.doubted(), 1);
    book.doubt(&Doubt { purpose: Some("horoscopes"), ..doubt(Doubtful::Withdrawal, "2026-05-01") });
    assert_eq!(decided(&book), [Decision::Withdrawn; 3], "an unknown purpose may be any");
    assert_eq!(book.doubted(), 1);
}

#[test]
fn a_doubt_is_known_from_its_run_on_until_it_is_mended() {
    let decided = |as_of: &str, knowledge| {
        let mut book = ConsentBook::new(&purposes(), Some("CN"), at(as_of)).knowing(knowledge);
        book.record(CARD, "analytics", Action::Grant, 1, None);
        let mended_at = Some(at("2026-08-01"));
        book.doubt(&Doubt { mended_at, ..doubt(Doubtful::Withdrawal, "2026-05-01") });
        one(&book, "analytics")
    };
    assert_eq!(decided("2026-05-31", Knowledge::Then), Decision::Permit, "nobody had seen it");
    assert_eq!(decided("2026-06-01", Knowledge::Then), Decision::Withdrawn);
    assert_eq!(decided("2026-07-31", Knowledge::Then), Decision::Withdrawn);
    assert_eq!(decided("2026-08-01", Knowledge::Then), Decision::Permit);
    assert_eq!(decided("2026-06-01", Knowledge::Now), Decision::Permit, "mended by now");
}
