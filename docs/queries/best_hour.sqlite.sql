-- The same for SQLite, which has no EXTRACT.
SELECT
    CAST(strftime('%H', created_at) AS INTEGER) AS hour_of_day,
    COUNT(*) AS campaigns,
    SUM(delivered) AS delivered,
    SUM(clicks) AS clicks,
    100.0 * SUM(clicks) / SUM(delivered) AS clicks_per_100
FROM truepush_campaign_stats_latest
WHERE created_at IS NOT NULL AND delivered > 0
GROUP BY strftime('%H', created_at)
ORDER BY clicks_per_100 DESC, hour_of_day
