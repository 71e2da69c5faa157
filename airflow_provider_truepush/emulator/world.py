"""Everything that exists in the emulated Truepush, in memory and in the state file."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from typing import Any, TypeVar

from airflow_provider_truepush.emulator.clock import Clock
from airflow_provider_truepush.emulator.ids import ObjectIds
from airflow_provider_truepush.emulator.records import Campaign, Project, Record, Segment, Template, Trigger
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
    """Projects and what they hold.

    :param tokens: one project per token.
    :param seed: of ids and counters; a state file that has one keeps it.
    :param subscribers: of each new project.
    :param clock: the emulator's.
    :param storage: where changes are kept.
    """

    def __init__(self, tokens: Iterable[str], seed: int, subscribers: int, clock: Clock, storage: Storage) -> None:
        self.clock = clock
        self.storage = storage
        self.subscribers = subscribers
        self.projects: dict[str, Project] = {}
        self._held: dict[type[Record], dict[str, Any]] = {kind: {} for kind in _KINDS}
        # Only campaigns come by the hundred thousand and never go: their pages are slices of these.
        self._by_project: dict[str, list[Campaign]] = {}
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
        kinds = {kind.KIND: kind for kind in _KINDS}
        for name, text in self.storage.rows():
            record = kinds[name].load(text)
            if isinstance(record, Project):
                self.projects[record.id] = record
            else:
                self._hold(record)

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
        """A transaction of the state file, in which changes are to be made."""
        return self.storage.transaction()

    def new_id(self, moment: float | None = None) -> str:
        """An id that was never given before.

        :param moment: its time of creation; None for now.
        """
        made = self.ids.new(self.clock.now() if moment is None else moment)
        self.storage.set_meta("ids", self.ids.used)
        return made

    def project(self, key: str | None) -> Project:
        """A project by name or token; the first for None."""
        if key is None:
            return next(iter(self.projects.values()))
        found = self.by_token(key) or next((p for p in self.projects.values() if p.name == key), None)
        if found is None:
            # It may be a mistyped token: not shown.
            raise ValueError(f"no such project; there are {', '.join(p.name for p in self.projects.values())}")
        return found

    def by_token(self, token: str | None) -> Project | None:
        """The project of a token."""
        return self.projects.get(digest_of(token)) if token else None

    def get(self, kind: type[R], object_id: str, project: str | None = None) -> R | None:
        """What has this id, in one project or in any."""
        found: R | None = self._held[kind].get(object_id)
        return found if found is not None and project in (None, found.project) else None

    def all(self, kind: type[R], project: str | None = None) -> list[R]:
        """All of a kind, oldest first, in one project or in every one."""
        if kind.KIND == Campaign.KIND and project is not None:
            rows: list[Any] = self._by_project.get(project, [])
            return list(rows)
        return [item for item in self._held[kind].values() if project in (None, item.project)]

    def page(self, kind: type[R], project: str, page: int, size: int, newest_first: bool) -> list[R]:
        """A page of a project's list."""
        rows: list[Any] = self._by_project.get(project, []) if kind.KIND == Campaign.KIND else self.all(kind, project)
        first = (page - 1) * size
        if not newest_first:
            return rows[first : first + size]
        end = len(rows) - first
        return rows[max(0, end - size) : end][::-1] if end > 0 else []

    def put(self, *records: Record) -> None:
        """Add records, or keep what has changed in them."""
        self.storage.put_many(records)
        for record in records:
            self._hold(record)

    def _hold(self, record: Record) -> None:
        held = self._held[type(record)]
        if isinstance(record, Campaign) and held.get(record.id) is not record:
            rows = self._by_project.setdefault(record.project, [])
            if record.id in held:
                rows[:] = [row for row in rows if row.id != record.id]
            rows.append(record)
        held[record.id] = record

    def remove(self, record: Record) -> None:
        """Delete a record."""
        self.storage.remove(record)
        del self._held[type(record)][record.id]

    def clear(self, seed: int | None = None) -> None:
        """Back to empty projects.

        :param seed: a new one; None keeps it.
        """
        self.seed = self.seed if seed is None else seed
        self.ids = ObjectIds(self.seed)
        for held in self._held.values():
            held.clear()
        self._by_project.clear()
        with self.saving():
            self.storage.clear()
            self.storage.set_meta("seed", self.seed)
            for project in self.projects.values():
                self._furnish(project)
            self.save_clock()

    def save_clock(self) -> None:
        """Let a restarted emulator know how late it was."""
        self.storage.set_meta("clock", self.clock.saved())


def digest_of(token: str) -> str:
    """What stands for a token in memory and in the state file."""
    return sha256(token.encode()).hexdigest()
