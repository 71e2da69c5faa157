"""Find the one template, trigger, segment or campaign that has a name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any, Literal

from airflow_provider_truepush.api.checks.near_matches import COMPARED, near_matches, shown
from airflow_provider_truepush.api.checks.values import DRY_RUN_PREFIX
from airflow_provider_truepush.api.errors import TruepushError, TruepushValidationError
from airflow_provider_truepush.client.redacted import get_logger
from airflow_provider_truepush.hooks.truepush import TruepushAsyncHook, TruepushHook

log = get_logger(__name__)

Kind = Literal["campaign", "template", "trigger", "segment"]
#: The most matches that an error lists.
_LISTED = 10


def label_of(kind: Kind) -> str:
    """Return the API's word for the name of a resource: ``title`` or ``name``."""
    return "title" if kind == "campaign" else "name"


def find_named(hook: TruepushHook, kind: Kind, name: str) -> list[Any]:
    """Return every row of exactly this name; an empty list proves that there was none."""
    rows: list[Any] = getattr(hook, f"find_{kind}s")(**{label_of(kind): name})
    return rows


def find_by_id(hook: TruepushHook, kind: Kind, row_id: str) -> Any | None:
    """Return the row of this id; None proves that there was none."""
    rows: list[Any] = getattr(hook, f"find_{kind}s")(**{f"{kind}_id": row_id})
    return rows[0] if rows else None


def resolve(
    hook: TruepushHook, kind: Kind, name: str, *, field: str, consequence: str, may_be_pending: bool = False
) -> str:
    """Return the id of the only resource of this name.

    :param hook: the project.
    :param kind: the kind of resource.
    :param name: its name, compared letter by letter.
    :param field: the argument, for errors.
    :param consequence: what an error means for the task, as one sentence.
    :param may_be_pending: in a dry run it may be missing, because this run would have created it; then a placeholder
        is returned.
    :raises TruepushValidationError: when none or several have the name.
    """
    row = only_one(kind, name, find_named(hook, kind, name), field=field, consequence=consequence)
    if row is not None:
        return _found(kind, name, row)
    if may_be_pending and hook.settings.dry_run:
        log.info("Dry run: no %s %s exists; assuming that this run would create it.", kind, shown(name))
        return f"{DRY_RUN_PREFIX}{kind}"
    raise missing(kind, name, advice(hook, kind, name), field=field, consequence=consequence)


async def resolve_async(hook: TruepushAsyncHook, kind: Kind, name: str, *, field: str, consequence: str) -> str:
    """Return the id as :func:`resolve` does, without blocking the event loop."""
    rows = await getattr(hook, f"find_{kind}s")(**{label_of(kind): name})
    row = only_one(kind, name, rows, field=field, consequence=consequence)
    if row is not None:
        return _found(kind, name, row)
    names: list[str] = []
    listed: list[str] | None = names
    try:
        async for row in getattr(hook, f"list_{kind}s")():
            names.append(getattr(row, label_of(kind)))
            if len(names) >= COMPARED:
                break
    except TruepushError:
        listed = None
    raise missing(kind, name, _similar(kind, name, listed), field=field, consequence=consequence)


def only_one(kind: Kind, name: str, rows: Sequence[Any], *, field: str, consequence: str) -> Any | None:
    """Return the only row of a name, or None when no row has it.

    :raises TruepushValidationError: when several have the name.
    """
    if len(rows) > 1:
        newest_first = sorted(rows, key=lambda row: row.id, reverse=True)
        listed = ", ".join(_described(row) for row in newest_first[:_LISTED])
        more = f" and {len(rows) - _LISTED} more" if len(rows) > _LISTED else ""
        raise TruepushValidationError(
            f"{field}: {len(rows)} {kind}s have the {label_of(kind)} {shown(name)}: {listed}{more}. {consequence} "
            f"Set {kind}_id to the one you mean{_or_rename(kind)}."
        )
    return rows[0] if rows else None


def missing(kind: Kind, name: str, advised: str, *, field: str, consequence: str) -> TruepushValidationError:
    """Return the error for a name that does not exist."""
    return TruepushValidationError(
        f"{field}: no {kind} has the {label_of(kind)} {shown(name)}. {consequence} {advised}"
    )


def advice(hook: TruepushHook, kind: Kind, name: str) -> str:
    """Return the advice for a name that does not exist: the existing names that resemble it."""
    rows = getattr(hook, f"list_{kind}s")()
    try:
        return _similar(kind, name, [getattr(row, label_of(kind)) for row in islice(rows, COMPARED)])
    except TruepushError:  # the caller's error matters more than this one
        return _similar(kind, name, None)


def _similar(kind: Kind, name: str, listed: Iterable[str] | None) -> str:
    label = label_of(kind)
    if listed is None:
        return f"Check the {label} in Truepush."
    close = near_matches(name, listed)
    if not close:
        return f"Check the {label} in Truepush; no {kind} of the project has a similar one."
    return f"Check the {label}. Similar ones: {', '.join(map(shown, close))}."


def _found(kind: Kind, name: str, row: Any) -> str:
    log.info("The %s %s has the id %s.", kind, shown(name), row.id)
    return str(row.id)


def _described(row: Any) -> str:
    created = row.created_at
    return f"{row.id} (created {created:%Y-%m-%d %H:%M} UTC)" if created is not None else str(row.id)


def _or_rename(kind: Kind) -> str:
    return "" if kind == "campaign" else f", or give each {kind} a name of its own in Truepush"


def must_be_listed(field: str, wanted: str, rows: list[Any], kind: str) -> None:
    """Refuse a reference to a missing template or segment, before the existing trigger is deleted.

    :param field: the argument, for the error.
    :param wanted: the id.
    :param rows: the rows that have this id.
    :param kind: ``template`` or ``segment``.
    """
    if not rows:
        raise TruepushValidationError(
            f"{field}: no {kind} of this project has the id {wanted!r}. "
            "The existing trigger was not replaced, because the new one could not be created. "
            f"Use the id of an existing {kind}."
        )
