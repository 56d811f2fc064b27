-- The retail pipeline by hand, in DuckDB, on five of the twelve exports: pos_sales, tmall_orders,
-- miniapp_events, crm_members, app_events. run.py sets the variables `exports` (folder of UTF-8 exports),
-- `out` and `salt`, runs each step, and takes its time.
--
-- What it leaves out, see README.md: HMAC, consent, lineage, row accounts by rule, encrypted quarantine.

-- step: prepare
SET TimeZone = 'Asia/Shanghai';
SET preserve_insertion_order = false;

CREATE MACRO blank(v) AS nullif(trim(v), '');
-- Any spelling of a mainland mobile number to E.164; null if it is none.
CREATE MACRO e164(v) AS '+86' || nullif(regexp_extract(
    regexp_replace(translate(v, '０１２３４５６７８９＋', '0123456789+'), '[^0-9]', '', 'g'),
    '^(?:00)?(?:86)?(1[3-9][0-9]{9})$', 1), '');
CREATE MACRO token(domain, v) AS left(sha256(getvariable('salt') || domain || v), 32);
CREATE MACRO phone_token(v) AS token('phone', e164(v));
CREATE MACRO id_token(domain, v) AS token(domain, blank(v));
CREATE MACRO at_city(address) AS regexp_extract(address, '(?:省|自治区|^)([^省区]{2,8}?市)', 1);

-- step: crm_members
COPY (
    SELECT DISTINCT ON (member_no) *
    FROM (
        SELECT
            id_token('member_no', "会员卡号") AS member_no,
            CASE WHEN "性别" IN ('男', 'M') THEN 'M' WHEN "性别" IN ('女', 'F') THEN 'F' END AS gender,
            year(TRY_CAST("出生日期" AS DATE)) // 10 * 10 AS birth_decade,
            phone_token("手机号") AS phone,
            token('email', lower(blank("邮箱"))) AS email,
            blank("省") AS province,
            blank("市") AS city,
            at_city("详细地址") AS address_city,
            blank("会员等级") AS tier,
            TRY_CAST("积分" AS BIGINT) AS points,
            TRY_CAST("注册时间" AS TIMESTAMPTZ) AS registered_at,
            blank("偏好渠道") AS preferred_channel,
            id_token('unionid', unionid) AS unionid
        FROM read_csv(getvariable('exports') || '/crm_members/*', all_varchar = true, header = true, union_by_name = true)
    )
    WHERE member_no IS NOT NULL
) TO (getvariable('out') || '/conformed/crm_members.parquet') (FORMAT parquet, COMPRESSION zstd);

-- step: pos_sales
COPY (
    SELECT DISTINCT ON (receipt_no, line_no) *
    FROM (
        SELECT
            blank("小票号") AS receipt_no,
            TRY_CAST("行号" AS BIGINT) AS line_no,
            blank("门店编码") AS store_code,
            TRY_CAST("交易时间" AS TIMESTAMPTZ) AS sold_at,
            id_token('member_no', "会员卡号") AS member_no,
            phone_token("手机号") AS phone,
            blank("SKU") AS sku,
            TRY_CAST("数量" AS BIGINT) AS quantity,
            TRY_CAST("单价" AS DECIMAL(12, 2)) AS unit_price,
            TRY_CAST("实付金额" AS DECIMAL(12, 2)) AS paid_amount,
            blank("支付方式") AS payment_method,
            CASE "类型" WHEN '销售' THEN 'sale' WHEN '退货' THEN 'return' END AS kind
        FROM read_csv(getvariable('exports') || '/pos_sales/*', all_varchar = true, header = true, union_by_name = true)
    )
    -- The hand-written way to quarantine: rows that do not parse are left out.
    WHERE receipt_no IS NOT NULL AND line_no IS NOT NULL AND sold_at IS NOT NULL
        AND quantity IS NOT NULL AND paid_amount IS NOT NULL AND kind IS NOT NULL
) TO (getvariable('out') || '/conformed/pos_sales.parquet') (FORMAT parquet, COMPRESSION zstd);

-- step: tmall_orders
COPY (
    SELECT DISTINCT ON (order_no, sku) *
    FROM (
        SELECT
            blank("订单编号") AS order_no,
            id_token('tmall_buyer', "买家昵称") AS buyer,
            phone_token("联系手机") AS phone,
            at_city("收货地址") AS ship_city,
            TRY_CAST("订单创建时间" AS TIMESTAMPTZ) AS ordered_at,
            TRY_CAST("付款时间" AS TIMESTAMPTZ) AS paid_at,
            blank("SKU") AS sku,
            TRY_CAST("数量" AS BIGINT) AS quantity,
            TRY_CAST("实付款" AS DECIMAL(12, 2)) AS paid_amount,
            TRY_CAST("退款金额" AS DECIMAL(12, 2)) AS refund_amount,
            CASE "订单状态" WHEN '交易成功' THEN 'completed' WHEN '交易关闭' THEN 'closed' WHEN '待发货' THEN 'paid'
                WHEN '已退款' THEN 'refunded' ELSE "订单状态" END AS status
        FROM read_csv(getvariable('exports') || '/tmall_orders/*', all_varchar = true, header = true, union_by_name = true)
    )
    WHERE order_no IS NOT NULL AND sku IS NOT NULL AND ordered_at IS NOT NULL
        AND quantity IS NOT NULL AND paid_amount IS NOT NULL
) TO (getvariable('out') || '/conformed/tmall_orders.parquet') (FORMAT parquet, COMPRESSION zstd);

-- step: miniapp_events
COPY (
    SELECT DISTINCT ON (event_id) *
    FROM (
        SELECT
            blank(event_id) AS event_id,
            id_token('unionid', unionid) AS unionid,
            id_token('openid', openid) AS openid,
            blank(event) AS event,
            blank(sku) AS sku,
            make_timestamptz(TRY_CAST(ts AS BIGINT) * 1000) AS occurred_at,
            round(TRY_CAST(lat AS DOUBLE), 2) AS lat,
            round(TRY_CAST(lng AS DOUBLE), 2) AS lng,
            blank(campaign) AS campaign,
            phone_token(phone) AS phone
        FROM read_json(
            getvariable('exports') || '/miniapp_events/*',
            format = 'newline_delimited',
            columns = {
                event_id: 'VARCHAR', unionid: 'VARCHAR', openid: 'VARCHAR', event: 'VARCHAR', sku: 'VARCHAR',
                ts: 'VARCHAR', lat: 'VARCHAR', lng: 'VARCHAR', campaign: 'VARCHAR', phone: 'VARCHAR'
            }
        )
    )
    WHERE event_id IS NOT NULL AND event IS NOT NULL AND occurred_at IS NOT NULL
) TO (getvariable('out') || '/conformed/miniapp_events.parquet') (FORMAT parquet, COMPRESSION zstd);

-- step: app_events
COPY (
    SELECT DISTINCT ON (event_id) *
    FROM (
        SELECT
            event_id,
            id_token('device_id', device_id) AS device_id,
            id_token('app_user_id', CAST(user_id AS VARCHAR)) AS user_id,
            id_token('unionid', unionid) AS unionid,
            event,
            page,
            sku,
            make_timestamptz(epoch_us(ts)) AS occurred_at,
            duration_ms
        FROM read_parquet(getvariable('exports') || '/app_events/*')
    )
    WHERE event_id IS NOT NULL AND event IS NOT NULL AND occurred_at IS NOT NULL
) TO (getvariable('out') || '/conformed/app_events.parquet') (FORMAT parquet, COMPRESSION zstd);

-- step: identity: tokens and pairs
CREATE VIEW crm_members AS FROM read_parquet(getvariable('out') || '/conformed/crm_members.parquet');
CREATE VIEW pos_sales AS FROM read_parquet(getvariable('out') || '/conformed/pos_sales.parquet');
CREATE VIEW tmall_orders AS FROM read_parquet(getvariable('out') || '/conformed/tmall_orders.parquet');
CREATE VIEW miniapp_events AS FROM read_parquet(getvariable('out') || '/conformed/miniapp_events.parquet');
CREATE VIEW app_events AS FROM read_parquet(getvariable('out') || '/conformed/app_events.parquet');

-- Every way in which pseudonyms occur together, once, strongest domain first.
CREATE TEMP TABLE records AS
SELECT DISTINCT member_no, phone, unionid, email, openid, user_id, device_id, buyer
FROM (
    SELECT member_no, phone, unionid, email, NULL::VARCHAR AS openid, NULL::VARCHAR AS user_id, NULL::VARCHAR AS device_id, NULL::VARCHAR AS buyer FROM crm_members
    UNION ALL SELECT member_no, phone, NULL, NULL, NULL, NULL, NULL, NULL FROM pos_sales
    UNION ALL SELECT NULL, phone, NULL, NULL, NULL, NULL, NULL, buyer FROM tmall_orders
    UNION ALL SELECT NULL, phone, unionid, NULL, openid, NULL, NULL, NULL FROM miniapp_events
    UNION ALL SELECT NULL, NULL, unionid, NULL, NULL, user_id, device_id, NULL FROM app_events
);

CREATE TEMP TABLE held AS
SELECT record, UNNEST(tokens).domain AS domain, UNNEST(tokens).token AS token
FROM (
    SELECT
        row_number() OVER () AS record,
        [
            {'domain': 1, 'token': member_no}, {'domain': 2, 'token': phone}, {'domain': 3, 'token': unionid},
            {'domain': 4, 'token': email}, {'domain': 5, 'token': openid}, {'domain': 6, 'token': user_id},
            {'domain': 7, 'token': device_id}, {'domain': 8, 'token': buyer}
        ] AS tokens
    FROM records
);
DELETE FROM held WHERE token IS NULL;

CREATE TEMP TABLE tokens AS
SELECT row_number() OVER () AS node, domain, token FROM (SELECT DISTINCT domain, token FROM held);

CREATE TEMP TABLE pairs AS
WITH numbered AS (SELECT held.record, tokens.node, tokens.domain FROM held JOIN tokens USING (domain, token))
SELECT DISTINCT a.node AS a, a.domain AS a_domain, b.node AS b, b.domain AS b_domain
FROM numbered AS a JOIN numbered AS b ON b.record = a.record AND b.node <> a.node;

-- A token that goes with more than 8 tokens of one other domain is shared by several people and joins nothing.
CREATE TEMP TABLE shared AS
SELECT DISTINCT a AS node FROM pairs GROUP BY a, b_domain HAVING count(*) > 8;

CREATE TEMP TABLE edges AS
SELECT a, b FROM pairs WHERE a NOT IN (FROM shared) AND b NOT IN (FROM shared);
DROP TABLE pairs;
DROP TABLE held;
DROP TABLE records;

-- step: identity: label propagation
-- Every node starts with its own number; the smallest number reached wins, until nothing changes.
CREATE TEMP TABLE labels AS
WITH RECURSIVE spread(node, label) USING KEY (node) AS (
    SELECT node, node AS label FROM tokens
    UNION
    SELECT edges.b AS node, min(spread.label) AS label
    FROM spread
    JOIN edges ON edges.a = spread.node
    JOIN recurring.spread AS known ON known.node = edges.b
    WHERE spread.label < known.label
    GROUP BY edges.b
)
SELECT node, label FROM spread;

CREATE TEMP TABLE customer_identity AS
SELECT t.domain, t.token, 'c_' || founder.token AS customer_id
FROM tokens AS t
JOIN labels ON labels.node = t.node
JOIN tokens AS founder ON founder.node = labels.label;

CREATE TEMP TABLE customers AS
SELECT customer_id, count(*) AS identifiers, count(DISTINCT domain) AS domains FROM customer_identity GROUP BY customer_id;
COPY customers TO (getvariable('out') || '/identity/customers.parquet') (FORMAT parquet, COMPRESSION zstd);
COPY customer_identity TO (getvariable('out') || '/identity/customer_identity.parquet') (FORMAT parquet, COMPRESSION zstd);

-- step: sales
-- A row is its strongest pseudonym's customer's. Tokens of two domains never are the same text.
CREATE TEMP TABLE sales AS
WITH shop AS (
    SELECT *, coalesce(member_no, phone) AS named FROM pos_sales
),
tmall AS (
    SELECT
        *,
        coalesce(phone, buyer) AS named,
        CASE
            WHEN status IN ('closed', 'refunded') AND coalesce(refund_amount, 0) = 0 THEN paid_amount
            ELSE coalesce(refund_amount, 0)
        END AS refunded
    FROM tmall_orders
    WHERE paid_at IS NOT NULL
),
lines AS (
    SELECT
        'store:' || receipt_no || ':' || line_no AS sale_id,
        'store' AS channel,
        receipt_no AS order_no,
        named,
        sku,
        store_code AS location,
        sold_at,
        kind,
        CASE WHEN kind = 'return' THEN -abs(quantity) ELSE quantity END AS quantity,
        CAST(CASE WHEN kind = 'return' THEN -abs(paid_amount) ELSE paid_amount END AS DECIMAL(14, 2)) AS revenue,
        CAST(CASE WHEN kind = 'return' THEN abs(paid_amount) ELSE 0 END AS DECIMAL(14, 2)) AS returned
    FROM shop
    UNION ALL
    SELECT
        'tmall:' || order_no || ':' || sku,
        'tmall',
        order_no,
        named,
        sku,
        'online',
        paid_at,
        'sale',
        CASE WHEN refunded >= paid_amount AND refunded > 0 THEN 0 ELSE quantity END,
        CAST(paid_amount - refunded AS DECIMAL(14, 2)),
        CAST(refunded AS DECIMAL(14, 2))
    FROM tmall
)
SELECT
    sale_id, channel, order_no, customer_id, sku, location, sold_at,
    CAST(sold_at AS DATE) AS sold_on, kind, quantity, revenue, returned
FROM lines
LEFT JOIN customer_identity ON customer_identity.token = lines.named;
COPY sales TO (getvariable('out') || '/curated/sales.parquet') (FORMAT parquet, COMPRESSION zstd);

-- step: customer_master
CREATE TEMP TABLE customer_master AS
WITH cards AS (
    SELECT
        customer_id,
        count(*) AS cards,
        arg_max(gender, registered_at) FILTER (WHERE gender IS NOT NULL) AS gender,
        arg_max(birth_decade, registered_at) FILTER (WHERE birth_decade IS NOT NULL) AS birth_decade,
        arg_max(province, registered_at) FILTER (WHERE province IS NOT NULL) AS province,
        arg_max(coalesce(city, address_city), registered_at) FILTER (WHERE coalesce(city, address_city) IS NOT NULL) AS city,
        arg_max(tier, registered_at) FILTER (WHERE tier IS NOT NULL) AS tier,
        arg_max(points, registered_at) FILTER (WHERE points IS NOT NULL) AS points,
        min(registered_at) AS registered_at
    FROM crm_members
    JOIN customer_identity ON customer_identity.token = crm_members.member_no
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
    WHERE customer_id IS NOT NULL AND sold_on <= getvariable('as_of_on')
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
    FROM (SELECT coalesce(phone, unionid, openid) AS named, occurred_at FROM miniapp_events) AS events
    JOIN customer_identity ON customer_identity.token = events.named
    WHERE CAST(occurred_at AS DATE) <= getvariable('as_of_on')
    GROUP BY customer_id
),
app AS (
    SELECT customer_id, min(occurred_at) AS first_at, max(occurred_at) AS last_at
    FROM (SELECT coalesce(unionid, user_id, device_id) AS named, occurred_at FROM app_events) AS events
    JOIN customer_identity ON customer_identity.token = events.named
    WHERE CAST(occurred_at AS DATE) <= getvariable('as_of_on')
    GROUP BY customer_id
)
SELECT
    customers.customer_id,
    cards.customer_id IS NOT NULL AS is_member,
    coalesce(cards.cards, 0) AS cards,
    cards.gender,
    cards.birth_decade,
    cards.province,
    cards.city,
    cards.tier,
    cards.points,
    cards.registered_at,
    coalesce(bought.in_store, false) AS in_store,
    coalesce(bought.on_tmall, false) AS on_tmall,
    miniapp.customer_id IS NOT NULL AS in_miniapp,
    app.customer_id IS NOT NULL AS in_app,
    coalesce(bought.in_store, false)::INT + coalesce(bought.on_tmall, false)::INT
        + (miniapp.customer_id IS NOT NULL)::INT + (app.customer_id IS NOT NULL)::INT AS channels_seen,
    least(bought.first_at, miniapp.first_at, app.first_at) AS first_activity_at,
    greatest(bought.last_at, miniapp.last_at, app.last_at) AS last_activity_at,
    bought.bought_on AS last_order_on,
    coalesce(bought.orders, 0)::BIGINT AS orders,
    coalesce(bought.units, 0)::BIGINT AS units,
    coalesce(bought.spend, 0)::DECIMAL(14, 2) AS spend,
    coalesce(bought.returned, 0)::DECIMAL(14, 2) AS returned,
    customers.identifiers
FROM customers
LEFT JOIN cards USING (customer_id)
LEFT JOIN bought USING (customer_id)
LEFT JOIN miniapp USING (customer_id)
LEFT JOIN app USING (customer_id);
COPY customer_master TO (getvariable('out') || '/curated/customer_master.parquet') (FORMAT parquet, COMPRESSION zstd);

-- step: customer_rfm
COPY (
    WITH buyers AS (
        SELECT customer_id, last_order_on, getvariable('as_of_on') - last_order_on AS recency_days, orders AS frequency, spend AS monetary
        FROM customer_master
        WHERE orders > 0
    ),
    scored AS (
        SELECT
            *,
            ntile(5) OVER (ORDER BY recency_days DESC, frequency, monetary, customer_id) AS recency_score,
            ntile(5) OVER (ORDER BY frequency, monetary, recency_days DESC, customer_id) AS frequency_score,
            ntile(5) OVER (ORDER BY monetary, frequency, recency_days DESC, customer_id) AS monetary_score
        FROM buyers
    )
    SELECT
        *,
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
) TO (getvariable('out') || '/curated/customer_rfm.parquet') (FORMAT parquet, COMPRESSION zstd);
