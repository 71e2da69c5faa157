-- What each campaign gained on each day (UTC) on which it was observed, and what it had by then.
with daily as (
    select
        project,
        campaign_id,
        cast(observed_at as date) as day,
        sum(sent) as sent,
        sum(delivered) as delivered,
        sum(views) as views,
        sum(clicks) as clicks,
        sum(unsubscribers) as unsubscribers
    from {{ ref('stg_truepush__increments') }}
    group by project, campaign_id, cast(observed_at as date)
)

select
    daily.project,
    daily.campaign_id,
    daily.day,
    campaigns.title,
    campaigns.audience,
    campaigns.tags,
    campaigns.dag_id,
    campaigns.task_id,
    daily.sent,
    daily.delivered,
    daily.views,
    daily.clicks,
    daily.unsubscribers,
    sum(daily.delivered) over (
        partition by daily.project, daily.campaign_id order by daily.day
    ) as delivered_until_then,
    sum(daily.clicks) over (
        partition by daily.project, daily.campaign_id order by daily.day
    ) as clicks_until_then
from daily
join {{ ref('stg_truepush__campaigns') }} as campaigns
    on campaigns.project = daily.project and campaigns.campaign_id = daily.campaign_id
