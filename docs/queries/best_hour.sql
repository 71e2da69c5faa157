-- Clicks per 100 delivered pushes, by the hour (UTC) in which the campaigns were created. On PostgreSQL the hour is that
-- of the session's time zone: SET timezone TO 'Europe/Berlin' asks for the best hour in Berlin.
SELECT
    EXTRACT(HOUR FROM created_at) AS hour_of_day,
    COUNT(*) AS campaigns,
    SUM(delivered) AS delivered,
    SUM(clicks) AS clicks,
    100.0 * SUM(clicks) / SUM(delivered) AS clicks_per_100
FROM truepush_campaign_stats_latest
WHERE created_at IS NOT NULL AND delivered > 0
GROUP BY EXTRACT(HOUR FROM created_at)
ORDER BY clicks_per_100 DESC, hour_of_day
