-- Rows of this query are campaigns that a day has more than once.
select project, campaign_id, day
from {{ ref('truepush_campaign_daily') }}
group by project, campaign_id, day
having count(*) > 1
