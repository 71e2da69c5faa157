"""Everything that exists in the emulated Truepush, in memory and in the state file."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from itertools import islice
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from airflow_provider_truepush.emulator.clock import Clock
from airflow_provider_truepush.emulator.errors import TruepushEmulatorError
from airflow_provider_truepush.emulator.ids import ObjectIds
from airflow_provider_truepush.emulator.listing import Listing
from airflow_provider_truepush.emulator.records import Campaign, Held, Project, Record, Segment, Template, Trigger
from airflow_provider_truepush.emulator.storage import Storage

#: The segments that a new project has: name and share of its subscribers.
DEFAULT_SEGMENTS = (
    ("Indian Windows Users", 0.31),
    ("Indian MAC users", 0.04),
    ("Android, last seen this week", 0.22),
    ("Returning customers", 0.12),
)
_KINDS: tuple[type[Record], ...] = (Project, Segment, Template, Trigger, Campaign)
R = TypeVar("R", Segment, Template, Trigger, Campaign)


class World:
    """The projects and their objects.

    :param tokens: one project per token.
    :param seed: of ids and counters; a state file that has one keeps it.
    :param subscribers: of each new project.
    :param clock: the emulator's.
    :param storage: the state file.
    :param zone: the time zone of the projects.
    """

    def __init__(
        self, tokens: Iterable[str], seed: int, subscribers: int, clock: Clock, storage: Storage, zone: ZoneInfo
    ) -> None:
        self.clock = clock
        self.zone = zone
        self.storage = storage
        self.subscribers = subscribers
        self.projects: dict[str, Project] = {}
        self._held: dict[type[Record], dict[str, Any]] = {kind: {} for kind in _KINDS}
        self._listings: dict[tuple[type[Record], str], Listing] = {}
        kept = storage.meta("seed")
        self.seed = seed if kept is None else int(kept)
        self.ids = ObjectIds(self.seed, int(storage.meta("ids") or 0))
        if (saved := storage.meta("clock")) is not None:
            clock.resume(saved)
        self._load()
        with self.saving():
            storage.set_meta("seed", self.seed)
            for token in tokens:
                self._open_project(token)

    def _load(self) -> None:
        kinds: dict[str, type[Any]] = {kind.KIND: kind for kind in _KINDS}
        loaded: list[Held] = []
        for name, text in self.storage.rows():
            record = kinds[name].load(text)
            if isinstance(record, Project):
                self.projects[record.id] = record
            else:
                loaded.append(record)
        self._hold(*loaded)

    def _open_project(self, token: str) -> None:
        digest = digest_of(token)
        if digest not in self.projects:
            project = Project(digest, f"project-{len(self.projects) + 1}", self.subscribers)
            self.projects[digest] = project
            self.storage.put(project)
            self._furnish(project)

    def _furnish(self, project: Project) -> None:
        for name, share in DEFAULT_SEGMENTS:
            self.put(Segment(self.new_id(), project.name, name, int(project.subscribers * share)))

    def saving(self) -> Any:
        """Return a transaction of the state file; changes belong inside it."""
        return self.storage.transaction()

    def new_id(self, moment: float | None = None) -> str:
        """Return an id that was never used before.

        :param moment: its time of creation; None for now.
        """
        made = self.ids.new(self.clock.now() if moment is None else moment)
        self.storage.set_meta("ids", self.ids.used)
        return made

    def project(self, key: str | None) -> Project:
        """Return a project by name or token; the first for None."""
        if key is None:
            return next(iter(self.projects.values()))
        found = self.by_token(key) or next((p for p in self.projects.values() if p.name == key), None)
        if found is None:
            # It may be a mistyped token: not shown.
            raise TruepushEmulatorError(
                f"The project does not exist. Projects: {', '.join(p.name for p in self.projects.values())}."
            )
        return found

    def by_token(self, token: str | None) -> Project | None:
        """Return the project of a token."""
        return self.projects.get(digest_of(token)) if token else None

    def get(self, kind: type[R], object_id: str, project: str | None = None) -> R | None:
        """Return the object with an id, in one project or in any; None when it does not exist."""
        found: R | None = self._held[kind].get(object_id)
        return found if found is not None and project in (None, found.project) else None

    def all(self, kind: type[R], project: str | None = None) -> list[R]:
        """Return all of a kind as they were added, of one project or of every one."""
        if project is not None:
            return self.listing(kind, project).all()
        return list(self._held[kind].values())

    def total(self, kind: type[Record]) -> int:
        """Return the number of objects of a kind in all projects."""
        return len(self._held[kind])

    def newest(self, kind: type[R], count: int) -> list[R]:
        """Return those of a kind that were added last, the newest first."""
        return list(islice(reversed(self._held[kind].values()), count))

    def listing(self, kind: type[Record], project: str) -> Listing:
        """Return the list of a kind in a project."""
        found = self._listings.get((kind, project))
        if found is None:
            found = self._listings[kind, project] = Listing(self.seed)
        return found

    def put(self, *records: Held) -> None:
        """Add records, or keep what has changed in them."""
        self.storage.put_many(records)
        self._hold(*records)

    def _hold(self, *records: Held) -> None:
        fresh: dict[tuple[type[Record], str], list[Held]] = {}
        for record in records:
            before = self._held[type(record)].get(record.id)
            if before is not None and before.project != record.project:
                self.listing(type(record), before.project).remove(record.id)
            self._held[type(record)][record.id] = record
            fresh.setdefault((type(record), record.project), []).append(record)
        for (kind, project), rows in fresh.items():
            self.listing(kind, project).put(rows)

    def remove(self, record: Held) -> None:
        """Delete a record."""
        self.storage.remove(record)
        del self._held[type(record)][record.id]
        self.listing(type(record), record.project).remove(record.id)

    def clear(self, seed: int | None = None) -> None:
        """Empty all projects.

        :param seed: a new one; None keeps it.
        """
        self.seed = self.seed if seed is None else seed
        self.ids = ObjectIds(self.seed)
        for held in self._held.values():
            held.clear()
        self._listings.clear()
        with self.saving():
            self.storage.clear()
            self.storage.set_meta("seed", self.seed)
            for project in self.projects.values():
                self._furnish(project)
            self.save_clock()

    def save_clock(self) -> None:
        """Save the time of the clock for a restarted emulator."""
        self.storage.set_meta("clock", self.clock.saved())


def digest_of(token: str) -> str:
    """Return the digest that replaces a token in memory and in the state file."""
    return sha256(token.encode()).hexdigest()
