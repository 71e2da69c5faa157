"""The errors of a send that is refused, with the ways to decide."""

from __future__ import annotations

from datetime import UTC, datetime

from airflow_provider_truepush.api.errors import TruepushBadRequestError
from airflow_provider_truepush.sending.record import SendRecord, is_same_message
from airflow_provider_truepush.sending.store import SendStore


def check_same_send(record: SendRecord, store: SendStore, content: str) -> None:
    """Refuse a record that is not this send's (other content or project), or whose campaign was canceled.

    :param record: what an earlier try has recorded.
    :param store: the send store.
    :param content: hash of what is to be sent.
    :raises TruepushBadRequestError: the record is not of this send, or its campaign must not go out.
    """
    identity = store.identity
    same = is_same_message(record.content, content) if identity is None else identity.is_message(record.content)
    if record.content and not same:
        raise TruepushBadRequestError(
            f"{record.author} already sent, or may have sent, different content for this send ({store}). Nothing "
            "was sent now. If this is the same message with changed content, mark the task as success. To send the "
            f"new content too: {store.how_to_forget(record)}."
        )
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
            f"(campaign {record.campaign_id or 'not known'}), and connection {conn_id!r} has another token, so "
            "it is unknown whether it is the same project. Nothing was sent now. If it is the same project, mark the "
            f"task as success. To send the campaign to another project as well: {store.how_to_forget(record)}."
        )


def undecided(record: SendRecord, store: SendStore, what: str, seen: str, *, timeout: float, adopts: bool) -> str:
    """Return the error for a send of which it stays unknown whether it happened.

    :param record: the intent.
    :param store: the send store.
    :param what: what left the doubt behind.
    :param seen: what the list of campaigns shows.
    :param timeout: seconds of the connection's requests.
    :param adopts: whether a later try may adopt a campaign of the list.
    """
    again = "- Once Truepush answers again, clear the task: it looks again and adopts the campaign.\n" if adopts else ""
    look = "Otherwise look" if adopts else "Look"
    over = datetime.fromtimestamp(record.deadline + 3 * timeout, UTC)
    return (
        f"Campaign {record.title!r} may have been sent, and is not sent again: {what} {seen} This needs a manual "
        "decision:\n"
        f"{again}- {look} in Truepush, after {over:%Y-%m-%d %H:%M:%S} UTC: until then a request may still arrive.\n"
        f"- If it exists: {store.how_to_adopt(record)}.\n"
        f"- If it does not exist, have it sent again: {store.how_to_forget(record)}."
    )


def other_item(other: SendRecord, store: SendStore, title: str) -> str:
    """Return the error for a map index that has sent something else before.

    :param other: what it has sent.
    :param store: the send store.
    :param title: of the campaign that it is to send now.
    """
    assert store.identity is not None
    advice = [
        "- If this is the same item with changed content, or nothing else is to be sent, mark the task as success.",
        f"- If this is a new item: {store.how_to_allow_another()}. What was sent stays recorded.",
    ]
    if store.sees_others:
        advice.append("- Or give each item a `send_token` of its own, and clear the tasks: it names the item.")
    return (
        f"Map index {store.identity.map_index} already sent different content in this Dag run ({other.author}, "
        f"{other.title!r}, campaign {other.campaign_id or 'not known'}), and it is unknown whether this is the "
        f"same item, changed, or a new one. {title!r} was not sent. This needs a manual decision:\n" + "\n".join(advice)
    )


def starts_again(waiting: set[int], candidates: list[str], title: str) -> str:
    """Return the error for an item that may have been sent by a sibling that is starting again.

    :param waiting: map indexes of the siblings.
    :param candidates: campaigns of the title of which no sender is known.
    :param title: of the campaign.
    """
    why = []
    if candidates:
        why.append(f"these campaigns of the title have no known sender: {', '.join(candidates)}")
    if waiting:
        why.append(
            f"map indexes {sorted(waiting)} run, start again or have failed, and have not published what they have sent"
        )
    return (
        f"It is unknown whether another map index already sent {title!r}: {'; '.join(why)}. The campaign was not sent "
        "by this try. Airflow may retry the task; the next try looks again."
    )


def outdated(title: str) -> str:
    """Return the error for a try that began before the run was cleared.

    :param title: of the campaign.
    """
    return (
        f"The Dag run was cleared after this try began to send {title!r}, and its feed may have changed. The campaign "
        "was not sent by this try. Airflow starts the task again if it is still part of the run."
    )


def edited(orphans: list[str], title: str) -> str:
    """Return the error for an item that may be one that was sent before, edited.

    :param orphans: titles of campaigns that were sent and whose items were removed from the feed.
    :param title: of the campaign.
    """
    return (
        f"{title!r} is new in the feed of this Dag run. The run has sent these items, which were then removed from the "
        f"feed: {', '.join(map(repr, orphans[:5]))}. It is unknown whether this item is an edited version "
        "of one of them. The campaign was not sent by this try. This needs a manual decision:\n"
        "- If it is the same item with changed content, mark the task as success.\n"
        "- If it is a new item, send it in a new Dag run.\n"
        "- To avoid this next time, give each item a `send_token` of its own: it names the item."
    )


def unknown_item(candidates: list[str], silent: set[int], store: SendStore, title: str) -> str:
    """Return the error for an item that another map index may have sent.

    :param candidates: campaigns of the title of which no sender is known.
    :param silent: map indexes that run and have not published what they have sent.
    :param store: the send store.
    :param title: of the campaign.
    """
    why = []
    if candidates:
        why.append(f"these campaigns of the title were created since it began: {', '.join(candidates)}")
    if silent:
        why.append(f"these map indexes run and have not published what they have sent: {sorted(silent)}")
    return (
        f"It is unknown whether another map index of this task already sent {title!r} in this "
        f"Dag run: the run was cleared, its feed may have changed, and {'; '.join(why)}. The campaign was not sent "
        "by this try. This needs a manual decision:\n"
        "- Clear the task once the other map indexes have run: it reads what they have sent, and looks again.\n"
        f"- If one of the campaigns is this item: {store.how_to_adopt_unrecorded()}.\n"
        "- If none is, send it in a new Dag run.\n"
        "- To avoid this next time, set `ledger_conn_id`: a ledger knows every item that was sent."
    )


def several_times(count: int, title: str) -> str:
    """Return the error for a message that was sent several times, to go out at different times.

    :param count: how often.
    :param title: of the campaign.
    """
    return (
        f"This task already sent {title!r} {count} times in this Dag run, to go out at different times, and it is "
        "unknown which of them this is. The campaign was not sent by this try. This needs a manual decision:\n"
        "- If nothing else is to be sent, mark the task as success.\n"
        "- If this is a new item, send it in a new Dag run."
    )


def moved_time(record: SendRecord, holder: int, title: str) -> str:
    """Return the error for an item whose message this map index has sent, to go out at another time.

    :param record: what it has sent.
    :param holder: the map index that has that item now.
    :param title: of the campaign.
    """
    return (
        f"This map index already sent {title!r} in this Dag run, to go out at another time (campaign "
        f"{record.campaign_id or 'not known'}), and map index {holder} has that item now. It is unknown whether this "
        "item was sent. The campaign was not sent by this try. This needs a manual decision:\n"
        "- If nothing else is to be sent, mark the task as success.\n"
        "- If this is a new item, send it in a new Dag run.\n"
        "- To avoid this next time, give each item a `send_token` of its own: it names the item."
    )


def shared_time(record: SendRecord, index: int, title: str) -> str:
    """Return the error for an item that was sent, and that a sibling with the same message took for its own.

    :param record: of the item.
    :param index: of the sibling.
    :param title: of the campaign.
    """
    return (
        f"{title!r} was sent as campaign {record.campaign_id or 'not known'}. Map index {index} has the same message, "
        "to go out at another time, and returned this campaign as its own, so its item was not sent. Nothing was sent "
        "by this try. This needs a manual decision:\n"
        f"- If the item of map index {index} is to be sent as well, send it in a new Dag run.\n"
        "- Then, or if it is not, mark the task as success.\n"
        "- To avoid this next time, give each item a `send_token` of its own: it names the item."
    )


def other_token(campaign_id: str | None, title: str) -> str:
    """Return the error for content that was sent under another token.

    :param campaign_id: of what was sent.
    :param title: of the campaign.
    """
    return (
        f"This task already sent {title!r} with the same message in this Dag run, under another send_token (campaign "
        f"{campaign_id or 'not known'}). The campaign was not sent by this try. This needs a manual decision:\n"
        "- If it is the same item, mark the task as success. A token must name the item and not its place in the feed."
        "\n- If it is to be sent once more, send it in a new Dag run."
    )
