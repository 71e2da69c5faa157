-- The campaigns that cost the most subscribers, and the tasks that sent them.
SELECT
    c.id,
    c.title,
    c.dag_id,
    c.task_id,
    s.delivered,
    s.unsubscribers,
    1000.0 * s.unsubscribers / s.delivered AS unsubscribers_per_1000
FROM truepush_campaigns c
JOIN truepush_campaign_stats_latest s ON s.project = c.project AND s.campaign_id = c.id
WHERE s.delivered > 0
ORDER BY unsubscribers_per_1000 DESC, c.id
