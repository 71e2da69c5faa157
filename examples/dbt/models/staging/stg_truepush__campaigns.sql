select
    project,
    id as campaign_id,
    title,
    created_at,
    link,
    case
        when segment is not null then segment
        when segment_id is not null then segment_id
        when link is not null then 'every subscriber'
        else 'unknown'
    end as audience,
    tags,
    dag_id,
    run_id,
    task_id
from {{ source('truepush', 'campaigns') }}
