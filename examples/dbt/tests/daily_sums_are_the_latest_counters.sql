-- The days of a campaign add up to its newest counters; rows of this query are faults.
select latest.project, latest.campaign_id, latest.clicks, sum(daily.clicks) as summed
from {{ source('truepush', 'campaign_stats_latest') }} as latest
left join {{ ref('truepush_campaign_daily') }} as daily
    on daily.project = latest.project and daily.campaign_id = latest.campaign_id
group by latest.project, latest.campaign_id, latest.clicks
having coalesce(sum(daily.clicks), -1) <> latest.clicks
