-- The lines that are sales to somebody: customer known, pieces and price above nothing.
--
-- The source numbers no lines, so they are numbered here, within the invoice, in an order that depends on
-- nothing but the lines themselves.
SELECT
    invoice_no,
    CAST(
        row_number() OVER (
            PARTITION BY invoice_no
            ORDER BY stock_code, description, quantity, unit_price, invoiced_at, customer_no, country
        ) AS BIGINT
    ) AS line_no,
    customer_id,
    customer_no,
    stock_code,
    description,
    country,
    invoiced_at,
    CAST(invoiced_at AT TIME ZONE 'Europe/London' AS DATE) AS invoiced_on,
    quantity,
    unit_price,
    CAST(quantity * unit_price AS DECIMAL(14, 3)) AS amount
FROM online_retail_lines
WHERE customer_no IS NOT NULL AND quantity > 0 AND unit_price > 0
