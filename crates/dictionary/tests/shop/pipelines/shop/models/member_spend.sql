SELECT customer_id, CAST(max(points) AS decimal(14, 2)) AS spend
FROM members
WHERE customer_id IS NOT NULL
GROUP BY customer_id
