-- What was sold in each month, London time.
WITH invoices AS (
    SELECT
        date_trunc('month', invoiced_on) AS month,
        invoice_no,
        customer_id,
        count(*) AS lines,
        sum(quantity) AS units,
        sum(amount) AS revenue
    FROM online_retail_sales
    GROUP BY date_trunc('month', invoiced_on), invoice_no, customer_id
)
SELECT
    CAST(month AS DATE) AS month,
    CAST(count(DISTINCT invoice_no) AS BIGINT) AS invoices,
    CAST(sum(lines) AS BIGINT) AS lines,
    CAST(count(DISTINCT customer_id) AS BIGINT) AS customers,
    CAST(sum(units) AS BIGINT) AS units,
    CAST(sum(revenue) AS DECIMAL(18, 3)) AS revenue
FROM invoices
GROUP BY month
