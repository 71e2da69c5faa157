"""What is there already: creates that look for the name first, and changes to what may be gone."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from airflow.providers.common.compat.sdk import AirflowFailException, AirflowSkipException

from airflow_provider_truepush.api.checks import is_dry_run_id, refuse
from airflow_provider_truepush.exceptions import TruepushAmbiguousError, TruepushError

if TYPE_CHECKING:
    from airflow_provider_truepush.operators.base import TruepushOperator

IF_EXISTS = ("fail", "reuse", "replace")
IF_MISSING = ("ignore", "skip", "fail")

log = logging.getLogger(__name__)


class Named(Protocol):
    """A row of a list."""

    @property
    def id(self) -> str:
        """The row's id."""

    @property
    def name(self) -> str:
        """The row's name."""


def check_choice(field: str, value: object, choices: Sequence[str]) -> None:
    """Refuse a word that is none of the choices."""
    if value not in choices:
        refuse(field, value, f"must be one of {', '.join(map(repr, choices))}")


def missing(message: str, if_missing: str) -> bool:
    """Do what was asked for when something is not there.

    :param message: says what is not there.
    :param if_missing: ``ignore``, ``skip`` or ``fail``, checked before.
    :return: False: nothing was changed.
    """
    if if_missing == "fail":
        raise AirflowFailException(message)
    if if_missing == "skip":
        raise AirflowSkipException(message)
    log.info(message)
    return False


def renders_natively(operator: TruepushOperator) -> bool:
    """Whether Airflow renders the operator's templates to native objects instead of text."""
    own = getattr(operator, "render_template_as_native_obj", None)  # the operator's own setting came after Airflow 2
    if own is not None:
        return bool(own)
    dag = operator.get_dag()
    return dag is not None and bool(dag.render_template_as_native_obj)


class CreateByName:
    """A create that knows what had its name before. It is sent once; what its answer leaves open, the list settles.

    :param what: ``template`` or ``trigger``, for messages.
    :param name: the name to look for, letter by letter.
    :param rows: gives the whole list.
    """

    def __init__(self, what: str, name: str, rows: Callable[[], Iterable[Named]]) -> None:
        self._what = what
        self._name = name
        self._rows = rows
        self.before: list[Any] = self._of_this_name()

    def _of_this_name(self) -> list[Named]:
        return [row for row in self._rows() if row.name == self._name]

    @property
    def old_ids(self) -> list[str]:
        """The ids of those that have had the name before."""
        return [row.id for row in self.before]

    def settle_existing(self, if_exists: str) -> str:
        """What ``fail`` and ``reuse`` come to when there is something of the name. Nothing is sent.

        :return: the id of the only one.
        """
        found = ", ".join(self.old_ids)
        if if_exists == "fail":
            raise AirflowFailException(
                f"A {self._what} named {self._name!r} exists already: {found}. Nothing was sent. "
                "if_exists='reuse' takes it as it is, if_exists='replace' puts a new one in its place."
            )
        if len(self.before) > 1:
            raise AirflowFailException(
                f"{len(self.before)} {self._what}s are named {self._name!r}: {found}. Nothing was sent, and none was "
                "taken, since nothing tells which is meant. Delete all but one, or use if_exists='replace'."
            )
        log.info("Reusing the %s named %r: %s.", self._what, self._name, found)
        return self.old_ids[0]

    def send(self, create: Callable[[], str | None], done: str = "") -> str | None:
        """Run the create, and find out its id when the answer does not tell.

        :param create: sends it.
        :param done: what was changed before, for messages.
        :return: the id; None when it was created for certain and nothing tells the id.
        :raises AirflowFailException: when it stays in doubt: a person has to look.
        """
        try:
            created = create()
        except TruepushAmbiguousError as doubt:
            return self._adopt(doubt, done)
        if created is None:
            return self._find()
        if is_dry_run_id(created):
            log.info("Dry run: no %s was created; %s stands for its id.", self._what, created)
        else:
            log.info("Created %s %s: %r.", self._what, created, self._name)
        return created

    def _fresh(self) -> list[str]:
        old = set(self.old_ids)
        return [row.id for row in self._of_this_name() if row.id not in old]

    def _adopt(self, doubt: TruepushAmbiguousError, done: str) -> str:
        way_out = (
            f"{done} A person has to look: if the {self._what} {self._name!r} is in Truepush after all, run the task "
            "again with if_exists='reuse', or 'replace'; if it is not, a while later, just run it again."
        ).strip()
        try:
            fresh = self._fresh()
        except TruepushError as error:
            raise AirflowFailException(f"{doubt} Looking for it failed as well: {error} {way_out}") from doubt
        if len(fresh) == 1:
            log.warning("%s The list shows one new %s of the name: %s. That is it.", doubt, self._what, fresh[0])
            return fresh[0]
        seen = f"{len(fresh)} new ones of the name: {', '.join(fresh)}" if fresh else "no new one of the name (yet)"
        raise AirflowFailException(f"{doubt} The list shows {seen}. {way_out}") from doubt

    def _find(self) -> str | None:
        try:
            fresh = self._fresh()
        except TruepushError as error:
            log.warning("Looking for the id of the new %s failed: %s", self._what, error)
            fresh = []
        if len(fresh) == 1:
            log.info("Created %s %s: %r; the list told its id.", self._what, fresh[0], self._name)
            return fresh[0]
        log.warning(
            "Truepush created the %s %r and did not tell its id; new ones of the name in the list: %s.",
            self._what,
            self._name,
            ", ".join(fresh) or "none",
        )
        return None
