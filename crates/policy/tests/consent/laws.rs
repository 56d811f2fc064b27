//! Laws that hold in every world, whatever the log says.

use crate::world::*;
use lakewarden_policy::{Action, Decision, Doubt, Doubtful, Knowledge};
use proptest::prelude::*;

/// The decision for each pseudonym as a customer of its own, for a purpose.
fn each(world: &World, purpose: &str) -> Vec<Decision> {
    let decided = world.decide(purpose, &apart());
    (0..PSEUDONYMS as u32).map(|p| decided.of(p)).collect()
}

/// Says something later than all else.
fn then_said(world: &World, who: u128, purpose: &'static str, action: Action) -> World {
    let mut more = world.clone();
    let last = world.lines.iter().filter(|l| world.knowledge == Knowledge::Now || l.at <= world.as_of).map(|l| l.at);
    let at = last.max().unwrap_or(0).max(world.as_of - DAY);
    // At the same instant as the last event: ties go to the stricter.
    more.lines.push(Line::new(who, purpose, action, at));
    more
}

fn is_part(world: &World, purpose: &str, of: &str) -> bool {
    world.purposes.ancestry(purpose).contains(&of)
}

proptest! {
    #![proptest_config(cases(600))]

    /// The order in which a log is read, and lines that come twice, make no difference.
    #[test]
    fn a_log_is_a_set(world in worlds(), order in any::<prop::sample::Index>(), partition in partitions()) {
        let mut shuffled = world.clone();
        let twice = shuffled.lines.clone();
        shuffled.lines.extend(twice.into_iter().rev());
        let turn = order.index(shuffled.lines.len().max(1)).min(shuffled.lines.len());
        shuffled.lines.rotate_left(turn);
        for purpose in NAMES {
            prop_assert_eq!(world.decide(purpose, &partition), shuffled.decide(purpose, &partition));
        }
    }

    /// A withdrawal reaches the purpose and its parts, and nothing else; nothing said at the same instant undoes it.
    /// (One by a device that has sent a signal reaches what is linked to it as well.)
    #[test]
    fn a_withdrawal_reaches_the_purpose_and_its_parts(world in worlds(), who in 0..PSEUDONYMS, name in names()) {
        let withdrawn = then_said(&world, who, name, Action::Withdraw);
        let signalled = world.lines.iter().any(|l| l.pseudonym == who && l.action == Action::OptOutSignal)
            || world.doubts.iter().any(|d| d.pseudonym == who && d.counts_as == Doubtful::OptOutSignal);
        for purpose in &world.purposes.purposes {
            let purpose = purpose.name.value.as_str();
            let (before, after) = (each(&world, purpose), each(&withdrawn, purpose));
            for p in 0..PSEUDONYMS as usize {
                let linked = signalled && world.links.contains(&(who, p as u128));
                if p as u128 == who && is_part(&world, purpose, name) {
                    prop_assert!(after[p] >= Decision::Withdrawn, "{}: {:?}", purpose, after[p]);
                } else if linked && is_part(&world, purpose, name) {
                    prop_assert!(after[p] == before[p] || after[p] == Decision::Withdrawn, "{}: {:?}", purpose, after[p]);
                } else {
                    prop_assert_eq!(after[p], before[p], "{} of {}", purpose, p);
                }
            }
        }
    }

    /// A withdrawal that cannot be understood is one for all purposes; a grant is one for none.
    #[test]
    fn doubt_is_the_subject_s(world in worlds(), who in 0..PSEUDONYMS) {
        let withdrawn = then_said(&world, who, "horoscopes", Action::Withdraw);
        let granted = then_said(&world, who, "horoscopes", Action::Grant);
        for purpose in &world.purposes.purposes {
            let purpose = purpose.name.value.as_str();
            prop_assert!(each(&withdrawn, purpose)[who as usize] >= Decision::Withdrawn);
            prop_assert_eq!(each(&granted, purpose), each(&world, purpose));
        }
    }

    /// A grant of a part gives the whole nothing.
    #[test]
    fn a_grant_does_not_climb(world in worlds(), who in 0..PSEUDONYMS, part in names()) {
        let granted = then_said(&world, who, part, Action::Grant);
        for purpose in world.purposes.purposes.iter().filter(|p| !is_part(&world, &p.name.value, part)) {
            prop_assert_eq!(each(&granted, &purpose.name.value), each(&world, &purpose.name.value));
        }
    }

    /// Restriction and suppression are for all purposes; where both are absent neither is ever given as a reason.
    #[test]
    fn restriction_and_suppression_know_no_purpose(world in worlds(), who in 0..PSEUDONYMS) {
        let mut free = world.clone();
        free.lines.retain(|l| l.action != Action::Restrict);
        free.suppressed.clear();
        free.doubts.clear();
        let restricted = then_said(&free, who, "", Action::Restrict);
        let mut suppressed = restricted.clone();
        suppressed.suppressed.push((who, None));
        let lifted = then_said(&free, who, "", Action::LiftRestriction);
        for purpose in &world.purposes.purposes {
            let purpose = purpose.name.value.as_str();
            prop_assert_eq!(each(&restricted, purpose)[who as usize], Decision::Restricted);
            prop_assert_eq!(each(&suppressed, purpose)[who as usize], Decision::Suppressed);
            prop_assert_eq!(each(&lifted, purpose), each(&free, purpose));
            prop_assert!(each(&free, purpose).into_iter().all(|d| d < Decision::Restricted));
        }
    }

    /// A device's signal reaches every pseudonym that it is linked to; a withdrawal by who never sent one stays with
    /// whoever made it.
    #[test]
    fn a_signal_reaches_what_its_device_is_linked_to(world in worlds(), device in 0..PSEUDONYMS, apart in 1..PSEUDONYMS, name in names()) {
        let to = (device + apart) % PSEUDONYMS;
        let mut linked = world.clone();
        linked.links.push((device, to));
        let signalled = then_said(&linked, device, name, Action::OptOutSignal);
        for purpose in world.purposes.purposes.iter().filter(|p| is_part(&world, &p.name.value, name)) {
            prop_assert!(each(&signalled, &purpose.name.value)[to as usize] >= Decision::Withdrawn);
        }
        let mut silent = linked.clone();
        silent.lines.retain(|l| l.action != Action::OptOutSignal);
        silent.doubts.retain(|d| d.counts_as != Doubtful::OptOutSignal);
        let withdrawn = then_said(&silent, device, name, Action::Withdraw);
        for purpose in &world.purposes.purposes {
            prop_assert_eq!(
                each(&withdrawn, &purpose.name.value)[to as usize],
                each(&silent, &purpose.name.value)[to as usize]
            );
        }
    }

    /// What every jurisdiction asks for more of is permitted less: opt-in for opt-out, an age for none, a greater one
    /// for a lesser.
    #[test]
    fn a_stricter_law_permits_less(world in worlds(), partition in partitions()) {
        let mut stricter = world.clone();
        for law in &mut stricter.purposes.jurisdictions {
            law.default = lakewarden_dictionary::ConsentDefault::OptIn;
            law.guardian_below = Some(law.guardian_below.unwrap_or(10) + 1);
        }
        for purpose in NAMES {
            let (lax, strict) = (world.decide(purpose, &partition), stricter.decide(purpose, &partition));
            for customer in 0..CUSTOMERS as u32 {
                prop_assert!(strict.of(customer) != Decision::Permit || lax.of(customer) == Decision::Permit);
            }
        }
    }

    /// A purpose that asks for newer notices, or for younger consent, is permitted less.
    #[test]
    fn a_stricter_purpose_permits_less(world in worlds(), partition in partitions(), name in names()) {
        let mut stricter = world.clone();
        for purpose in stricter.purposes.purposes.iter_mut().filter(|p| p.name.value == name) {
            purpose.min_notice = Some(spanned("3".parse().unwrap()));
            purpose.valid_for = Some(spanned(lakewarden_dictionary::Period { months: 0, days: 1 }));
        }
        for purpose in NAMES {
            let (lax, strict) = (world.decide(purpose, &partition), stricter.decide(purpose, &partition));
            for customer in 0..CUSTOMERS as u32 {
                prop_assert!(strict.of(customer) != Decision::Permit || lax.of(customer) == Decision::Permit);
            }
        }
    }

    /// A record that cannot be read is what it could at worst have been: a withdrawal of each purpose, by a signal or
    /// with a restriction if it says so; and no less than any one of them.
    #[test]
    fn an_unreadable_record_is_a_withdrawal_from_every_purpose(world in worlds(), doubt in doubts(), partition in partitions(), one in names()) {
        let doubt = Doubt { mended_at: None, purpose: None, ..doubt };
        let mut doubted = world.clone();
        doubted.doubts.push(doubt);
        let said = |purpose: &str, action| {
            let name = NAMES.into_iter().find(|n| *n == purpose).unwrap();
            Line { recorded_at: Some(doubt.known_from), ..Line::new(doubt.pseudonym, name, action, doubt.at) }
        };
        let action = if doubt.counts_as == Doubtful::OptOutSignal { Action::OptOutSignal } else { Action::Withdraw };
        let mut spelled_out = world.clone();
        match doubt.counts_as {
            // A list has no time of recording: it is known from the run on that saw it.
            Doubtful::Listed => spelled_out.suppressed.push((doubt.pseudonym, Some(doubt.known_from))),
            _ => {
                let all = world.purposes.purposes.iter().map(|p| said(&p.name.value, action));
                spelled_out.lines.extend(all);
            }
        }
        if doubt.counts_as == Doubtful::Restriction {
            spelled_out.lines.push(said("", Action::Restrict));
        }
        let mut guessed = world.clone();
        guessed.lines.push(said(one, action));
        for purpose in NAMES {
            let found = doubted.decide(purpose, &partition);
            prop_assert_eq!(&found, &spelled_out.decide(purpose, &partition), "{}", purpose);
            let (before, guess) = (world.decide(purpose, &partition), guessed.decide(purpose, &partition));
            for customer in 0..CUSTOMERS as u32 {
                let found = found.of(customer);
                prop_assert!(found != Decision::Permit || before.of(customer) == Decision::Permit, "{}", purpose);
                prop_assert!(found != Decision::Permit || guess.of(customer) == Decision::Permit, "{}", purpose);
            }
        }
    }

    /// A record of which only the action cannot be read is a withdrawal from the purpose it names and from no other.
    #[test]
    fn an_unreadable_action_is_a_withdrawal_from_its_purpose(world in worlds(), doubt in doubts(), one in names(), partition in partitions()) {
        let doubt = Doubt { mended_at: None, purpose: Some(one), counts_as: Doubtful::Withdrawal, ..doubt };
        let mut doubted = world.clone();
        doubted.doubts.push(doubt);
        let mut spelled_out = world.clone();
        let line = Line::new(doubt.pseudonym, one, Action::Withdraw, doubt.at);
        spelled_out.lines.push(Line { recorded_at: Some(doubt.known_from), ..line });
        for purpose in NAMES {
            prop_assert_eq!(doubted.decide(purpose, &partition), spelled_out.decide(purpose, &partition), "{}", purpose);
        }
    }

    /// Once mended it is as if it had never been; before, and where what came later is not known, it stands.
    #[test]
    fn a_mended_record_is_no_doubt(world in worlds(), doubt in doubts(), days in 0i64..5, partition in partitions()) {
        let mut doubted = world.clone();
        let mended_at = Some(world.as_of - days * DAY);
        doubted.doubts.push(Doubt { mended_at, ..doubt });
        let then = World { knowledge: Knowledge::Then, as_of: world.as_of - (days + 1) * DAY, ..world.clone() };
        let (mut standing, mut mended) = (then.clone(), then.clone());
        standing.doubts.push(Doubt { mended_at: None, ..doubt });
        mended.doubts.push(Doubt { mended_at, ..doubt });
        for purpose in NAMES {
            prop_assert_eq!(doubted.decide(purpose, &partition), world.decide(purpose, &partition));
            prop_assert_eq!(mended.decide(purpose, &partition), standing.decide(purpose, &partition));
        }
    }
}
