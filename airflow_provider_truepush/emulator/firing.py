"""Triggers fire when the clock is read: everything that is due by then, in the order of time."""

from __future__ import annotations

import logging
from dataclasses import replace
from heapq import heappop, heappush
from zoneinfo import ZoneInfo

from airflow_provider_truepush.emulator.operations import new_campaign
from airflow_provider_truepush.emulator.records import Segment, Template, Trigger
from airflow_provider_truepush.emulator.schedule import next_fire
from airflow_provider_truepush.emulator.world import World

logger = logging.getLogger(__name__)

#: More than this at once is a clock that jumped by decades: the rest is skipped.
MOST_AT_ONCE = 20_000
_CONTENT = ("title", "message", "link", "buttons", "tags", "image", "icon")


class Firing:
    """Plan and fire triggers.

    :param world: where the triggers are.
    :param zone: time zone of the projects.
    """

    def __init__(self, world: World, zone: ZoneInfo) -> None:
        self._world = world
        self._zone = zone
        self._due: list[tuple[float, int, str]] = []
        self.plan_all()

    def plan_all(self) -> None:
        """Plan every trigger again."""
        self._due.clear()
        for trigger in self._world.all(Trigger):
            self.plan(trigger)

    def next(self, trigger: Trigger) -> float | None:
        """Return when a trigger fires next; None for never."""
        if trigger.status != "active" or (trigger.type == "once" and trigger.fired):
            return None
        return next_fire(trigger.type, trigger.timings, self._zone, trigger.since)

    def plan(self, trigger: Trigger) -> None:
        """Plan the next firing of a trigger; earlier plans that no longer hold are skipped when they come up."""
        moment = self.next(trigger)
        if moment is not None:
            # Ids begin with their time: those due together fire in the order of their numbers.
            heappush(self._due, (moment, int(trigger.id[8:], 16), trigger.id))

    def run(self, now: float) -> None:
        """Fire what is due.

        :param now: seconds since the epoch.
        """
        if not self._due or self._due[0][0] > now:
            return
        fired = 0
        with self._world.saving():
            while self._due and self._due[0][0] <= now:
                moment, _, trigger_id = heappop(self._due)
                trigger = self._world.get(Trigger, trigger_id)
                if trigger is None or self.next(trigger) != moment:
                    continue
                fired += 1
                if fired > MOST_AT_ONCE:
                    logger.warning(
                        "More than %d firings at once. Those of trigger %s were skipped.",
                        MOST_AT_ONCE,
                        trigger.name,
                    )
                    trigger.since = now
                else:
                    self._fire(trigger, moment)
                self._world.put(trigger)
                self.plan(trigger)
            self._world.save_clock()

    def _fire(self, trigger: Trigger, moment: float) -> None:
        trigger.since, trigger.fired = moment, trigger.fired + 1
        template = self._world.get(Template, trigger.template, trigger.project)
        if template is None:
            logger.warning("Trigger %s sent nothing: its template was deleted.", trigger.name)
            return
        if trigger.segment is not None and self._world.get(Segment, trigger.segment, trigger.project) is None:
            # Sending to everyone instead would be the worst guess.
            logger.warning("Trigger %s sent nothing: its segment was deleted.", trigger.name)
            return
        # Unknown keys of a template were accepted; here they could be taken for keys of a campaign.
        body = {name: template.payload[name] for name in _CONTENT if name in template.payload}
        if trigger.segment is not None:
            body["segment"] = trigger.segment
        made = new_campaign(self._world, self._world.project(trigger.project), body, moment)
        made = replace(made, source="trigger", trigger=trigger.id)
        self._world.put(made)
        logger.info("Trigger %s sent campaign %s.", trigger.name, made.id)
