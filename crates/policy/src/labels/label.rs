//! A column's label.

use lakewarden_dictionary::{Period, Purposes, Span, Spanned};
use std::collections::BTreeSet;
use std::fmt;

/// How near a value brings a reader to a person, least first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Identifiability {
    /// It is about nobody.
    None,
    /// It is about as many people as the table's minimum of subjects, or more.
    Aggregate,
    /// It is about one person, and does not help to find out who.
    Attribute,
    /// It helps to find out who, together with others like it.
    Quasi,
    /// It stands for one person, in this identifier domain.
    Pseudonym(String),
    /// It names one person.
    Direct,
}

impl fmt::Display for Identifiability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("about nobody"),
            Self::Aggregate => f.write_str("an aggregate over people"),
            Self::Attribute => f.write_str("an attribute of one person"),
            Self::Quasi => f.write_str("a quasi-identifier"),
            Self::Pseudonym(domain) => write!(f, "a pseudonym ({domain})"),
            Self::Direct => f.write_str("a direct identifier"),
        }
    }
}

/// A column's label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// How near it brings a reader to a person.
    pub identifiability: Identifiability,
    /// Where that is declared; none for what the engine itself provides.
    pub declared: Option<Span>,
    /// What it says of people, in the fideslang taxonomy.
    pub categories: BTreeSet<String>,
    /// The purposes it may serve, and all that are part of them; `None`: any.
    pub purposes: Option<BTreeSet<String>>,
    /// How long it is kept, if not for ever.
    pub retention: Option<Spanned<Period>>,
}

impl Label {
    /// The label of what nothing more is known of.
    pub fn of(identifiability: Identifiability, declared: Option<Span>) -> Self {
        Self { identifiability, declared, categories: BTreeSet::new(), purposes: None, retention: None }
    }

    /// The label of what is made of both: the more identifying, all categories, the purposes that both may serve, kept
    /// for the shorter time.
    pub fn join(self, other: Label, tree: &Purposes) -> Label {
        let (more, less) = if self.identifiability < other.identifiability { (other, self) } else { (self, other) };
        let purposes = match (more.purposes, less.purposes) {
            (Some(one), Some(two)) => {
                let within = |set: &BTreeSet<String>, p: &str| tree.ancestry(p).iter().any(|a| set.contains(*a));
                let both = one.iter().filter(|p| within(&two, p)).chain(two.iter().filter(|p| within(&one, p)));
                Some(both.cloned().collect())
            }
            (one, two) => one.or(two),
        };
        let retention = match (more.retention, less.retention) {
            (Some(one), Some(two)) => Some(if one.value.is_longer_than(&two.value) { two } else { one }),
            (one, two) => one.or(two),
        };
        let categories = more.categories.into_iter().chain(less.categories).collect();
        Label { identifiability: more.identifiability, declared: more.declared, categories, purposes, retention }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::Identifiability::*;
    use super::*;
    use lakewarden_dictionary::{SourceFile, load};
    use proptest::prelude::*;

    const PURPOSES: [&str; 4] = ["analytics", "rfm", "marketing", "email"];

    /// `rfm` is part of `analytics`, `email` of `marketing`.
    fn tree() -> Purposes {
        let purpose = |name: &str, parent: &str| {
            format!(
                "  {name}:\n    label: {{ zh: 用, en: Use }}\n    meaning: A use.\n    data_use: analytics\n{parent}"
            )
        };
        let text: String = [
            "purposes:\n".to_owned(),
            purpose("analytics", ""),
            purpose("marketing", ""),
            purpose("rfm", "    parent: analytics\n"),
            purpose("email", "    parent: marketing\n"),
        ]
        .concat();
        load(&[SourceFile { path: "schemas/purposes.yaml".into(), text: text.into() }]).project.purposes
    }

    prop_compose! {
        fn label()(
            near in 0usize..5,
            categories in prop::collection::btree_set("[abc]", 0..3),
            purposes in prop::option::of(prop::collection::btree_set(prop::sample::select(&PURPOSES[..]), 0..3)),
            months in prop::option::of(0u32..40),
        ) -> Label {
            let near = [None, Aggregate, Attribute, Quasi, Direct][near].clone();
            let span = Span::file(&"x.yaml".into());
            let retention = months.map(|months| Spanned { value: Period { months, days: 0 }, span: span.clone() });
            let purposes = purposes.map(|p| p.into_iter().map(str::to_owned).collect());
            Label { categories, purposes, retention, ..Label::of(near, Option::None) }
        }
    }

    fn serves(label: &Label, tree: &Purposes, purpose: &str) -> bool {
        label.purposes.as_ref().is_none_or(|own| tree.ancestry(purpose).iter().any(|a| own.contains(*a)))
    }

    proptest! {
        #[test]
        fn what_is_made_of_both_is_no_freer_than_either(a in label(), b in label()) {
            let tree = tree();
            let both = a.clone().join(b.clone(), &tree);
            prop_assert_eq!(&both.identifiability, (&a.identifiability).max(&b.identifiability));
            prop_assert!(both.categories == &a.categories | &b.categories);
            for purpose in PURPOSES {
                let either = serves(&a, &tree, purpose) && serves(&b, &tree, purpose);
                prop_assert_eq!(serves(&both, &tree, purpose), either, "{}", purpose);
            }
            let kept = |l: &Label| l.retention.as_ref().map_or(u32::MAX, |r| r.value.months);
            prop_assert_eq!(kept(&both), kept(&a).min(kept(&b)));
        }

        #[test]
        fn the_order_does_not_matter(a in label(), b in label(), c in label()) {
            let tree = tree();
            let serve = |l: &Label| PURPOSES.map(|p| serves(l, &tree, p));
            let one = a.clone().join(b.clone(), &tree).join(c.clone(), &tree);
            let two = c.join(a, &tree).join(b, &tree);
            prop_assert_eq!(serve(&one), serve(&two));
            prop_assert_eq!((one.identifiability, one.categories, one.retention), (two.identifiability, two.categories, two.retention));
        }
    }

    #[test]
    fn the_order_is_from_nobody_to_a_name() {
        let order = [None, Aggregate, Attribute, Quasi, Pseudonym("phone".into()), Direct];
        assert!(order.is_sorted());
    }
}
