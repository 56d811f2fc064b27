-- Recency, frequency and money of every customer, scored in fifths (best is 5), as of the run's day.
--
-- Days are counted on the calendar, the day of sale being London's. Customers who are equal in a measure are
-- told apart by the others and at last by their pseudonym, so that the same data always give the same scores.
WITH invoices AS (
    SELECT
        customer_id,
        customer_no,
        invoice_no,
        max(invoiced_on) AS invoiced_on,
        sum(amount) AS amount
    FROM online_retail_sales
    WHERE invoiced_on <= local_date(as_of())
    GROUP BY customer_id, customer_no, invoice_no
),
buyers AS (
    SELECT
        customer_id,
        customer_no,
        max(invoiced_on) AS last_invoice_on,
        CAST(local_date(as_of()) - max(invoiced_on) AS BIGINT) AS recency_days,
        CAST(count(*) AS BIGINT) AS frequency,
        CAST(sum(amount) AS DECIMAL(18, 3)) AS monetary
    FROM invoices
    GROUP BY customer_id, customer_no
)
SELECT
    customer_id,
    customer_no,
    local_date(as_of()) AS as_of_on,
    last_invoice_on,
    recency_days,
    frequency,
    monetary,
    CAST(ntile(5) OVER (ORDER BY recency_days DESC, frequency, monetary, customer_no) AS BIGINT) AS recency_score,
    CAST(ntile(5) OVER (ORDER BY frequency, monetary, recency_days DESC, customer_no) AS BIGINT) AS frequency_score,
    CAST(ntile(5) OVER (ORDER BY monetary, frequency, recency_days DESC, customer_no) AS BIGINT) AS monetary_score
FROM buyers
