-- What each snapshot added to the one before it, campaign by campaign. The first snapshot of a campaign has no "since".
SELECT
    i.campaign_id,
    c.title,
    i.since,
    i.observed_at,
    i.delivered AS new_delivered,
    i.clicks AS new_clicks,
    i.unsubscribers AS new_unsubscribers
FROM truepush_campaign_stats_increments i
JOIN truepush_campaigns c ON c.project = i.project AND c.id = i.campaign_id
ORDER BY i.campaign_id, i.observed_at
