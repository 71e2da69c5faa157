-- Segments side by side. A campaign that this provider did not send has no known audience.
SELECT
    audience,
    COUNT(*) AS campaigns,
    SUM(delivered) AS delivered,
    SUM(clicks) AS clicks,
    100.0 * SUM(clicks) / SUM(delivered) AS clicks_per_100,
    1000.0 * SUM(unsubscribers) / SUM(delivered) AS unsubscribers_per_1000
FROM (
    SELECT
        CASE
            WHEN c.segment IS NOT NULL THEN c.segment
            WHEN c.segment_id IS NOT NULL THEN c.segment_id
            WHEN c.link IS NOT NULL THEN 'every subscriber'
            ELSE 'unknown'
        END AS audience,
        s.delivered,
        s.clicks,
        s.unsubscribers
    FROM truepush_campaigns c
    JOIN truepush_campaign_stats_latest s ON s.project = c.project AND s.campaign_id = c.id
    WHERE s.delivered > 0
) a
GROUP BY audience
ORDER BY clicks_per_100 DESC, audience
