select
    project,
    campaign_id,
    since,
    observed_at,
    -- A counter whose column was added later is null before that.
    coalesce(sent, 0) as sent,
    coalesce(delivered, 0) as delivered,
    coalesce(views, 0) as views,
    coalesce(clicks, 0) as clicks,
    coalesce(unsubscribers, 0) as unsubscribers
from {{ source('truepush', 'campaign_stats_increments') }}
