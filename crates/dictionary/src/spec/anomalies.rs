//! `anomalies:`.

use super::*;

const BY: Key = Key::required(
    "by",
    Kind::OneOrList(&Kind::Text),
    "Columns that together say which rows belong together: a pseudonym, an address grid, a product.",
);
const AT: Key = Key::required("at", Kind::Text, "Timestamp column with when it happened.");

/// A rule that marks rows.
pub(crate) static ANOMALY: ObjectSpec = ObjectSpec {
    name: "an anomaly rule",
    doc: "A rule that looks at many rows and marks those that are no ordinary business. No row is dropped: the table `<dataset>_anomalies` names the rows marked by their key, with the rule and a score.",
    keys: &[
        Key::optional("name", Kind::Form(&RULE_NAME), "What the table of marked rows calls it.")
            .absent("the kind's word"),
        Key::optional("brushing", Kind::Object(&BRUSHING), "Bursts of orders that were paid and refunded."),
        Key::optional("try_on", Kind::Object(&TRY_ON), "Try-ons that no purchase followed."),
        Key::optional("outlier", Kind::Object(&OUTLIER), "Amounts far outside what is usual for a product."),
    ],
    exactly_one: &["brushing", "try_on", "outlier"],
};

/// Bursts of paid and refunded orders.
pub(crate) static BRUSHING: ObjectSpec = ObjectSpec {
    name: "a brushing rule",
    doc: "Marks every order of a burst: at least so many orders within some time that belong together, were paid and were refunded. The score is how many such orders the longest burst around it has, as far as they follow one another.",
    keys: &[
        BY,
        AT,
        Key::required("within", Kind::Form(&WITHIN), "How long a burst is at most, from its first order to its last."),
        Key::required("orders_at_least", Kind::Integer(2, 10_000), "How many orders make a burst."),
        Key::required("paid", Kind::Text, "Column with the amount paid."),
        Key::required("refunded", Kind::Text, "Column with the amount refunded."),
        Key::optional(
            "refunded_at_least",
            Kind::Form(&PERCENT),
            "The least share of the amount paid that makes an order a refunded one.",
        )
        .absent("`100%`"),
    ],
    exactly_one: &[],
};

/// Try-ons without purchase.
pub(crate) static TRY_ON: ObjectSpec = ObjectSpec {
    name: "a try-on rule",
    doc: "Marks a try-on that no purchase followed in time. One whose time is not over yet, or of which nobody knows whose it is, is not marked. The score is 1.",
    keys: &[
        BY,
        AT,
        Key::required("event", Kind::Text, "Column that says which event a row is."),
        Key::optional("tried", Kind::Scalar, "Its value for a try-on.").absent("`try_on`"),
        Key::optional("bought", Kind::Scalar, "Its value for a purchase.").absent("`pay`"),
        Key::optional("product", Kind::Text, "Column that must be the same in both.").absent("any purchase counts"),
        Key::required("within", Kind::Form(&WITHIN), "How long after the try-on a purchase counts."),
    ],
    exactly_one: &[],
};

/// Outlying amounts.
pub(crate) static OUTLIER: ObjectSpec = ObjectSpec {
    name: "an outlier rule",
    doc: "Marks amounts whose robust z-score is far from 0: 0.6745 times the distance from the product's median, over the median of such distances (Iglewicz and Hoaglin 1993). Where more than half of the amounts are equal, so that this median is 0: the distance over 1.2533 times the mean of such distances. The score is the z-score, with its sign.",
    keys: &[
        Key::required("amount", Kind::Text, "Number column with the amount."),
        BY,
        Key::optional("history_at_least", Kind::Integer(5, 1_000_000), "Amounts that a product needs to be judged.")
            .absent("30"),
        Key::optional("score_at_least", Kind::Form(&SCORE), "The least z-score, without its sign, that is marked.")
            .absent("3.5"),
    ],
    exactly_one: &[],
};
