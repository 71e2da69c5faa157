"""The content of the page, as plain values. No I/O."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

#: The funnel: each step's counter, its name, and the counter that its share is of.
STEPS: tuple[tuple[str, str, str | None], ...] = (
    ("sent", "Sent", None),
    ("delivered", "Delivered", "sent"),
    ("views", "Views", "delivered"),
    ("clicks", "Clicks", "delivered"),
)
#: A plot as wide as a page cannot show more points than this.
MOST_POINTS = 300


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The counters of a campaign at one moment.

    :param observed_at: the moment, aware, in UTC.
    :param counters: by name; None for a counter that is unknown, because its column was added later.
    :param regressed: True when a counter is lower than in the snapshot before.
    """

    observed_at: datetime
    counters: dict[str, int | None]
    regressed: bool = False

    def share(self, step: str, of: str | None) -> float | None:
        """Return one counter divided by another; None when either is unknown or the divisor is 0."""
        return share(self.counters, step, of)


@dataclass(frozen=True, slots=True)
class CampaignView:
    """A campaign on the page.

    :param project: the project that it belongs to.
    :param campaign_id: its id.
    :param title: its title; None when unknown.
    :param created_at: when it was created, aware; None when unknown.
    :param snapshots: oldest first, at least one; the last is the newest.
    """

    project: str
    campaign_id: str
    title: str | None
    created_at: datetime | None
    snapshots: Sequence[Snapshot]

    @property
    def latest(self) -> Snapshot:
        """Return the newest counters."""
        return self.snapshots[-1]

    @property
    def name(self) -> str:
        """Return the title, or the id when the title is unknown."""
        return self.title or self.campaign_id

    @property
    def regressed(self) -> bool:
        """Return True when a counter fell between two snapshots."""
        return any(snapshot.regressed for snapshot in self.snapshots)

    @property
    def in_words(self) -> str:
        """Return the funnel as a sentence, for readers who cannot see the plot."""
        steps = ", ".join(
            f"{label.lower()} {format_number(self.latest.counters[step], 'unknown')}"
            + format_share(self.latest.share(step, of), of)
            for step, label, of in STEPS
        )
        return f"Funnel of {self.name}: {steps}."


@dataclass(frozen=True, slots=True)
class ReportView:
    """Everything on the page.

    :param campaigns: the newest campaigns of the warehouse, the newest first.
    :param total: how many campaigns the warehouse has.
    """

    campaigns: Sequence[CampaignView]
    total: int
    written_at: datetime
    source: str
    project: str | None = None

    @property
    def totals(self) -> dict[str, int | None]:
        """Return the sum of each counter over the campaigns on the page; None when one of them is unknown."""
        found: dict[str, int | None] = {}
        for name in self.campaigns[0].latest.counters if self.campaigns else ():
            values = [campaign.latest.counters[name] for campaign in self.campaigns]
            found[name] = None if None in values else sum(value or 0 for value in values)
        return found


def share(counters: dict[str, int | None], step: str, of: str | None) -> float | None:
    """Return one counter divided by another; None when either is unknown or the divisor is 0.

    :param of: the divisor; None for a step that is not a share of anything.
    """
    part, whole = counters[step], counters[of] if of else 0
    return part / whole if whole and part is not None else None


def format_number(value: int | None, unknown: str) -> str:
    """Return a counter with separators.

    :param unknown: the text for an unknown counter.
    """
    return unknown if value is None else f"{value:,}"


def format_share(value: float | None, of: str | None) -> str:
    """Return a share in words, with a leading blank; an empty text when it is unknown."""
    return "" if value is None else f" ({value:.1%} of {of})"


def thin_out(snapshots: Sequence[Snapshot], most: int = MOST_POINTS) -> list[Snapshot]:
    """Return at most so many snapshots, evenly spread; the first, the last and those with a fallen counter stay."""
    if len(snapshots) <= most:
        return list(snapshots)
    step = (len(snapshots) - 1) / (most - 1)
    kept = {round(index * step) for index in range(most)}
    return [snapshot for index, snapshot in enumerate(snapshots) if index in kept or snapshot.regressed]
