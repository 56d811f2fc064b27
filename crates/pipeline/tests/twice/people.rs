//! Who is known follows from the rows that stay.

use crate::house::House;
use lakewarden_lake::Zone;

/// The pseudonyms that belong to customers, by domain.
async fn pseudonyms(house: &House, domain: &str) -> usize {
    let rows = house.rows_in(Zone::Identity, "house_customer_identity", &["domain", "token"]).await;
    rows.iter().filter(|row| row[0] == domain).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_gave_way_names_nobody() {
    let house = House::new("survivor: last\n");
    // The first phone of member 1 stood in a row that the same file corrects; that of 2 in another file.
    house.deliver("1.csv", &[(1, "wrong", 10, 1), (1, "right", 10, 1), (2, "wrong", 20, 1)]);
    house.deliver("2.csv", &[(2, "other", 20, 1), (3, "third", 30, 1)]);
    house.load(0).await;
    // `wrong` would have linked the two.
    assert_eq!((pseudonyms(&house, "phone").await, pseudonyms(&house, "member_no").await), (3, 3));
    assert_eq!(house.ask("SELECT count(*) FROM customers").await, [["3"]]);
    assert_eq!(house.rows_in(Zone::Curated, "points_of", &["points"]).await, [["10"], ["20"], ["30"]]);

    // A correction links two, and its correction takes them apart again.
    house.deliver("3.csv", &[(3, "right", 30, 1)]);
    assert_eq!(house.load(1).await.replaced, 1);
    assert_eq!(house.ask("SELECT count(*) FROM customers").await, [["2"]]);
    assert_eq!(house.rows_in(Zone::Curated, "points_of", &["points"]).await, [["20"], ["40"]]);
    house.deliver("4.csv", &[(3, "third", 30, 1)]);
    assert_eq!(house.load(2).await.replaced, 1);
    assert_eq!(house.rows_in(Zone::Curated, "points_of", &["points"]).await, [["10"], ["20"], ["30"]]);
}
