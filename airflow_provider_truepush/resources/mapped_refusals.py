"""The errors of a map index that does not know what its siblings have changed, with the ways to decide."""

from __future__ import annotations

from collections.abc import Sequence

from airflow.providers.common.compat.sdk import AirflowException

from airflow_provider_truepush.api.checks.near_matches import shown
from airflow_provider_truepush.resources.change_record import ChangeRecord
from airflow_provider_truepush.resources.decision import manual_decision


def is_busy(kind: str, name: str, map_index: int) -> AirflowException:
    """Return the error for an item that two map indexes change at the same time.

    :param kind: ``template``, ``trigger`` or ``segment``.
    :param name: of what is created or deleted.
    :param map_index: the other one.
    """
    return AirflowException(
        f"Map index {map_index} of this task is changing the {kind} {name!r} at the moment. Nothing was changed by "
        "this try. Retry the task once that one has ended. If the feed has it twice, remove one."
    )


def may_be_deleted(kind: str, target: str, unpublished: Sequence[int]) -> AirflowException:
    """Return the error for something missing that a sibling may have deleted.

    :param kind: ``template``, ``trigger`` or ``segment``.
    :param target: its name or id.
    :param unpublished: map indexes that run and have not published what they changed.
    """
    return AirflowException(
        f"No {kind} {shown(target)} exists. It is unknown whether another map index of this task deleted it in this "
        f"Dag run: the map indexes {list(unpublished)} have not published what they changed. Nothing was deleted by "
        "this try. Retry the task: the next try looks again."
    )


def is_unknown(kind: str, name: str, silent: Sequence[int], *, can_end: bool) -> AirflowException:
    """Return the error for a name that a sibling may have begun to replace.

    :param kind: ``template`` or ``trigger``.
    :param name: of what is created.
    :param silent: map indexes that have not published what they changed.
    :param can_end: whether one of them may still do so.
    """
    what = (
        f"It is unknown whether another map index of this task deleted an inactive {kind} {name!r} in this Dag run: "
        f"its feed may have changed, and the map indexes {list(silent)} have not published what they changed. "
        f"Nothing was changed by this try, because a new {kind} would be active. "
    )
    if can_end:
        return AirflowException(f"{what}Retry the task: the next try looks again.")
    return manual_decision(
        f"{what}This needs a manual decision:\n"
        "- Clear those map indexes together with this one: they publish what they changed when they start.\n"
        f"- If the {kind} must not send, create it in Truepush, set it inactive, and mark the task as success.\n"
        "- Otherwise create it in a new Dag run. It will be active."
    )


def may_be_renamed(kind: str, name: str, lost: ChangeRecord, *, can_end: bool) -> AirflowException:
    """Return the error for a new name, when an inactive item was removed from the feed.

    :param kind: ``template`` or ``trigger``.
    :param name: of what is created.
    :param lost: what was begun for the other item.
    :param can_end: whether a sibling may still have that item.
    """
    what = (
        f"The {kind} {name!r} does not exist yet. {lost.author} began to replace the inactive {kind} {lost.name!r} and "
        "did not complete it, and no map index has that item now. It is unknown whether this is the same item "
        f"under a new name. Nothing was changed by this try, because a new {kind} would be active. "
    )
    if can_end:
        return AirflowException(f"{what}Retry the task: the next try looks again.")
    return manual_decision(
        f"{what}This needs a manual decision:\n"
        f"- If {name!r} must not send, create it in Truepush, set it inactive, and mark the task as success.\n"
        "- Otherwise create it in a new Dag run. It will be active."
    )


def begun(record: ChangeRecord) -> str:
    """Return that a map index began to create something and has another item now."""
    return (
        f"{record.author} began to create the {record.kind} {record.name!r} with the connection {record.project!r} "
        "and did not complete it, and this map index has another item now."
    )


def not_completed(record: ChangeRecord, key: str, *, can_end: bool) -> AirflowException:
    """Return the error for an item that nobody has completed.

    :param record: what was begun for it.
    :param key: the state key that holds the record.
    :param can_end: whether a sibling may still complete it.
    """
    what = (
        f"{begun(record)} The old {record.name!r} was inactive, and a new one may be active. "
        "The item that this map index has now is not affected. "
    )
    if can_end:
        return AirflowException(
            f"{what}Retry the task: it succeeds once another map index has completed {record.name!r}."
        )
    return manual_decision(
        f"{what}This needs a manual decision:\n"
        f"- If another map index has {record.name!r} now, clear this task once that one has succeeded.\n"
        f"- Otherwise check {record.name!r} in Truepush, delete the task's state key {key}, and clear the task."
    )
