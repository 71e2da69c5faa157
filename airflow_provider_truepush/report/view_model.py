"""What the page shows, as plain values. No I/O."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

#: The funnel: each step's counter, its name, and the counter that its share is of.
STEPS: tuple[tuple[str, str, str | None], ...] = (
    ("sent", "Sent", None),
    ("delivered", "Delivered", "sent"),
    ("views", "Views", "delivered"),
    ("clicks", "Clicks", "delivered"),
)
#: More points than this are no use in a plot as wide as a page.
MOST_POINTS = 300


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The counters of a campaign at one moment (aware, UTC).

    :param counters: None for one that the warehouse does not know: its column was added later.
    """

    observed_at: datetime
    counters: dict[str, int | None]
    regressed: bool = False

    def share(self, step: str, of: str | None) -> float | None:
        """One counter per another; None when either is not known, or there is nothing to divide by."""
        part, whole = self.counters[step], self.counters[of] if of else 0
        return part / whole if whole and part is not None else None


@dataclass(frozen=True, slots=True)
class CampaignShown:
    """A campaign on the page.

    :param snapshots: oldest first, at least one; the last is the newest.
    """

    project: str
    campaign_id: str
    title: str | None
    created_at: datetime | None
    snapshots: Sequence[Snapshot]

    @property
    def latest(self) -> Snapshot:
        """The newest counters."""
        return self.snapshots[-1]

    @property
    def name(self) -> str:
        """The title, or the id where no title is known."""
        return self.title or self.campaign_id

    @property
    def regressed(self) -> bool:
        """Whether a counter fell between two snapshots."""
        return any(snapshot.regressed for snapshot in self.snapshots)

    @property
    def in_words(self) -> str:
        """The funnel as a sentence, for those who do not see the plot."""
        steps = ", ".join(
            f"{label.lower()} {number(self.latest.counters[step], 'unknown')}"
            + in_percent(self.latest.share(step, of), of)
            for step, label, of in STEPS
        )
        return f"Funnel of {self.name}: {steps}."


@dataclass(frozen=True, slots=True)
class Shown:
    """Everything on the page.

    :param total: how many campaigns the warehouse has; those shown are the newest of them.
    """

    campaigns: Sequence[CampaignShown]
    total: int
    made_at: datetime
    source: str
    project: str | None = None
    notes: Sequence[str] = field(default_factory=tuple)


def number(value: int | None, unknown: str) -> str:
    """A counter for people.

    :param unknown: stands for one that is not known.
    """
    return unknown if value is None else f"{value:,}"


def in_percent(share: float | None, of: str | None) -> str:
    """A share in words, with a leading blank; empty when there is none."""
    return "" if share is None else f" ({share:.1%} of {of})"


def thinned(snapshots: Sequence[Snapshot], most: int = MOST_POINTS) -> list[Snapshot]:
    """At most so many of them, evenly spread; the first, the last and those with a fallen counter stay."""
    if len(snapshots) <= most:
        return list(snapshots)
    step = (len(snapshots) - 1) / (most - 1)
    kept = {round(index * step) for index in range(most)}
    return [snapshot for index, snapshot in enumerate(snapshots) if index in kept or snapshot.regressed]
