//! What may stand around and below the last aggregate, and what not.

use crate::sales::*;
use lakewarden_dictionary::NoiseBound::People;
use lakewarden_dictionary::{Noise, NoiseBound};

async fn verdict(sql: &str, noise: &Noise) -> Result<(), String> {
    let sale = Sale { person: Some(1), city: Some(1), pieces: Some(1), cents: Some(100) };
    match planned(&context(&[sale]), sql, noise).await {
        Ok(noised) => {
            assert!(gate(&noised.plan).mechanism.threshold > 2);
            Ok(())
        }
        Err(error) => {
            assert!(error.hint().len() > 10);
            Err(error.to_string())
        }
    }
}

fn both() -> Noise {
    noise(2, &[("buyers", People), ("n", between("0", "3"))])
}

const FIGURES: &str = "count(DISTINCT s.customer_id) AS buyers, count(*) AS n";

#[tokio::test]
async fn rows_that_follow_from_one_person_each_may_be_aggregated() {
    for from in [
        "sales s GROUP BY city",
        "sales s WHERE pieces > 1 AND city IN (SELECT city FROM shops) GROUP BY city",
        "sales s WHERE pieces > (SELECT avg(rent) FROM shops) GROUP BY upper(city)",
        "sales s JOIN shops USING (city) GROUP BY region",
        "sales s LEFT JOIN shops USING (city) GROUP BY region",
        "shops JOIN sales s USING (city) GROUP BY region",
        "shops RIGHT JOIN sales s USING (city) GROUP BY region",
        "sales s JOIN people p ON s.customer_id = p.customer_id GROUP BY age",
        "sales s JOIN people p ON p.customer_id = s.customer_id AND p.age > s.pieces GROUP BY age",
        "sales s JOIN people USING (customer_id) GROUP BY age",
        "sales s LEFT JOIN people p ON p.customer_id = s.customer_id GROUP BY age",
        "sales s LEFT SEMI JOIN people p ON p.customer_id = s.customer_id GROUP BY city",
        "sales s LEFT ANTI JOIN people p ON p.customer_id = s.customer_id GROUP BY city",
        "(SELECT DISTINCT customer_id, city FROM sales) s GROUP BY city",
        "(SELECT customer_id AS x, count(*) AS k, max(city) AS city FROM sales GROUP BY customer_id) t \
         JOIN sales s ON s.customer_id = t.x GROUP BY k",
        "(SELECT customer_id, city, sum(pieces) AS p, avg(paid) AS a FROM sales GROUP BY city, customer_id) s GROUP BY p",
        "(SELECT customer_id, city FROM sales UNION ALL SELECT customer_id, 'x' FROM people) s GROUP BY city",
        "(SELECT * FROM sales ORDER BY pieces) s GROUP BY city",
        "sales s GROUP BY city HAVING count(*) > 10",
        "sales s GROUP BY city ORDER BY count(*) DESC, city",
    ] {
        assert_eq!(verdict(&format!("SELECT {FIGURES} FROM {from}"), &both()).await, Ok(()), "{from}");
    }
    let computed = "WITH t AS (SELECT city, count(DISTINCT customer_id) AS buyers, count(*) AS n FROM sales GROUP BY 1) \
                    SELECT city, buyers, CAST(n AS INT) AS n, CAST(n AS DOUBLE) / buyers AS mean FROM t WHERE n > 0";
    assert_eq!(verdict(computed, &both()).await, Ok(()));
}

#[tokio::test]
async fn what_lets_one_person_decide_about_anothers_rows_is_refused() {
    for (from, what) in [
        ("(SELECT *, rank() OVER (ORDER BY pieces) AS r FROM sales) s GROUP BY r", "a window function"),
        ("(SELECT *, sum(pieces) OVER (PARTITION BY customer_id) AS r FROM sales) s GROUP BY r", "a window function"),
        ("(SELECT * FROM sales ORDER BY pieces LIMIT 9) s GROUP BY city", "LIMIT"),
        ("(SELECT * FROM sales OFFSET 1) s GROUP BY city", "LIMIT"),
        ("sales s WHERE pieces > (SELECT avg(pieces) FROM sales) GROUP BY city", "a subquery over people"),
        ("sales s WHERE city IN (SELECT city FROM sales WHERE pieces > 1) GROUP BY city", "a subquery over people"),
        (
            "sales s WHERE EXISTS (SELECT 1 FROM people p WHERE p.age = s.pieces) GROUP BY city",
            "a subquery over people",
        ),
        ("sales s JOIN people p ON s.pieces = p.age GROUP BY city", "does not ask for the same customer_id"),
        ("sales s, people p WHERE s.customer_id = p.customer_id GROUP BY city", "does not ask for the same"),
        ("sales s JOIN people p ON s.customer_id = p.customer_id OR true GROUP BY city", "does not ask for the same"),
        ("sales s FULL JOIN people p ON s.customer_id = p.customer_id GROUP BY city", "a Full join"),
        ("shops LEFT JOIN sales s USING (city) GROUP BY region", "a Left join that keeps rows about nobody"),
        ("sales s FULL JOIN shops USING (city) GROUP BY region", "a Full join that keeps rows about nobody"),
        (
            "sales s JOIN (SELECT city, sum(pieces) AS all FROM sales GROUP BY city) t USING (city) GROUP BY t.all",
            "GROUP BY without",
        ),
        ("sales s JOIN (SELECT DISTINCT city FROM sales) t USING (city) GROUP BY s.city", "DISTINCT without"),
        ("(SELECT DISTINCT ON (customer_id) * FROM sales) s GROUP BY city", "DISTINCT ON"),
        (
            "(SELECT customer_id, city FROM sales UNION ALL SELECT 'p1', city FROM shops) s GROUP BY city",
            "UNION with rows",
        ),
        (
            "(SELECT customer_id, first_value(city) AS city FROM sales GROUP BY customer_id) s GROUP BY city",
            "order of rows",
        ),
        (
            "(SELECT customer_id, sum(CAST(paid AS DOUBLE)) AS p FROM sales GROUP BY customer_id) s GROUP BY p",
            "order of rows",
        ),
        (
            "(SELECT customer_id, city FROM sales GROUP BY ROLLUP (customer_id, city)) s GROUP BY city",
            "GROUP BY without",
        ),
        ("(SELECT customer_id, unnest([1, 2]) AS u FROM sales) s GROUP BY u", "unnest"),
    ] {
        let found = verdict(&format!("SELECT {FIGURES} FROM {from}"), &both()).await.unwrap_err();
        assert!(found.contains(what) && found.contains("another's rows"), "{from}: {found}");
    }
}

#[tokio::test]
async fn aggregates_without_a_bound_or_with_another_meaning_are_refused() {
    let one = |name: &'static str, bound: NoiseBound| noise(2, &[(name, bound)]);
    let sum = || between("0", "3");
    for (sql, noise, what) in [
        ("SELECT city FROM sales", one("n", sum()), "it aggregates nothing"),
        ("SELECT city, count(*) AS n, sum(pieces) AS p FROM sales GROUP BY 1", one("n", sum()), "sum(sales.pieces)"),
        (
            "SELECT city, count(*) AS n FROM sales GROUP BY 1 HAVING sum(pieces) > 3",
            one("n", sum()),
            "sum(sales.pieces)",
        ),
        ("SELECT city, count(*) AS n FROM sales GROUP BY 1 ORDER BY min(pieces)", one("n", sum()), "min(sales.pieces)"),
        ("SELECT city, avg(pieces) AS n FROM sales GROUP BY 1", one("n", sum()), "how avg(sales.pieces) has any"),
        ("SELECT city, max(pieces) AS n FROM sales GROUP BY 1", one("n", sum()), "how max(sales.pieces) has any"),
        ("SELECT city, count(DISTINCT pieces) AS n FROM sales GROUP BY 1", one("n", sum()), "count(DISTINCT"),
        ("SELECT city, sum(DISTINCT pieces) AS n FROM sales GROUP BY 1", one("n", sum()), "sum(DISTINCT"),
        ("SELECT city, sum(pieces) + 1 AS n FROM sales GROUP BY 1", one("n", sum()), "no count or sum by itself"),
        ("SELECT city AS n, count(*) FROM sales GROUP BY 1", one("n", sum()), "no count or sum by itself"),
        ("SELECT city, count(*) AS m FROM sales GROUP BY 1", one("n", sum()), "no count or sum by itself"),
        ("SELECT city, count(*) AS n FROM sales GROUP BY 1", one("n", People), "otherwise than it counts"),
        ("SELECT city, count(DISTINCT customer_id) AS n FROM sales GROUP BY 1", one("n", sum()), "otherwise than it"),
        (
            "SELECT city, count(DISTINCT customer_id) FILTER (WHERE pieces > 1) AS n FROM sales GROUP BY 1",
            one("n", People),
            "otherwise than it counts",
        ),
        ("SELECT city, sum(CAST(paid AS DOUBLE)) AS n FROM sales GROUP BY 1", one("n", sum()), "no last digit"),
        ("SELECT city, sum(paid) AS n FROM sales GROUP BY 1", one("n", between("0", "0.005")), "the bounds of \"n\""),
        ("SELECT city, sum(paid) AS n FROM sales GROUP BY 1", one("n", between("0", "99999999999999999")), "bounds"),
        ("SELECT city, sum(paid) AS n FROM sales GROUP BY 1", one("n", NoiseBound::Unclear), "the bounds of"),
        ("SELECT customer_id, count(*) AS n FROM sales GROUP BY 1", one("n", sum()), "groups by the data subject"),
        ("SELECT city, count(*) AS n FROM sales GROUP BY CUBE (city)", one("n", sum()), "sets of columns"),
        ("SELECT city, count(*) AS n FROM shops GROUP BY 1", one("n", sum()), "is about nobody"),
        ("SELECT city, count(*) AS n FROM (SELECT city FROM sales) GROUP BY 1", one("n", sum()), "no column that says"),
        ("SELECT city, count(*) AS n FROM sales GROUP BY 1 LIMIT 3", one("n", sum()), "LIMIT stands over"),
        ("SELECT DISTINCT count(*) AS n FROM sales GROUP BY city", one("n", sum()), "DISTINCT stands over"),
        (
            "SELECT count(*) AS n, rank() OVER (ORDER BY count(*)) AS r FROM sales GROUP BY city",
            one("n", sum()),
            "a window",
        ),
        ("SELECT count(*) AS n FROM sales UNION ALL SELECT 1 AS n", one("n", sum()), "UNION stands over"),
        (
            "SELECT t.n FROM (SELECT city, count(*) AS n FROM sales GROUP BY 1) t JOIN people p ON p.age = t.n",
            one("n", sum()),
            "a join stands over",
        ),
        (
            "SELECT city, count(*) AS n FROM sales GROUP BY 1 HAVING count(*) > (SELECT count(*) FROM people)",
            one("n", sum()),
            "a subquery stands over",
        ),
        ("SELECT city, count(*) AS n FROM sales WHERE random() < 0.5 GROUP BY 1", one("n", sum()), "chance results"),
        ("SELECT city, random() AS r, count(*) AS n FROM sales GROUP BY 1", one("n", sum()), "chance results"),
    ] {
        let found = verdict(sql, &noise).await.unwrap_err();
        assert!(found.contains(what), "{sql}: {found}");
    }
}
