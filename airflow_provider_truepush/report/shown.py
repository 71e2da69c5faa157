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
    """The counters of a campaign at one moment (aware, UTC)."""

    observed_at: datetime
    counters: dict[str, int]
    regressed: bool = False

    def share(self, step: str, of: str | None) -> float | None:
        """One counter per another; None when there is nothing to divide by."""
        whole = self.counters[of] if of else 0
        return self.counters[step] / whole if whole else None


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
            f"{label.lower()} {self.latest.counters[step]:,}" + in_percent(self.latest.share(step, of), of)
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
