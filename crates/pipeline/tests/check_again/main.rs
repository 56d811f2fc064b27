//! `check` with what an earlier one kept says what it would say without, whatever was done to the project in between.
#![allow(clippy::disallowed_methods, clippy::unwrap_used)]

mod edits;
mod kept;
mod shop;

use edits::edits;
use lakewarden_dictionary::Problem;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use shop::Shop;

/// The codes of problems, but for the warning that the project asks for one person behind a row.
fn codes(problems: &[Problem]) -> Vec<&'static str> {
    problems.iter().map(|p| p.code).filter(|code| *code != "LW1220").collect()
}

#[tokio::test]
async fn after_each_edit_and_after_it_is_undone() {
    let shop = Shop::new();
    let sound = shop.cold().await;
    assert!(codes(&sound).is_empty(), "{sound:#?}");
    assert_eq!(shop.again().await, sound);
    let mut wrong = Vec::new();
    for edit in edits() {
        edit.apply(&shop);
        let cold = shop.cold().await;
        if edit.tells.is_empty() && !codes(&cold).is_empty()
            || !edit.tells.is_empty() && !codes(&cold).contains(&edit.tells)
        {
            wrong.push(format!("{}: {} expected, found {:?}", edit.what, edit.tells, codes(&cold)));
        }
        for _ in 0..2 {
            assert_eq!(shop.again().await, cold, "{}", edit.what);
        }
        shop.reset();
        assert_eq!(shop.again().await, sound, "{}, undone", edit.what);
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// A table that brings nothing together that is kept apart does so once another model holds something else.
#[tokio::test]
async fn what_another_model_holds_is_judged_anew() {
    let shop = Shop::new();
    let edits = edits();
    let named = |what: &str| edits.iter().find(|e| e.what == what).unwrap();
    named("addresses and telephones apart").apply(&shop);
    assert_eq!(codes(&shop.again().await), Vec::<&str>::new());
    named("a model that holds addresses").apply(&shop);
    let found = shop.again().await;
    assert_eq!(codes(&found), ["LW2016"]);
    let apart = found.iter().find(|p| p.code == "LW2016").unwrap();
    assert_eq!(&*apart.span.path, "pipelines/shop/models/contacts.sql");
    assert_eq!(found, shop.cold().await);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(12) })]

    #[test]
    fn after_any_edits_in_any_order(steps in vec(vec(any::<Index>(), 0..4), 1..7)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let shop = Shop::new();
        let edits = edits();
        for step in steps {
            shop.reset();
            let chosen: Vec<_> = step.iter().map(|index| index.get(&edits)).collect();
            chosen.iter().for_each(|edit| edit.apply(&shop));
            let what: Vec<_> = chosen.iter().map(|edit| edit.what).collect();
            prop_assert_eq!(runtime.block_on(shop.again()), runtime.block_on(shop.cold()), "{:?}", what);
        }
    }
}
