-- Plain SQL. customer_id comes from the engine; who may be read for this purpose is decided before a row arrives here.
SELECT
    customer_id,
    count(DISTINCT order_no)            AS orders,
    CAST(sum(amount) AS DECIMAL(14, 2)) AS spent
FROM orders
WHERE customer_id IS NOT NULL
GROUP BY customer_id
