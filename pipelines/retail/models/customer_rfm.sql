-- Recency, frequency and money of everybody who ever bought, scored in fifths and named.
--
-- Fifths are of customers, best is 5. Customers who are equal in a measure are told apart by the others and at
-- last by their id, so that the same data always give the same scores.
WITH buyers AS (
    SELECT
        customer_id,
        last_order_on,
        CAST(local_date(as_of()) - last_order_on AS BIGINT) AS recency_days,
        orders AS frequency,
        spend AS monetary
    FROM customer_master
    WHERE orders > 0
),
scored AS (
    SELECT
        customer_id,
        last_order_on,
        recency_days,
        frequency,
        monetary,
        CAST(ntile(5) OVER (ORDER BY recency_days DESC, frequency, monetary, customer_id) AS BIGINT) AS recency_score,
        CAST(ntile(5) OVER (ORDER BY frequency, monetary, recency_days DESC, customer_id) AS BIGINT) AS frequency_score,
        CAST(ntile(5) OVER (ORDER BY monetary, frequency, recency_days DESC, customer_id) AS BIGINT) AS monetary_score
    FROM buyers
)
SELECT
    customer_id,
    local_date(as_of()) AS as_of_on,
    last_order_on,
    recency_days,
    frequency,
    monetary,
    recency_score,
    frequency_score,
    monetary_score,
    CASE
        WHEN recency_score >= 4 AND frequency_score >= 4 AND monetary_score >= 4 THEN 'champion'
        WHEN recency_score >= 3 AND frequency_score + monetary_score >= 7 THEN 'loyal'
        WHEN recency_score >= 4 AND frequency = 1 THEN 'new'
        WHEN recency_score >= 3 THEN 'promising'
        WHEN frequency_score + monetary_score >= 8 THEN 'must_not_lose'
        WHEN frequency_score + monetary_score >= 5 THEN 'at_risk'
        ELSE 'dormant'
    END AS segment
FROM scored
