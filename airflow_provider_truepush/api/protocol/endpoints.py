"""The thirteen endpoints, one row each. This is the only place that describes them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeVar
from urllib.parse import quote

from airflow_provider_truepush.api.checks.outcome import NOT_SENT
from airflow_provider_truepush.api.models.refs import CampaignRef, SegmentRef, TemplateRef, TriggerRef
from airflow_provider_truepush.api.models.stats import CampaignStats
from airflow_provider_truepush.api.protocol import answers
from airflow_provider_truepush.api.protocol.codes import BASE_PATH

T = TypeVar("T")
Action = Literal["create", "cancel", "stats", "list", "delete", "set_status"]


@dataclass(frozen=True, slots=True)
class Endpoint(Generic[T]):
    """One endpoint of the API.

    :param name: the last word of its path, also its name in errors and logs.
    :param method: the HTTP method.
    :param action: what it does to its resource.
    :param resource: ``campaign``, ``template``, ``trigger`` or ``segment``.
    :param success: the ``data`` code of success; None where ``data`` is the payload.
    :param negative: the ``data`` code of the "204" row.
    :param on_success: returns the call's result from the message and the data of a success.
    :param on_negative: returns the call's result for the "204" row, or raises an error.
    :param on_repeated: returns the call's result for the "204" row that answers the repeat of a request in doubt; None
        to return the result of a success, because the request in doubt has made the change.
    """

    name: str
    method: Literal["GET", "POST", "PUT", "DELETE"]
    action: Action
    resource: Literal["campaign", "template", "trigger", "segment"]
    success: str | None
    negative: str
    on_success: Callable[[str, Any], T]
    on_negative: Callable[[str], T]
    on_repeated: Callable[[str], T] | None = None

    @property
    def path(self) -> str:
        """Return the path, without the argument that all but the creates append."""
        return f"{BASE_PATH}/{self.name}"

    @property
    def has_argument(self) -> bool:
        """Return whether the path ends with an id or with a page of a list."""
        return self.action != "create"

    @property
    def has_body(self) -> bool:
        """Return whether the request has a JSON body."""
        return self.action in ("create", "set_status")

    @property
    def reads(self) -> bool:
        """Return whether the request changes nothing in Truepush."""
        return self.method == "GET"

    @property
    def not_done(self) -> str:
        """Return the sentence for an error that keeps the request from being sent."""
        if self.reads:
            return "Nothing was fetched."
        if self.action == "create":
            return NOT_SENT if self.resource == "campaign" else f"The {self.resource} was not created."
        done = {"delete": "deleted", "cancel": "canceled"}.get(self.action, "changed")
        return f"Nothing was {done}."

    @property
    def repeatable(self) -> bool:
        """Return whether a second request after doubt is harmless. A second create never is."""
        return self.action != "create"

    def call(self, argument: str | int | None = None, payload: Mapping[str, Any] | None = None) -> Call[T]:
        """Return a call of this endpoint; check that it has the argument and the payload that the endpoint needs."""
        if (argument is not None) != self.has_argument or (payload is not None) != self.has_body:
            raise TypeError(f"{self.name} takes argument={self.has_argument}, payload={self.has_body}")
        return Call(self, None if argument is None else str(argument), payload)


@dataclass(frozen=True, slots=True)
class Call(Generic[T]):
    """One request, without token and host.

    :param endpoint: the endpoint.
    :param argument: the last part of the path; None where the endpoint has none.
    :param payload: the JSON object of the body; None where the endpoint has none.
    """

    endpoint: Endpoint[T]
    argument: str | None
    payload: Mapping[str, Any] | None

    @property
    def path(self) -> str:
        """Return the whole path."""
        if self.argument is None:
            return self.endpoint.path
        return f"{self.endpoint.path}/{quote(self.argument, safe='')}"

    @property
    def body(self) -> bytes | None:
        """Return the JSON body as bytes, or None."""
        if self.payload is None:
            return None
        return json.dumps(self.payload, ensure_ascii=False, separators=(",", ":")).encode()

    def __str__(self) -> str:
        return f"{self.endpoint.method} {self.path}"


CREATE_CAMPAIGN = Endpoint(
    "createCampaign", "POST", "create", "campaign",
    "CAMPAIGN-CREATED-SUCCESSFULLY", "CAMPAIGN-CREATING-FAILED",
    answers.created_id, answers.doubtful_create,
)  # fmt: skip
CANCEL_CAMPAIGN = Endpoint(
    "cancelCampaign", "PUT", "cancel", "campaign",
    # The missing S in the middle is Truepush's spelling.
    "CAMPAIGN-CANCELLED-SUCCESFULLY", "ALREADY-SENT-OR-CANCELLED",
    answers.done, answers.not_done,
)  # fmt: skip
#: The same, but with the result None when a repeat finds the campaign sent or canceled: the first request may have
#: canceled it.
CANCEL_OR_UNKNOWN: Endpoint[bool | None] = Endpoint(
    CANCEL_CAMPAIGN.name, CANCEL_CAMPAIGN.method, CANCEL_CAMPAIGN.action, CANCEL_CAMPAIGN.resource,
    CANCEL_CAMPAIGN.success, CANCEL_CAMPAIGN.negative,
    answers.done, answers.not_done, answers.nothing,
)  # fmt: skip
CAMPAIGN_STATS: Endpoint[CampaignStats | None] = Endpoint(
    "campaignStats", "GET", "stats", "campaign",
    None, "NO-STATS-FOUND",
    answers.stats, answers.nothing,
)  # fmt: skip
LIST_SEGMENTS = Endpoint(
    "listSegment", "GET", "list", "segment",
    None, "SEGMENTS-NOT-FOUND",
    answers.rows(SegmentRef), answers.no_rows(SegmentRef),
)  # fmt: skip
DELETE_SEGMENT = Endpoint(
    "deleteSegment", "DELETE", "delete", "segment",
    "SEGMENT-DELETED-SUCCESSFULLY", "NO-SEGMENT-FOUND-TO-DELETE",
    answers.done, answers.not_done,
)  # fmt: skip
CREATE_TEMPLATE = Endpoint(
    "createTemplate", "POST", "create", "template",
    "TEMPLATE-CREATED-SUCCESSFULLY", "TEMPLATE-CREATING-FAILED",
    answers.created_id, answers.doubtful_create,
)  # fmt: skip
DELETE_TEMPLATE = Endpoint(
    "deleteTemplate", "DELETE", "delete", "template",
    "TEMPLATE-DELETED-SUCCESSFULLY", "NO-TEMPLATE-FOUND-TO-DELETE",
    answers.done, answers.not_done,
)  # fmt: skip
LIST_TEMPLATES = Endpoint(
    "listTemplate", "GET", "list", "template",
    None, "TEMPLATES-NOT-FOUND",
    answers.rows(TemplateRef), answers.no_rows(TemplateRef),
)  # fmt: skip
CREATE_TRIGGER = Endpoint(
    "createTrigger", "POST", "create", "trigger",
    "TRIGGER-ADDED-SUCCESSFULLY", "TRIGGER-ADDING-FAILED",
    answers.created_id, answers.name_taken,
)  # fmt: skip
DELETE_TRIGGER = Endpoint(
    "deleteTrigger", "DELETE", "delete", "trigger",
    "TRIGGER-DELETED-SUCCESSFULLY", "NO-TRIGGER-FOUND-TO-DELETE",
    answers.done, answers.not_done,
)  # fmt: skip
LIST_TRIGGERS = Endpoint(
    "listTrigger", "GET", "list", "trigger",
    None, "TRIGGERS-NOT-FOUND",
    answers.rows(TriggerRef), answers.no_rows(TriggerRef),
)  # fmt: skip
TRIGGER_STATUS = Endpoint(
    "triggerStatus", "PUT", "set_status", "trigger",
    "TRIGGER-UPDATED-SUCCESSFULLY", "NO-TRIGGER-FOUND-TO-UPDATE-OR-ALREADY-IN-GIVEN-STATUS",
    answers.done, answers.not_done,
)  # fmt: skip
LIST_CAMPAIGNS = Endpoint(
    "listCampaign", "GET", "list", "campaign",
    None, "CAMPAIGNS-NOT-FOUND",
    answers.rows(CampaignRef), answers.no_rows(CampaignRef),
)  # fmt: skip

ENDPOINTS: tuple[Endpoint[Any], ...] = (
    CREATE_CAMPAIGN,
    CANCEL_CAMPAIGN,
    CAMPAIGN_STATS,
    LIST_SEGMENTS,
    DELETE_SEGMENT,
    CREATE_TEMPLATE,
    DELETE_TEMPLATE,
    LIST_TEMPLATES,
    CREATE_TRIGGER,
    DELETE_TRIGGER,
    LIST_TRIGGERS,
    TRIGGER_STATUS,
    LIST_CAMPAIGNS,
)
