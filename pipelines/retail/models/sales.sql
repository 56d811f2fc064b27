-- One row per sale line of the channels whose exports say what was paid: shops and Tmall.
--
-- A shop's return is a line of its own and counts negative. Tmall writes what it paid back onto the line that
-- was sold, without saying when, so there the line itself shrinks by it. An order that was never paid is no
-- sale. Where the status says that the money went back but no sum is given, all of it did.
WITH shop AS (
    SELECT
        receipt_no,
        line_no,
        customer_id,
        sku,
        store_code,
        sold_at,
        kind,
        CASE WHEN kind = 'return' THEN -abs(quantity) ELSE quantity END AS quantity,
        CASE WHEN kind = 'return' THEN -abs(paid_amount) ELSE paid_amount END AS revenue,
        CASE WHEN kind = 'return' THEN abs(paid_amount) ELSE 0 END AS returned
    FROM pos_sales
),
tmall AS (
    SELECT
        order_no,
        customer_id,
        sku,
        paid_at,
        quantity,
        paid_amount,
        CASE
            WHEN status IN ('closed', 'refunded') AND coalesce(refund_amount, 0) = 0 THEN paid_amount
            ELSE coalesce(refund_amount, 0)
        END AS refunded
    FROM tmall_orders
    WHERE paid_at IS NOT NULL
),
lines AS (
    SELECT
        concat('store:', receipt_no, ':', CAST(line_no AS VARCHAR)) AS sale_id,
        'store' AS channel,
        receipt_no AS order_no,
        customer_id,
        sku,
        store_code AS location,
        sold_at,
        kind,
        CAST(quantity AS BIGINT) AS quantity,
        CAST(revenue AS DECIMAL(14, 2)) AS revenue,
        CAST(returned AS DECIMAL(14, 2)) AS returned
    FROM shop
    UNION ALL
    SELECT
        concat('tmall:', order_no, ':', sku) AS sale_id,
        'tmall' AS channel,
        order_no,
        customer_id,
        sku,
        'online' AS location,
        paid_at AS sold_at,
        'sale' AS kind,
        CAST(CASE WHEN refunded >= paid_amount AND refunded > 0 THEN 0 ELSE quantity END AS BIGINT) AS quantity,
        CAST(paid_amount - refunded AS DECIMAL(14, 2)) AS revenue,
        CAST(refunded AS DECIMAL(14, 2)) AS returned
    FROM tmall
)
SELECT
    lines.sale_id,
    lines.channel,
    lines.order_no,
    lines.customer_id,
    lines.sku,
    lines.location,
    lines.sold_at,
    local_date(lines.sold_at) AS sold_on,
    lines.kind,
    lines.quantity,
    lines.revenue,
    lines.returned,
    CAST(lines.quantity * products.unit_cost AS DECIMAL(14, 2)) AS cost
FROM lines
LEFT JOIN products ON products.sku = lines.sku
