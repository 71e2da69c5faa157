"""The record of a send: its intent, its outcome, and which campaigns of the list it may have created."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from airflow_provider_truepush.api.checks.values import created_at
from airflow_provider_truepush.api.models.refs import CampaignRef

#: A campaign created this long before the intent was not created by this send, however wrong the clocks are.
_CLOCK_ERROR = timedelta(days=1)

#: Fields that only the second half of a content hash covers.
_TIMING = ("send_at", "expires_in")
_HALF = 32
#: The most ids of earlier campaigns in a record: Airflow's task state store accepts 64 KB in all.
_KEPT = 1000
#: The same in a shortened record.
_SHOWN = 50
#: The most by which the clocks of a worker and of Truepush differ, together with the duration of a request.
CLOCKS_APART = timedelta(hours=1)
#: All duplicates of one request are created within this time.
_DUPLICATES_WITHIN = timedelta(seconds=10)


def idempotency_key(scope: str, name: str) -> str:
    """Return the key under which one send is recorded. It is the same for every try at that send.

    :param scope: the scope in which the name is unique.
    :param name: what makes two tries the same send.
    """
    return _digest([scope, name])


def content_hash(content: Mapping[str, Any]) -> str:
    """Return a hash of what is sent, independent of the order of its fields.

    Its first half leaves out when the campaign goes out and expires, because templates often render that anew in each
    try.
    """
    message = {name: value for name, value in content.items() if name not in _TIMING}
    return _digest(message)[:_HALF] + _digest(content)[:_HALF]


def legacy_content_hash(content: Mapping[str, Any]) -> str:
    """Return the hash that an earlier version recorded for the same content."""
    return _digest(content)


def is_same_message(one: str, other: str) -> bool:
    """Report whether two hashes are of one message, whenever it goes out.

    :param one: a hash of :func:`content_hash`.
    :param other: another one.
    """
    return one[:_HALF] == other[:_HALF]


def _digest(value: Any) -> str:
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()


@dataclass(frozen=True, slots=True)
class SendRecord:
    """An intent to send and, once it is known, its outcome.

    :param key: see :func:`idempotency_key`.
    :param content: see :func:`content_hash`.
    :param title: the campaign's title, which is all that the list shows of its content.
    :param before: ids of campaigns of that title that existed before.
    :param attempt: a value that is unique to the try that wrote the record.
    :param author: the same try, for messages.
    :param made_at: when the intent was written, in seconds since the epoch.
    :param deadline: after this nothing is sent on this intent, in seconds since the epoch.
    :param settled: whether the outcome is known.
    :param campaign_id: the outcome: the id; None when Truepush did not return it.
    :param cancelled: whether the task canceled it before it went out.
    :param conn_id: id of the Truepush connection; "" in records of earlier versions.
    :param floor: the id below which ``before`` is not complete; "" where it is.
    :param project: see :func:`~airflow_provider_truepush.sending.identity.project_fingerprint`; "" in records of
        earlier versions.
    :param details: see :func:`~airflow_provider_truepush.api.models.own_send.send_details`; only a ledger keeps them.
    """

    key: str
    content: str
    title: str
    before: tuple[str, ...]
    attempt: str
    author: str
    made_at: float
    deadline: float
    settled: bool = False
    campaign_id: str | None = None
    cancelled: bool = False
    conn_id: str = ""
    project: str = ""
    floor: str = ""
    details: str = ""

    def with_outcome(self, campaign_id: str | None) -> SendRecord:
        """Return the record with its outcome."""
        return replace(self, settled=True, campaign_id=campaign_id)

    def shortened(self) -> SendRecord:
        """Return the record with few ids of earlier campaigns, for a place that many tasks read."""
        kept = self.before[-_SHOWN:]
        # What is older than these was not created by this send.
        return replace(self, before=kept, floor=max(self.floor, kept[0])) if len(self.before) > _SHOWN else self

    def as_dict(self) -> dict[str, Any]:
        """Return the record as JSON primitives, under the names that stored records have always had."""
        found = {**asdict(self), "before": list(self.before)}
        del found["details"]  # nothing reads them there, and an earlier version would refuse the record
        return {"slot": found.pop("key"), **found}

    @classmethod
    def from_dict(cls, given: Mapping[str, Any]) -> SendRecord:
        """Return the record that JSON primitives describe."""
        found = {**given, "key": given["slot"], "before": tuple(given["before"])}
        del found["slot"]
        return cls(**found)

    def new_campaigns(self, listed: Iterable[CampaignRef]) -> list[str]:
        """Return the ids of campaigns that this send may have created: those of its title that did not exist before."""
        earlier = set(self.before)
        # Only the newest of many ids are recorded. Ids begin with the time of creation.
        oldest = max(self.floor, min(earlier) if len(earlier) >= _KEPT else "")
        return sorted(
            row.id
            for row in listed
            if row.title == self.title and row.id not in earlier and row.id > oldest and self._recent(row.id)
        )

    def is_of_its_time(self, campaign_id: str) -> bool:
        """Return whether a campaign was created about when this send left, and not by a later run of the Dag."""
        made = created_at(campaign_id)
        if made is None:
            return False
        earliest, latest = (datetime.fromtimestamp(moment, UTC) for moment in (self.made_at, self.deadline))
        return earliest - CLOCKS_APART <= made <= latest + CLOCKS_APART

    def _recent(self, campaign_id: str) -> bool:
        return is_recent(campaign_id, datetime.fromtimestamp(self.made_at, UTC))


def newest(campaign_ids: Iterable[str]) -> tuple[str, ...]:
    """Return the ids to record as those of earlier campaigns: the newest of many."""
    return tuple(sorted(campaign_ids)[-_KEPT:])


def is_recent(campaign_id: str, now: datetime) -> bool:
    """Return whether a campaign may have been created about now. Older ones need not be recorded."""
    made = created_at(campaign_id)
    return made is None or made >= now - _CLOCK_ERROR


def are_duplicates(campaign_ids: Iterable[str]) -> bool:
    """Return whether campaigns were created so close together that one request may have created them all."""
    times = [created_at(campaign_id) for campaign_id in campaign_ids]
    known = [made for made in times if made is not None]
    return bool(known) and len(known) == len(times) and max(known) - min(known) <= _DUPLICATES_WITHIN
