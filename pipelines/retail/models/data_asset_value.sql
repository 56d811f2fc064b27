-- What each dataset is worth to us, from 0 to 100: how much of it there is, how good it is, how much it is used.
--
-- Each measure lies between 0 and 1:
--   scale         ln(1 + rows) / ln(1 + rows of the largest dataset)
--   completeness  1 - empty cells / cells
--   consistency   rows that passed every rule / rows read that are neither duplicates nor past retention
--   timeliness    1 while the newest event is no older than the update interval, then interval / age
--   usage         ln(1 + curated columns made from it) / ln(1 + those of the most used dataset)
-- The index is 100 x their mean with weights 0.20, 0.20, 0.20, 0.15, 0.25. A measure that cannot be taken (a
-- dataset without times, an empty one) is left out of the mean with its weight.
WITH cells AS (
    SELECT dataset, CAST(sum(rows) AS DOUBLE) AS cells, CAST(sum(nulls) AS DOUBLE) AS nulls
    FROM lakewarden.columns
    GROUP BY dataset
),
uses AS (
    SELECT dataset, table_name, table_column, max(CASE WHEN kind = 'direct' THEN 1 ELSE 0 END) AS is_direct
    FROM lakewarden.column_usage
    GROUP BY dataset, table_name, table_column
),
used AS (
    SELECT dataset, count(*) AS columns_made, sum(is_direct) AS columns_direct, count(DISTINCT table_name) AS tables_made
    FROM uses
    GROUP BY dataset
),
measured AS (
    SELECT
        d.dataset,
        d.label_zh,
        d.label_en,
        d.source,
        d.owner,
        d.update_frequency,
        d.rows,
        d.bytes,
        d.columns,
        d.read_rows,
        d.quarantined_rows,
        d.duplicate_rows,
        d.outside_retention_rows,
        d.over_collected_fields,
        d.first_event,
        d.last_event,
        coalesce(u.tables_made, 0) AS tables_made,
        coalesce(u.columns_made, 0) AS columns_made,
        coalesce(u.columns_direct, 0) AS columns_direct,
        ln(1.0 + CAST(d.rows AS DOUBLE)) / nullif(ln(1.0 + CAST(max(d.rows) OVER () AS DOUBLE)), 0) AS scale,
        1.0 - c.nulls / nullif(c.cells, 0) AS completeness,
        1.0 - CAST(d.quarantined_rows AS DOUBLE)
            / nullif(CAST(d.read_rows - d.duplicate_rows - d.outside_retention_rows AS DOUBLE), 0) AS consistency,
        CAST(local_date(as_of()) - d.last_event AS DOUBLE) AS age_days,
        d.update_interval_days,
        ln(1.0 + CAST(coalesce(u.columns_made, 0) AS DOUBLE))
            / nullif(ln(1.0 + CAST(max(coalesce(u.columns_made, 0)) OVER () AS DOUBLE)), 0) AS usage
    FROM lakewarden.datasets AS d
    LEFT JOIN cells AS c ON c.dataset = d.dataset
    LEFT JOIN used AS u ON u.dataset = d.dataset
),
timed AS (
    SELECT
        *,
        CASE
            WHEN age_days IS NULL OR update_interval_days IS NULL THEN NULL
            WHEN age_days <= update_interval_days THEN 1.0
            ELSE update_interval_days / age_days
        END AS timeliness
    FROM measured
)
SELECT
    dataset,
    label_zh,
    label_en,
    source,
    owner,
    update_frequency,
    CAST(rows AS BIGINT) AS rows,
    CAST(bytes AS BIGINT) AS bytes,
    CAST(columns AS BIGINT) AS columns,
    CAST(quarantined_rows AS BIGINT) AS quarantined_rows,
    CAST(duplicate_rows AS BIGINT) AS duplicate_rows,
    CAST(over_collected_fields AS BIGINT) AS over_collected_fields,
    first_event,
    last_event,
    CAST(tables_made AS BIGINT) AS tables_made,
    CAST(columns_made AS BIGINT) AS columns_made,
    CAST(columns_direct AS BIGINT) AS columns_direct,
    scale,
    completeness,
    consistency,
    timeliness,
    usage,
    100.0 * (
        0.20 * coalesce(scale, 0) + 0.20 * coalesce(completeness, 0) + 0.20 * coalesce(consistency, 0)
        + 0.15 * coalesce(timeliness, 0) + 0.25 * coalesce(usage, 0)
    ) / nullif(
        CASE WHEN scale IS NULL THEN 0 ELSE 0.20 END + CASE WHEN completeness IS NULL THEN 0 ELSE 0.20 END
        + CASE WHEN consistency IS NULL THEN 0 ELSE 0.20 END + CASE WHEN timeliness IS NULL THEN 0 ELSE 0.15 END
        + CASE WHEN usage IS NULL THEN 0 ELSE 0.25 END,
        0
    ) AS value_index
FROM timed
