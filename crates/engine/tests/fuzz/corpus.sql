-- Queries of the generator that are worth asking every time: one or two of each kind, and those that once found
-- something. They are kept as text, since a change to the generator makes other queries of the same seeds.

-- seed 1, query 26: a scan that was in the middle of a batch when the query ended: accounts add a batch at once
SELECT * FROM ((SELECT * FROM (SELECT a4.c0 AS c0, max(a2."Points") AS c1, min(a1.visit_id) AS c2, count(DISTINCT upper(a2.customer_id)) AS c3 FROM visits AS a1 JOIN "Loyalty" AS a2 ON a1.customer_id = a2.customer_id AND nullif(a1.device_token, 'CANARY') = lower(a1.page) JOIN LATERAL (SELECT count(upper('east')) AS c0 FROM orders AS a3 WHERE a3.customer_id = a1.customer_id) AS a4 ON true GROUP BY a4.c0 HAVING count(a2."Tier of") > 11) AS l) EXCEPT (SELECT (a6."Points" % 9) AS c0, (SELECT min((9 - 10)) FROM crm.cards AS a8 RIGHT JOIN crm.cards AS a9 ON a8.customer_id = a9.customer_id WHERE (54 * 5) = ANY (SELECT (a10.v0 % 7) FROM (VALUES (41, 'Leeds'), (21, 'Porto'), (7, NULL)) AS a10(v0, v1) RIGHT JOIN (VALUES (41, 'Leeds'), (21, 'Porto'), (7, NULL)) AS a11(v0, v1) ON a10.v1 = a11.v1 AND DATE '2011-01-11' IS NULL CROSS JOIN "Loyalty" AS a12)) AS c1, (a5.amount + a5.amount) AS c2, a5.order_id AS c3 FROM orders AS a5 JOIN "Loyalty" AS a6 ON a5.customer_id = a6.customer_id CROSS JOIN shops AS a7 WHERE ((a6."Points" BETWEEN 57 AND 66600000 OR (a5.day IS DISTINCT FROM DATE '2011-04-17')) AND NOT EXISTS (SELECT 1 FROM people AS s3 WHERE s3.customer_id = a5.customer_id AND (s3.code <> s3.customer_id OR s3.customer_id = s3.city))))) AS o ORDER BY 1 DESC, 2 DESC NULLS LAST, 3 DESC, 4 DESC NULLS LAST;

-- seed 1, query 154: the same, with LATERAL and INTERSECT ALL
SELECT a1.c2 AS c0, approx_distinct(CAST(a1.c1 AS VARCHAR)) AS c1, max(nullif(a1.c3, 'T1')) AS c2, sum(a1.c0) AS c3 FROM ((SELECT * FROM (SELECT a2.spend AS c0, a2.age AS c1, a2.code AS c2, upper(CASE WHEN a2.city IS NOT NULL THEN 'Walk-in' ELSE a4.card END) AS c3 FROM people AS a2 LEFT ANTI JOIN shops AS a3 ON a2.city = a3.city CROSS JOIN crm.cards AS a4 WHERE a4.card NOT IN ('sent', 'Porto')) AS l) INTERSECT ALL (SELECT (a11.c0 + 40) AS c0, CASE WHEN a5.c1 IS NOT NULL THEN a5.c2 ELSE a11.c0 END AS c1, CASE WHEN a5.c1 IS NOT NULL THEN a11.c2 ELSE a5.c1 END AS c2, a11.c2 AS c3 FROM (SELECT a7.customer_id AS c0, a9.customer_id AS c1, count(*) OVER (PARTITION BY a6.page ) AS c2 FROM visits AS a6 JOIN people AS a7 ON a6.customer_id = a7.customer_id FULL JOIN crm.cards AS a8 ON a6.customer_id = a8.customer_id RIGHT JOIN crm.cards AS a9 ON a8.customer_id = a9.customer_id AND random() >= 0 LEFT SEMI JOIN crm.cards AS a10 ON a8.customer_id = a10.customer_id WHERE (random() >= 0 OR a7.city LIKE '_a%')) AS a5 CROSS JOIN (SELECT count(*) AS c0, count(*) FILTER (WHERE a12.v0 BETWEEN 52 AND 2) AS c1, min(('' || a13.customer_id)) AS c2 FROM (VALUES (41, 'Leeds'), (21, 'Porto'), (7, NULL)) AS a12(v0, v1) CROSS JOIN crm.cards AS a13) AS a11 CROSS JOIN (SELECT string_agg(substr(a15.customer_id, 1, 2), ',' ORDER BY substr(a15.customer_id, 1, 2)) AS c0 FROM orders AS a15 CROSS JOIN (VALUES (41, 'Leeds'), (21, 'Porto'), (7, NULL)) AS a16(v0, v1) LEFT SEMI JOIN people AS a17 ON a16.v1 = a17.city) AS a14)) AS a1 GROUP BY a1.c2;

-- seed 20261001, query 190: the same, below NOT IN
SELECT * FROM (SELECT approx_distinct(CAST(a3.order_id AS VARCHAR)) AS c0, count(DISTINCT substr(a2.city, 1, 1)) AS c1 FROM crm.cards AS a1 JOIN people AS a2 ON a1.customer_id = a2.customer_id AND a2.name LIKE '%a%' JOIN orders AS a3 ON a2.customer_id = a3.customer_id WHERE (((a3.status IS DISTINCT FROM 'Porto') OR a3.day IS NULL) AND (a3.day <> a3.day AND (a2.age * 0) NOT IN (SELECT (a5."Points" - a5."Points") FROM crm.cards AS a4 JOIN "Loyalty" AS a5 ON a4.customer_id = a5.customer_id CROSS JOIN shops AS a6 WHERE (EXISTS (SELECT 1 FROM visits AS s2 WHERE s2.customer_id = a4.customer_id AND (CASE WHEN lower('sent') <= lower(s2.page) THEN DATE '2011-03-15' ELSE DATE '2011-02-18' END < greatest(DATE '2011-02-14', DATE '2011-02-14') OR s2.page IN ('east', 'Porto', 'paid'))) OR DATE '2011-04-17' BETWEEN DATE '2011-03-18' AND DATE '2011-03-13'))))) AS o ORDER BY 1, 2 DESC NULLS LAST LIMIT 2;

-- seed 1, query 385: like
SELECT a1.page AS c0 FROM visits AS a1 WHERE a1.customer_id LIKE '_a%';

-- seed 1, query 147: like
SELECT (53 + (28 - 25)) AS c0 FROM shops AS a1 WHERE a1.region NOT LIKE '%1%';

-- seed 20261001, query 382: limit
SELECT * FROM (SELECT a1.customer_id AS c0 FROM visits AS a1) AS o ORDER BY 1 LIMIT 18;

-- seed 20261001, query 84: limit
SELECT * FROM (SELECT abs(a1."Points") AS c0 FROM "Loyalty" AS a1) AS o ORDER BY 1 LIMIT 19;

-- seed 20261001, query 370: values
SELECT length(a1.v1) AS c0 FROM (VALUES (41, 'Leeds'), (21, 'Porto'), (7, NULL)) AS a1(v0, v1);

-- seed 1, query 284: semi
SELECT a1.order_id AS c0 FROM orders AS a1 LEFT SEMI JOIN orders AS a2 ON a1.customer_id = a2.customer_id;

-- seed 1, query 293: cube
SELECT a1.card AS c0, bool_or(a1.customer_id <> 'CANARY') AS c1 FROM crm.cards AS a1 GROUP BY CUBE (a1.card);

-- seed 1, query 218: filter
SELECT a1.card AS c0, count(*) FILTER (WHERE DATE '2011-01-13' IS NOT NULL) AS c1 FROM crm.cards AS a1 GROUP BY a1.card;

-- seed 1, query 12: full join
SELECT a2.phone_token AS c0, a1.amount AS c1 FROM orders AS a1 FULL JOIN orders AS a2 ON a1.customer_id = a2.customer_id;

-- seed 1, query 41: nullif
SELECT a1.day AS c0, nullif(a1.status, 'T1') AS c1, a1.order_id AS c2, abs(60) AS c3 FROM orders AS a1 WHERE a1.amount IS NOT NULL;

-- seed 20261001, query 61: values
SELECT max((a1.v0 - a1.v0)) AS c0, count(DISTINCT a1.v1) AS c1 FROM (VALUES (41, 'Leeds'), (21, 'Porto'), (7, NULL)) AS a1(v0, v1);

-- seed 1, query 272: offset
SELECT * FROM (SELECT count(a1.customer_id) AS c0 FROM "Loyalty" AS a1 WHERE a1."Points" = 20) AS o ORDER BY 1 DESC LIMIT 30 OFFSET 1;

-- seed 1, query 300: filter
SELECT count(*) FILTER (WHERE a1.region = a1.region) AS c0, max(lower('CANARY')) AS c1, avg(length(a1.region)) AS c2 FROM shops AS a1;

-- seed 1, query 157: semi
SELECT max(lower(a2.card)) AS c0 FROM shops AS a1 CROSS JOIN crm.cards AS a2 LEFT SEMI JOIN orders AS a3 ON a2.customer_id = a3.customer_id;

-- seed 1, query 315: random
SELECT * FROM (SELECT DISTINCT a1.name AS c0, a1.spend AS c1 FROM people AS a1 WHERE random() >= 0) AS o ORDER BY 1 DESC, 2 DESC NULLS LAST;

-- seed 1, query 235: random
SELECT a2.region AS c0, avg(-1) AS c1 FROM crm.cards AS a1 CROSS JOIN shops AS a2 WHERE (random() >= 0 AND 16 IS NOT NULL) GROUP BY a2.region;

-- seed 1, query 337: full join
SELECT ((a2."Points" * 2) * -1) AS c0 FROM shops AS a1 CROSS JOIN "Loyalty" AS a2 FULL JOIN visits AS a20 ON a2.customer_id = a20.customer_id;

-- seed 1, query 326: string_agg
SELECT a1.v0 AS c0, string_agg(a1.v1, ',' ORDER BY a1.v1) AS c1 FROM (VALUES (41, 'Leeds'), (21, 'Porto'), (7, NULL)) AS a1(v0, v1) GROUP BY a1.v0;

-- seed 1, query 78: lag
SELECT a1.card AS c0, lag(CAST(date_part('month', DATE '2011-04-10') AS BIGINT)) OVER (ORDER BY a1.customer_id, a1.card) AS c1 FROM crm.cards AS a1;

-- seed 20261001, query 108: all
SELECT length(lower(a1.city)) AS c0 FROM shops AS a1 WHERE CASE WHEN a1.region IS NULL THEN 15 ELSE 11 END <= ALL (SELECT abs(39) FROM shops AS a2);

-- seed 20261001, query 180: hazard
SELECT * FROM (SELECT a1.customer_id AS c0, a1.city AS c1 FROM people AS a1 WHERE (100 / (a1.age - 41)) > -17) AS o ORDER BY 1, 2 DESC NULLS LAST LIMIT 13;

-- seed 1, query 121: offset
SELECT * FROM (SELECT a1.spend AS c0, max((a1.age * 4)) AS c1 FROM people AS a1 GROUP BY a1.spend) AS o ORDER BY 1 DESC NULLS LAST, 2 DESC LIMIT 30 OFFSET 1;

-- seed 1, query 202: rollup
SELECT a1.customer_id AS c0, sum(coalesce(4, 5)) AS c1 FROM crm.cards AS a1 GROUP BY ROLLUP (a1.customer_id) HAVING count(DISTINCT substr(a1.card, 1, 1)) > 6;

-- seed 1, query 6: cube
SELECT a2.name AS c0, array_agg(coalesce(a2.age, 33) ORDER BY coalesce(a2.age, 33)) AS c1 FROM shops AS a1 RIGHT JOIN people AS a2 ON a1.city = a2.city GROUP BY CUBE (a2.name);

-- seed 1, query 59: string_agg
SELECT * FROM (SELECT a1.age AS c0, string_agg(a1.code, ',' ORDER BY a1.code) AS c1 FROM people AS a1 GROUP BY a1.age HAVING count(a1.city) > 8) AS o ORDER BY 1 DESC, 2 DESC NULLS LAST;

-- seed 20261001, query 88: lag
SELECT a1."Tier of" AS c0, a1.customer_id AS c1, lag(a1."Points") OVER (ORDER BY a1."Points", a1.customer_id, a1."Tier of") AS c2 FROM "Loyalty" AS a1 WHERE (a1."Points" IS DISTINCT FROM 19);

-- seed 1, query 364: place
SELECT a1.customer_id AS c0, a1.age AS c1, row_number() OVER (PARTITION BY a1.place['town'] ORDER BY a1.customer_id, a1.name, a1.age, a1.city, a1.spend, a1.code, a1.place['town']) AS c2 FROM people AS a1;

-- seed 20261001, query 128: anti
SELECT a2."Points" AS c0, DATE '2011-01-11' AS c1, a2."Points" AS c2 FROM shops AS a1 CROSS JOIN "Loyalty" AS a2 LEFT ANTI JOIN "Loyalty" AS a3 ON a2.customer_id = a3.customer_id WHERE a2."Points" <> a2."Points";

-- seed 20261001, query 301: place
SELECT a1.spend AS c0, a1.spend AS c1, row_number() OVER (PARTITION BY a1.age ORDER BY a1.customer_id, a1.name, a1.age, a1.city, a1.spend, a1.code, a1.place['town']) AS c2, count(*) OVER () AS c3 FROM people AS a1;

-- seed 1, query 369: anti
SELECT * FROM (SELECT a1.age AS c0 FROM people AS a1 LEFT ANTI JOIN "Loyalty" AS a2 ON a1.customer_id = a2.customer_id FULL JOIN people AS a3 ON a1.customer_id = a3.customer_id) AS o ORDER BY 1 DESC LIMIT 21 OFFSET 2;

-- seed 1, query 51: with
WITH t0 AS (SELECT a1.amount AS c0 FROM orders AS a1 WHERE a1.status IS NULL) SELECT a2.c0 AS c0, a2.c0 AS c1, rank() OVER (PARTITION BY a2.c0 ORDER BY a2.c0) AS c2, row_number() OVER (ORDER BY a2.c0) AS c3 FROM t0 AS a2;

-- seed 1, query 286: rollup
SELECT a1.card AS c0, count(lower(a1.customer_id)) AS c1, count(*) FILTER (WHERE DATE '2011-04-18' BETWEEN DATE '2011-03-14' AND DATE '2011-01-13') AS c2 FROM crm.cards AS a1 WHERE random() >= 0 GROUP BY ROLLUP (a1.card);

-- seed 20261001, query 299: intersect
(SELECT * FROM (SELECT a1.code AS c0, min((a1.code || a1.customer_id)) AS c1 FROM people AS a1 JOIN shops AS a2 ON a1.city = a2.city GROUP BY a1.code) AS l) INTERSECT (SELECT a3.card AS c0, a3.card AS c1 FROM crm.cards AS a3);

-- seed 20261001, query 291: with
WITH t0 AS (SELECT count(*) AS c0 FROM "Loyalty" AS a1) SELECT * FROM (SELECT a2.customer_id AS c0, lag((-2 * 0)) OVER (PARTITION BY a2.card ORDER BY a2.customer_id, a2.card) AS c1 FROM crm.cards AS a2) AS o ORDER BY 1 DESC, 2 LIMIT 6;

-- seed 1, query 301: nullif
SELECT a1.c1 AS c0, a1.c0 AS c1 FROM (SELECT max(nullif(a2.customer_id, '/p1')) AS c0, string_agg((a2.customer_id || a2.customer_id), ',' ORDER BY (a2.customer_id || a2.customer_id)) AS c1 FROM crm.cards AS a2) AS a1 WHERE a1.c0 IS NULL;

-- seed 20261001, query 133: intersect
(SELECT * FROM (SELECT count(*) AS c0 FROM orders AS a1) AS l) INTERSECT (SELECT a3.visit_id AS c0 FROM people AS a2 RIGHT JOIN visits AS a3 ON a2.customer_id = a3.customer_id WHERE ((a3.customer_id IS DISTINCT FROM '') OR a2.code IS NULL));

-- seed 20261001, query 339: 3 joins
SELECT DISTINCT a3.region AS c0, a2.spend AS c1, a2.customer_id AS c2, a1.amount AS c3 FROM orders AS a1 JOIN people AS a2 ON a1.customer_id = a2.customer_id CROSS JOIN shops AS a3 LEFT ANTI JOIN visits AS a4 ON a1.customer_id = a4.customer_id;

-- seed 1, query 77: LATERAL
SELECT min(a4.c0) AS c0, count(*) AS c1 FROM orders AS a1 JOIN visits AS a2 ON a1.customer_id = a2.customer_id JOIN LATERAL (SELECT count(*) FILTER (WHERE a3.seconds NOT IN (42, 12)) AS c0 FROM visits AS a3 WHERE a3.customer_id = a1.customer_id) AS a4 ON true;

-- seed 1, query 82: cast
SELECT * FROM (SELECT a1.page AS c0 FROM visits AS a1 WHERE (a1.seconds BETWEEN 28 AND 36 AND (DATE '2011-02-17' IN (DATE '2011-04-19', DATE '2011-02-15', DATE '2011-04-11') AND CAST(date_part('month', DATE '2011-04-11') AS BIGINT) > 57))) AS o ORDER BY 1 DESC;

-- seed 20261001, query 43: first_value
SELECT * FROM (SELECT a1.phone_token AS c0, count(*) OVER () AS c1, first_value(abs(a1.amount)) OVER (ORDER BY a1.order_id, a1.phone_token, a1.amount, a1.day, a1.status, a1.customer_id) AS c2 FROM orders AS a1) AS o ORDER BY 1 DESC, 2 NULLS FIRST, 3 DESC LIMIT 8;

-- seed 20261001, query 147: 3 joins
SELECT a3.order_id AS c0, greatest(greatest(a3.day, DATE '2011-03-15'), DATE '2011-04-14') AS c1 FROM shops AS a1 LEFT JOIN shops AS a2 ON a1.city = a2.city CROSS JOIN orders AS a3 LEFT ANTI JOIN orders AS a4 ON a3.customer_id = a4.customer_id AND a1.city > '/p3';

-- seed 1, query 122: intersect all, all
SELECT * FROM ((SELECT * FROM (SELECT count(*) AS c0 FROM visits AS a1 JOIN "Loyalty" AS a2 ON a1.customer_id = a2.customer_id) AS l) INTERSECT ALL (SELECT 54 AS c0 FROM shops AS a3 WHERE (NOT (a3.city IS NOT NULL) AND random() >= 0))) AS o ORDER BY 1 DESC NULLS LAST;

-- seed 1, query 192: first_value
SELECT a1.city AS c0, first_value(20) OVER (PARTITION BY a1.city ORDER BY a1.city, a1.region) AS c1 FROM shops AS a1 LEFT ANTI JOIN (VALUES (41, 'Leeds'), (21, 'Porto'), (7, NULL)) AS a2(v0, v1) ON a1.city = a2.v1 WHERE (NOT (DATE '2011-03-15' IS NOT NULL) OR random() >= 0);

-- seed 20261001, query 212: hazard
SELECT a1.city AS c0, a1.place['town'] AS c1, max(length('')) OVER (ORDER BY a1.spend) AS c2, row_number() OVER (PARTITION BY a1.spend ORDER BY a1.customer_id, a1.name, a1.age, a1.city, a1.spend, a1.code, a1.place['town']) AS c3 FROM people AS a1 WHERE (100 / (a1.age - 41)) > 6;

-- seed 1, query 165: not exists
SELECT a1.c0 AS c0, a1.c0 AS c1 FROM (SELECT a2.v1 AS c0 FROM (VALUES (41, 'Leeds'), (21, 'Porto'), (7, NULL)) AS a2(v0, v1) WHERE NOT EXISTS (SELECT 1 FROM orders AS a3 WHERE a3.status <= a3.phone_token)) AS a1 WHERE (a1.c0 BETWEEN 'Leeds' AND 'sent' OR a1.c0 NOT LIKE 'CANARY%');

-- seed 1, query 108: 3 joins
SELECT (66600000 % 3) AS c0, a4.spend AS c1 FROM orders AS a1 RIGHT JOIN visits AS a2 ON a1.customer_id = a2.customer_id JOIN people AS a4 ON a1.customer_id = a4.customer_id JOIN (VALUES (41, 'Leeds'), (21, 'Porto'), (7, NULL)) AS a5(v0, v1) ON a4.city = a5.v1 WHERE a1.amount IS NOT NULL;

-- seed 20261001, query 342: not exists
SELECT count(*) FILTER (WHERE a1.amount IS NULL) AS c0 FROM orders AS a1 CROSS JOIN shops AS a2 WHERE (NOT (a1.status LIKE '_a%') AND (a1.phone_token BETWEEN '/p1' AND '/p1' AND NOT EXISTS (SELECT 1 FROM "Loyalty" AS s1 WHERE s1.customer_id = a1.customer_id AND s1."Points" IS NOT NULL)));

-- seed 20261001, query 56: LATERAL
SELECT a1.customer_id AS c0, a1.amount AS c1, min(lower(a1.status)) AS c2 FROM orders AS a1 JOIN LATERAL (SELECT count(*) FILTER (WHERE a2.visit_id IS NULL) AS c0 FROM visits AS a2 WHERE a2.customer_id = a1.customer_id) AS a3 ON true WHERE a1.order_id <> a1.amount GROUP BY a1.customer_id, a1.amount;

-- seed 1, query 299: any
SELECT a2.customer_id AS c0 FROM crm.cards AS a1 RIGHT JOIN "Loyalty" AS a2 ON a1.customer_id = a2.customer_id WHERE a2."Points" < ANY (SELECT (a4."Points" % 8) FROM visits AS a3 RIGHT JOIN "Loyalty" AS a4 ON a3.customer_id = a4.customer_id LEFT SEMI JOIN "Loyalty" AS a5 ON a3.customer_id = a5.customer_id);

-- seed 1, query 334: except all
SELECT * FROM ((SELECT * FROM (SELECT DISTINCT greatest(DATE '2011-02-14', DATE '2011-04-16') AS c0 FROM (VALUES (41, 'Leeds'), (21, 'Porto'), (7, NULL)) AS a1(v0, v1)) AS l) EXCEPT ALL (SELECT greatest(DATE '2011-03-11', DATE '2011-03-12') AS c0 FROM shops AS a2 WHERE 52 IS NULL)) AS o ORDER BY 1 NULLS FIRST;

-- seed 20261001, query 28: intersect all
(SELECT * FROM (SELECT a1.c0 AS c0, count(*) OVER (PARTITION BY a3.region ) AS c1 FROM (SELECT a2."Points" AS c0 FROM "Loyalty" AS a2) AS a1 CROSS JOIN shops AS a3 WHERE random() >= 0) AS l) INTERSECT ALL (SELECT 37 AS c0, 7 AS c1 FROM crm.cards AS a4 CROSS JOIN shops AS a5 WHERE a5.region IN ('Person 08', 'sent', 'T1'));

-- seed 1, query 206: cast
SELECT * FROM (SELECT CASE WHEN a1.name NOT IN ('Leeds', 'east') THEN CASE WHEN DATE '2011-04-12' BETWEEN DATE '2011-01-12' AND DATE '2011-02-11' THEN a1.age ELSE a1.spend END ELSE CASE WHEN a1.spend IS NULL THEN a1.age ELSE a1.spend END END AS c0 FROM people AS a1 WHERE CAST(a1.code AS BIGINT) > 5) AS o ORDER BY 1 DESC NULLS LAST LIMIT 20;

-- seed 1, query 29: window frame
SELECT a1.order_id AS c0, a1.status AS c1, sum(coalesce(a1.order_id, 54)) OVER (ORDER BY a1.order_id, a1.phone_token, a1.amount, a1.day, a1.status, a1.customer_id ROWS BETWEEN 2 PRECEDING AND 1 FOLLOWING) AS c2, dense_rank() OVER (PARTITION BY a1.customer_id ORDER BY a1.phone_token DESC) AS c3 FROM orders AS a1 WHERE a1.customer_id LIKE '_a%';

-- seed 1, query 120: two ctes
WITH t0 AS (SELECT a1."Points" AS c0, count(*) FILTER (WHERE (a1."Points" IS DISTINCT FROM -1)) AS c1, count(a1.customer_id) AS c2 FROM "Loyalty" AS a1 WHERE a1.customer_id IS NULL GROUP BY a1."Points"), t1 AS (SELECT a2.city AS c0 FROM shops AS a2) SELECT a3.city AS c0 FROM shops AS a3 CROSS JOIN crm.cards AS a4 WHERE (59 > 37 OR 14 IS NULL);

-- seed 1, query 185: 4 joins
SELECT a10.page AS c0, rank() OVER (PARTITION BY a11."Points" ORDER BY a13.visit_id) AS c1 FROM orders AS a1 JOIN visits AS a10 ON a1.customer_id = a10.customer_id FULL JOIN "Loyalty" AS a11 ON a1.customer_id = a11.customer_id LEFT SEMI JOIN people AS a12 ON a11.customer_id = a12.customer_id FULL JOIN visits AS a13 ON a1.customer_id = a13.customer_id;

-- seed 20261001, query 284: 4 joins
SELECT a4.visit_id AS c0, substr(coalesce(a3.phone_token, 'Porto'), 1, 8) AS c1, a3.phone_token AS c2 FROM shops AS a1 RIGHT JOIN shops AS a2 ON a1.city = a2.city CROSS JOIN orders AS a3 JOIN visits AS a4 ON a3.customer_id = a4.customer_id LEFT JOIN (VALUES (41, 'Leeds'), (21, 'Porto'), (7, NULL)) AS a5(v0, v1) ON a1.city = a5.v1 WHERE a1.city LIKE '_a%';

-- seed 20261001, query 389: except all
SELECT * FROM ((SELECT * FROM (SELECT * FROM (SELECT a1.phone_token AS c0, CAST(date_part('month', a1.day) AS BIGINT) AS c1 FROM orders AS a1) AS o ORDER BY 1 DESC NULLS LAST, 2 DESC) AS l) EXCEPT ALL (SELECT nullif(a2.city, 'T1') AS c0, length(a3.customer_id) AS c1 FROM shops AS a2 CROSS JOIN people AS a3 WHERE a2.region BETWEEN '' AND 'CANARY')) AS o ORDER BY 1 NULLS FIRST, 2 NULLS FIRST;

-- seed 1, query 285: 5 joins
SELECT DISTINCT a6.spend AS c0 FROM shops AS a1 CROSS JOIN (SELECT a3.customer_id AS c0, a3."Tier of" AS c1 FROM "Loyalty" AS a3 JOIN LATERAL (SELECT max(abs(a4.seconds)) AS c0 FROM visits AS a4 WHERE a4.customer_id = a3.customer_id) AS a5 ON true) AS a2 FULL JOIN people AS a6 ON a1.city = a6.city LEFT SEMI JOIN "Loyalty" AS a7 ON a6.customer_id = a7.customer_id LEFT JOIN visits AS a16 ON a2.c0 = a16.customer_id;

-- seed 20261001, query 331: not in
SELECT DISTINCT a1.card AS c0 FROM crm.cards AS a1 WHERE coalesce(-1, 26) NOT IN (SELECT (a6.v0 - a6.v0) FROM (SELECT a3.age AS c0 FROM people AS a3 JOIN LATERAL (SELECT min(a4.amount) AS c0 FROM orders AS a4 WHERE a4.customer_id = a3.customer_id) AS a5 ON true) AS a2 CROSS JOIN (VALUES (41, 'Leeds'), (21, 'Porto'), (7, NULL)) AS a6(v0, v1) RIGHT JOIN shops AS a7 ON a6.v1 = a7.city WHERE a7.city IN ('sent', 'sent', 'Walk-in'));

-- seed 20261001, query 211: sets
SELECT a1.spend AS c0, a1.name AS c1, array_agg((50 + a1.age) ORDER BY (50 + a1.age)) AS c2, string_agg(coalesce(a1.code, 'T1'), ',' ORDER BY coalesce(a1.code, 'T1')) AS c3, count(lower(a1.code)) AS c4 FROM people AS a1 RIGHT JOIN visits AS a2 ON a1.customer_id = a2.customer_id FULL JOIN crm.cards AS a3 ON a2.customer_id = a3.customer_id WHERE (100 / (a1.age - 41)) > -19 GROUP BY GROUPING SETS ((a1.spend, a1.name), (a1.spend), ());

-- seed 20261001, query 290: 4 joins
SELECT a4.customer_id AS c0, count(*) AS c1 FROM visits AS a1 CROSS JOIN shops AS a2 JOIN crm.cards AS a3 ON a1.customer_id = a3.customer_id FULL JOIN people AS a4 ON a2.city = a4.city RIGHT JOIN shops AS a5 ON a2.city = a5.city WHERE (substr(a1.page, 1, 4) IN (SELECT substr(a6.page, 1, 1) FROM visits AS a6 WHERE EXISTS (SELECT 1 FROM people AS a7 WHERE a7.customer_id LIKE 'CANARY%')) OR a4.spend IS NULL) GROUP BY ROLLUP (a4.customer_id);

-- seed 1, query 324: except
(SELECT * FROM (SELECT a1.card AS c0, a1.customer_id AS c1, min(abs(3)) AS c2, count(*) AS c3 FROM crm.cards AS a1 LEFT ANTI JOIN orders AS a2 ON a1.customer_id = a2.customer_id GROUP BY a1.card, a1.customer_id) AS l) EXCEPT (SELECT substr(a4.phone_token, 1, 3) AS c0, nullif(a4.status, 'Walk-in') AS c1, a4.amount AS c2, (a4.amount + a4.order_id) AS c3 FROM crm.cards AS a3 JOIN orders AS a4 ON a3.customer_id = a4.customer_id WHERE a4.amount < 55);

-- seed 1, query 74: sets
SELECT greatest(greatest(DATE '2011-03-19', DATE '2011-04-19'), DATE '2011-04-10') AS c0, ((a1.c2 - 17) + (a1.c2 - 46)) AS c1 FROM (SELECT a2.region AS c0, a2.city AS c1, count(*) FILTER (WHERE a2.city LIKE '_a%') AS c2, min(49) AS c3 FROM shops AS a2 LEFT SEMI JOIN people AS a6 ON a2.city = a6.city AND random() >= 0 WHERE DATE '2011-04-17' = DATE '2011-04-16' GROUP BY GROUPING SETS ((a2.region, a2.city), (a2.region), ())) AS a1 CROSS JOIN crm.cards AS a7;

-- seed 1, query 213: any
SELECT DISTINCT a2.customer_id AS c0, abs(a2.order_id) AS c1 FROM crm.cards AS a1 JOIN orders AS a2 ON a1.customer_id = a2.customer_id WHERE a2.amount = ANY (SELECT a3.c2 FROM (SELECT abs(length(a4.c0)) AS c0, a4.c2 AS c1, a4.c2 AS c2 FROM (SELECT a5.v1 AS c0, CAST((a5.v0 % 5) AS VARCHAR) AS c1, a5.v0 AS c2 FROM (VALUES (41, 'Leeds'), (21, 'Porto'), (7, NULL)) AS a5(v0, v1)) AS a4) AS a3 CROSS JOIN (VALUES (41, 'Leeds'), (21, 'Porto'), (7, NULL)) AS a6(v0, v1));

-- seed 1, query 9: not in
SELECT a1.c0 AS c0 FROM (SELECT DISTINCT (SELECT max(a4."Points") FROM "Loyalty" AS a4 WHERE (a4."Tier of" <> 'T1' AND a4."Points" IN (3, 40, 57))) AS c0, a3.day AS c1, greatest(a3.day, DATE '2011-03-17') AS c2 FROM "Loyalty" AS a2 LEFT JOIN orders AS a3 ON a2.customer_id = a3.customer_id WHERE (a3.status || a3.customer_id) NOT IN (SELECT CAST(a5.order_id AS VARCHAR) FROM orders AS a5 JOIN crm.cards AS a6 ON a5.customer_id = a6.customer_id WHERE random() >= 0)) AS a1;

-- seed 1, query 178: except
WITH t0 AS ((SELECT * FROM ((SELECT * FROM (SELECT DISTINCT ((a1.v0 - 52) * 5) AS c0 FROM (VALUES (41, 'Leeds'), (21, 'Porto'), (7, NULL)) AS a1(v0, v1)) AS l) EXCEPT (SELECT a3.v0 AS c0 FROM orders AS a2 CROSS JOIN (VALUES (41, 'Leeds'), (21, 'Porto'), (7, NULL)) AS a3(v0, v1) WHERE a2.order_id NOT IN (13, 30))) AS l) EXCEPT (SELECT (39 + 49) AS c0 FROM crm.cards AS a4 CROSS JOIN shops AS a5 WHERE a4.customer_id IS NULL)) SELECT a6.city AS c0, a6.region AS c1 FROM shops AS a6;

-- seed 1, query 140: 5 joins
SELECT a4.day AS c0 FROM crm.cards AS a1 JOIN crm.cards AS a2 ON a1.customer_id = a2.customer_id LEFT ANTI JOIN crm.cards AS a3 ON a2.customer_id = a3.customer_id AND DATE '2011-02-19' IN (DATE '2011-03-14', DATE '2011-02-11', DATE '2011-01-15') LEFT JOIN orders AS a4 ON a1.customer_id = a4.customer_id LEFT SEMI JOIN visits AS a5 ON a4.customer_id = a5.customer_id JOIN LATERAL (SELECT approx_distinct(substr('CANARY', 1, 3)) AS c0 FROM visits AS a6 WHERE a6.customer_id = a1.customer_id) AS a7 ON true WHERE random() >= 0;

-- seed 1, query 245: two ctes
WITH t0 AS (SELECT a1.phone_token AS c0, a1.day AS c1, a1.day AS c2 FROM orders AS a1), t1 AS (SELECT a3.v1 AS c0, a2.device_token AS c1 FROM visits AS a2 CROSS JOIN (VALUES (41, 'Leeds'), (21, 'Porto'), (7, NULL)) AS a3(v0, v1)) SELECT * FROM (SELECT a4.city AS c0 FROM shops AS a4 CROSS JOIN crm.cards AS a5 LEFT SEMI JOIN crm.cards AS a6 ON a5.customer_id = a6.customer_id AND 0 >= length('Leeds') WHERE (29 = 66600000 OR DATE '2011-04-16' BETWEEN DATE '2011-04-17' AND DATE '2011-02-12')) AS o ORDER BY 1 DESC NULLS LAST;

-- seed 20261001, query 129: 5 joins
WITH t0 AS (SELECT a3.v1 AS c0, a3.v0 AS c1, a3.v1 AS c2 FROM shops AS a1 CROSS JOIN visits AS a2 CROSS JOIN (VALUES (41, 'Leeds'), (21, 'Porto'), (7, NULL)) AS a3(v0, v1) LEFT JOIN shops AS a4 ON a3.v1 = a4.city) SELECT CAST(date_part('month', greatest(DATE '2011-04-11', DATE '2011-02-18')) AS BIGINT) AS c0, a7.day AS c1, a12.v0 AS c2, a7.day AS c3 FROM crm.cards AS a6 JOIN orders AS a7 ON a6.customer_id = a7.customer_id CROSS JOIN (VALUES (41, 'Leeds'), (21, 'Porto'), (7, NULL)) AS a12(v0, v1) WHERE (NOT (a6.card LIKE 'CANARY%') AND a7.phone_token <> 'T1');

-- seed 1, query 276: 6 joins
SELECT a2.age AS c0, a4.status AS c1, a3.city AS c2 FROM crm.cards AS a1 JOIN people AS a2 ON a1.customer_id = a2.customer_id CROSS JOIN shops AS a3 JOIN orders AS a4 ON a1.customer_id = a4.customer_id JOIN LATERAL (SELECT approx_distinct(substr(a5.status, 1, 6)) AS c0 FROM orders AS a5 WHERE a5.customer_id = a1.customer_id) AS a6 ON true LEFT SEMI JOIN shops AS a7 ON a2.city = a7.city WHERE a2.spend IN (SELECT CASE WHEN a8.card IN ('Walk-in', 'T1', 'east') THEN a10.c0 ELSE a10.c0 END FROM crm.cards AS a8 JOIN LATERAL (SELECT count(*) AS c0 FROM orders AS a9 WHERE a9.customer_id = a8.customer_id) AS a10 ON true WHERE random() >= 0);

-- seed 20261001, query 341: 6 joins
(SELECT * FROM ((SELECT * FROM (SELECT DISTINCT a1."Points" AS c0 FROM "Loyalty" AS a1) AS l) UNION (SELECT length(a4.city) AS c0 FROM crm.cards AS a2 LEFT ANTI JOIN visits AS a3 ON a2.customer_id = a3.customer_id LEFT JOIN people AS a4 ON a2.customer_id = a4.customer_id AND DATE '2011-04-13' BETWEEN DATE '2011-02-19' AND DATE '2011-04-19' LEFT JOIN crm.cards AS a5 ON a4.customer_id = a5.customer_id JOIN people AS a6 ON a4.city = a6.city AND (a5.card IS DISTINCT FROM 'paid'))) AS l) INTERSECT ALL (SELECT abs(a8.v0) AS c0 FROM crm.cards AS a7 CROSS JOIN (VALUES (41, 'Leeds'), (21, 'Porto'), (7, NULL)) AS a8(v0, v1) JOIN "Loyalty" AS a9 ON a7.customer_id = a9.customer_id WHERE EXISTS (SELECT 1 FROM "Loyalty" AS s1 WHERE s1.customer_id = a7.customer_id AND s1."Points" BETWEEN 8 AND 46));

-- seed 20261001, query 254: 6 joins
SELECT * FROM ((SELECT * FROM (SELECT a8.c1 AS c0, a7.c0 AS c1, count(substr(a1.customer_id, 1, 2)) AS c2 FROM "Loyalty" AS a1 JOIN crm.cards AS a5 ON a1.customer_id = a5.customer_id JOIN LATERAL (SELECT min((a6.order_id % 3)) AS c0 FROM orders AS a6 WHERE a6.customer_id = a1.customer_id) AS a7 ON true CROSS JOIN (SELECT a10.v1 AS c0, a10.v0 AS c1, length(upper(a9.customer_id)) AS c2 FROM crm.cards AS a9 CROSS JOIN (VALUES (41, 'Leeds'), (21, 'Porto'), (7, NULL)) AS a10(v0, v1)) AS a8 JOIN people AS a11 ON a1.customer_id = a11.customer_id GROUP BY a8.c1, a7.c0) AS l) UNION (SELECT length('') AS c0, CASE WHEN (a13.order_id IS DISTINCT FROM 50) THEN -3 ELSE a13.amount END AS c1, (a13.order_id * -2) AS c2 FROM crm.cards AS a12 LEFT JOIN orders AS a13 ON a12.customer_id = a13.customer_id WHERE a12.card NOT LIKE '%')) AS o ORDER BY 1 NULLS FIRST, 2 DESC, 3 NULLS FIRST;
