"""Why a send is refused, and what someone can do about it."""

from __future__ import annotations

from datetime import UTC, datetime

from airflow_provider_truepush.api.errors import TruepushBadRequestError
from airflow_provider_truepush.sending.record import SendRecord
from airflow_provider_truepush.sending.store import SendStore


def check_same_send(record: SendRecord, store: SendStore, content: str) -> None:
    """Refuse to take a record for this send's: of other content, of another project, or of a canceled campaign.

    :param record: what an earlier try has recorded.
    :param store: the send store.
    :param content: hash of what is to be sent.
    :raises TruepushBadRequestError: it is not, or it is not to go out.
    """
    if record.content and record.content != content:
        raise TruepushBadRequestError(
            f"{record.author} already sent, or may have sent, different content as this same send ({store}). Nothing "
            "was sent now. If this is the same message with changed content, mark the task as success. To send the "
            f"new content too: {store.how_to_forget(record)}."
        )
    identity = store.identity
    if identity is not None and record.project and identity.conn_id != record.conn_id:
        _check_same_project(record, store, identity.conn_id, identity.project)
    if record.cancelled:
        raise TruepushBadRequestError(
            f"{record.author} sent {record.title!r} as campaign {record.campaign_id}, and canceled it before it went "
            "out, when the task was ended or had failed. Nothing was sent now. To send it after all: "
            f"{store.how_to_forget(record)}."
        )


def _check_same_project(record: SendRecord, store: SendStore, conn_id: str, project: str) -> None:
    if project != record.project:
        raise TruepushBadRequestError(
            f"{record.author} already sent, or may have sent, {record.title!r} through connection {record.conn_id!r} "
            f"(campaign {record.campaign_id or 'not known'}), and connection {conn_id!r} has another host or token, so "
            "it is unknown whether it is the same project. Nothing was sent now. If it is the same project, mark the "
            f"task as success. If it is another one that is to get it too: {store.how_to_forget(record)}."
        )


def undecided(record: SendRecord, store: SendStore, what: str, seen: str, timeout: float) -> str:
    """Return the error for a send of which it stays unknown whether it happened.

    :param record: the intent.
    :param store: the send store.
    :param what: what left the doubt behind.
    :param seen: what the list of campaigns shows.
    :param timeout: seconds of the connection's requests.
    """
    over = datetime.fromtimestamp(record.deadline + 3 * timeout, UTC)
    return (
        f"Campaign {record.title!r} may have been sent, and is not sent again: {what} {seen} This needs a manual "
        "decision:\n"
        "- Once Truepush answers again, clear the task: it looks again and adopts the campaign.\n"
        f"- Otherwise look in Truepush, after {over:%Y-%m-%d %H:%M:%S} UTC: until then a request may be under way.\n"
        f"- If it exists: {store.how_to_adopt(record)}.\n"
        f"- If it is certainly not there, have it sent again: {store.how_to_forget(record)}."
    )
