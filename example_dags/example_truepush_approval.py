"""Schedule a campaign after someone has approved it, and cancel it if too many subscribers of a pilot unsubscribe.

Start it by hand, with two segments that do not overlap. Nothing is sent until someone approves it in Airflow's UI,
under "Required Actions"; no answer within eight hours means no. Then the campaign is scheduled for tomorrow at ten on
the project's clock, and its message is sent to the pilot segment at once. If more than 2% of the pilot's subscribers
unsubscribe, the scheduled campaign is canceled.

The pilot is needed because a campaign that was sent cannot be canceled, and one that was not sent has no statistics.

It needs Airflow 3.1 or newer with ``apache-airflow-providers-standard`` 1.13 or newer, and a connection of type
``truepush`` called ``truepush_default``, with its ``timezone``.
"""

from __future__ import annotations

from datetime import timedelta
from importlib.metadata import version
from typing import Any

from airflow.providers.common.compat.sdk import DAG, AirflowOptionalProviderFeatureException, Param
from packaging.version import Version

from airflow_provider_truepush.operators.campaign import (
    TruepushCancelCampaignOperator,
    TruepushCreateCampaignOperator,
)
from airflow_provider_truepush.sensors.campaign import TruepushCampaignStatsSensor

try:
    from airflow.providers.standard.operators.hitl import ApprovalOperator
except (ImportError, AirflowOptionalProviderFeatureException):  # before Airflow 3.1
    IS_AVAILABLE = False
else:
    # An older operator has no `response_timeout`.
    IS_AVAILABLE = Version(version("apache-airflow-providers-standard")) >= Version("1.13")

if IS_AVAILABLE:  # otherwise this file has no Dag
    MESSAGE: dict[str, Any] = {
        "title": "The winter catalogue is here",
        "message": "128 pages, and free delivery until Sunday.",
        "link": "https://shop.example.com/winter?utm_campaign={{ run_id | urlencode }}",
        "image": "https://shop.example.com/images/winter-wide.jpg",
    }

    with DAG(
        dag_id="example_truepush_approval",
        schedule=None,
        tags=["truepush", "example"],
        doc_md=__doc__,
        params={
            "segment_id": Param(type="string", pattern="^[0-9a-f]{24}$", title="Segment"),
            "pilot_segment_id": Param(type="string", pattern="^[0-9a-f]{24}$", title="Segment of the pilot"),
        },
    ):
        approve = ApprovalOperator(
            task_id="approve",
            subject=f"Send {MESSAGE['title']!r} tomorrow at ten?",
            body="{{ params.pilot_segment_id }} gets it now, {{ params.segment_id }} tomorrow:\n\n"
            f"> **{MESSAGE['title']}**\n>\n> {MESSAGE['message']}",
            response_timeout=timedelta(hours=8),
            defaults="Reject",
        )

        schedule = TruepushCreateCampaignOperator(
            task_id="schedule_campaign",
            **MESSAGE,
            segment_id="{{ params.segment_id }}",
            # Without a zone this is the project's wall clock.
            send_at="{{ macros.ds_add(dag_run.run_after | ds, 1) }}T10:00:00",
        )

        pilot = TruepushCreateCampaignOperator(
            task_id="send_to_pilot", **MESSAGE, segment_id="{{ params.pilot_segment_id }}"
        )

        watch = TruepushCampaignStatsSensor(
            task_id="watch_pilot",
            campaign_id=pilot.output,
            thresholds={"view_rate": 0.2},  # enough views to judge the pilot
            fail_if={"unsubscribe_rate": 0.02},
            settled_after=timedelta(hours=2),
            poke_interval=20,
            timeout=timedelta(hours=8).total_seconds(),
            retries=2,  # the wait is retried; a crossed guardrail fails the task for good
            deferrable=True,
        )

        # Runs when the pilot failed: the guardrail was crossed, or its statistics could not be read.
        cancel = TruepushCancelCampaignOperator(
            task_id="cancel_campaign", campaign_id=schedule.output, trigger_rule="one_failed"
        )

        approve >> schedule >> pilot >> watch >> cancel
