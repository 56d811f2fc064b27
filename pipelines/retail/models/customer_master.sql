-- One row per customer: what is known of them, where they were seen, what they bought.
--
-- Attributes come from the membership cards; of several cards the latest that says anything wins, attribute by
-- attribute. Figures count up to and including the run's as-of day. Rows that name nobody belong to no customer.
WITH cards AS (
    SELECT
        customer_id,
        count(*) AS cards,
        first_value(gender ORDER BY registered_at DESC NULLS LAST, member_no) FILTER (WHERE gender IS NOT NULL) AS gender,
        first_value(birth_decade ORDER BY registered_at DESC NULLS LAST, member_no) FILTER (WHERE birth_decade IS NOT NULL) AS birth_decade,
        first_value(province ORDER BY registered_at DESC NULLS LAST, member_no) FILTER (WHERE province IS NOT NULL) AS province,
        first_value(coalesce(city, address_city) ORDER BY registered_at DESC NULLS LAST, member_no) FILTER (WHERE coalesce(city, address_city) IS NOT NULL) AS city,
        first_value(tier ORDER BY registered_at DESC NULLS LAST, member_no) FILTER (WHERE tier IS NOT NULL) AS tier,
        first_value(points ORDER BY registered_at DESC NULLS LAST, member_no) FILTER (WHERE points IS NOT NULL) AS points,
        min(registered_at) AS registered_at
    FROM crm_members
    WHERE customer_id IS NOT NULL
    GROUP BY customer_id
),
orders AS (
    SELECT
        customer_id,
        channel,
        order_no,
        min(sold_at) AS first_at,
        max(sold_at) AS last_at,
        max(CASE WHEN kind = 'sale' THEN 1 ELSE 0 END) AS is_order,
        max(CASE WHEN kind = 'sale' THEN sold_on END) AS bought_on,
        sum(quantity) AS units,
        sum(revenue) AS spend,
        sum(returned) AS returned
    FROM sales
    WHERE customer_id IS NOT NULL AND sold_on <= local_date(as_of())
    GROUP BY customer_id, channel, order_no
),
bought AS (
    SELECT
        customer_id,
        bool_or(channel = 'store') AS in_store,
        bool_or(channel = 'tmall') AS on_tmall,
        min(first_at) AS first_at,
        max(last_at) AS last_at,
        sum(is_order) AS orders,
        max(bought_on) AS bought_on,
        sum(units) AS units,
        sum(spend) AS spend,
        sum(returned) AS returned
    FROM orders
    GROUP BY customer_id
),
miniapp AS (
    SELECT customer_id, min(occurred_at) AS first_at, max(occurred_at) AS last_at
    FROM miniapp_events
    WHERE customer_id IS NOT NULL AND local_date(occurred_at) <= local_date(as_of())
    GROUP BY customer_id
),
app AS (
    SELECT customer_id, min(occurred_at) AS first_at, max(occurred_at) AS last_at
    FROM app_events
    WHERE customer_id IS NOT NULL AND local_date(occurred_at) <= local_date(as_of())
    GROUP BY customer_id
),
service AS (
    SELECT customer_id, min(opened_at) AS first_at, max(opened_at) AS last_at
    FROM service_tickets
    WHERE customer_id IS NOT NULL AND local_date(opened_at) <= local_date(as_of())
    GROUP BY customer_id
)
SELECT
    customers.customer_id,
    cards.customer_id IS NOT NULL AS is_member,
    CAST(coalesce(cards.cards, 0) AS BIGINT) AS cards,
    cards.gender,
    CAST(cards.birth_decade AS BIGINT) AS birth_decade,
    cards.province,
    cards.city,
    cards.tier,
    CAST(cards.points AS BIGINT) AS points,
    cards.registered_at,
    coalesce(bought.in_store, FALSE) AS in_store,
    coalesce(bought.on_tmall, FALSE) AS on_tmall,
    miniapp.customer_id IS NOT NULL AS in_miniapp,
    app.customer_id IS NOT NULL AS in_app,
    service.customer_id IS NOT NULL AS at_service,
    CAST(
        CASE WHEN bought.in_store THEN 1 ELSE 0 END
        + CASE WHEN bought.on_tmall THEN 1 ELSE 0 END
        + CASE WHEN miniapp.customer_id IS NOT NULL THEN 1 ELSE 0 END
        + CASE WHEN app.customer_id IS NOT NULL THEN 1 ELSE 0 END
        + CASE WHEN service.customer_id IS NOT NULL THEN 1 ELSE 0 END
    AS BIGINT) AS channels_seen,
    least(bought.first_at, miniapp.first_at, app.first_at, service.first_at) AS first_activity_at,
    greatest(bought.last_at, miniapp.last_at, app.last_at, service.last_at) AS last_activity_at,
    bought.bought_on AS last_order_on,
    CAST(coalesce(bought.orders, 0) AS BIGINT) AS orders,
    CAST(coalesce(bought.units, 0) AS BIGINT) AS units,
    CAST(coalesce(bought.spend, 0) AS DECIMAL(14, 2)) AS spend,
    CAST(coalesce(bought.returned, 0) AS DECIMAL(14, 2)) AS returned,
    CAST(customers.identifiers AS BIGINT) AS identifiers
FROM customers
LEFT JOIN cards ON cards.customer_id = customers.customer_id
LEFT JOIN bought ON bought.customer_id = customers.customer_id
LEFT JOIN miniapp ON miniapp.customer_id = customers.customer_id
LEFT JOIN app ON app.customer_id = customers.customer_id
LEFT JOIN service ON service.customer_id = customers.customer_id
