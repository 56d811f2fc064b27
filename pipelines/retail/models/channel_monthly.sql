-- What each channel sold and gave back in each month, for the books.
--
-- It reads the exports, not the table of sales: the books hold every sale, whether or not the customer agreed
-- to analysis. Money is counted as in the table of sales.
WITH lines AS (
    SELECT
        'store' AS channel,
        sold_at,
        receipt_no AS order_no,
        customer_id,
        CASE WHEN kind = 'return' THEN 0 ELSE 1 END AS is_order,
        CASE WHEN kind = 'return' THEN -abs(paid_amount) ELSE paid_amount END AS revenue,
        CASE WHEN kind = 'return' THEN abs(paid_amount) ELSE 0 END AS returned
    FROM pos_sales
    UNION ALL
    SELECT
        'tmall' AS channel,
        paid_at AS sold_at,
        order_no,
        customer_id,
        1 AS is_order,
        CASE
            WHEN status IN ('closed', 'refunded') AND coalesce(refund_amount, 0) = 0 THEN 0
            ELSE paid_amount - coalesce(refund_amount, 0)
        END AS revenue,
        CASE
            WHEN status IN ('closed', 'refunded') AND coalesce(refund_amount, 0) = 0 THEN paid_amount
            ELSE coalesce(refund_amount, 0)
        END AS returned
    FROM tmall_orders
    WHERE paid_at IS NOT NULL
),
orders AS (
    SELECT
        date_trunc('month', local_date(sold_at)) AS month,
        channel,
        order_no,
        customer_id,
        max(is_order) AS is_order,
        count(*) AS lines,
        sum(revenue) AS revenue,
        sum(returned) AS returned
    FROM lines
    GROUP BY date_trunc('month', local_date(sold_at)), channel, order_no, customer_id
)
SELECT
    CAST(month AS DATE) AS month,
    channel,
    CAST(sum(is_order) AS BIGINT) AS orders,
    CAST(sum(lines) AS BIGINT) AS lines,
    CAST(count(DISTINCT customer_id) AS BIGINT) AS customers,
    CAST(sum(revenue) AS DECIMAL(18, 2)) AS revenue,
    CAST(sum(returned) AS DECIMAL(18, 2)) AS returned
FROM orders
GROUP BY month, channel
