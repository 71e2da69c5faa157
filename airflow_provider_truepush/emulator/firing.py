"""Triggers fire when the clock is looked at: everything that is due by then, in the order of time."""

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
    """The firings to come.

    :param world: where the triggers live.
    :param zone: of the projects.
    """

    def __init__(self, world: World, zone: ZoneInfo) -> None:
        self._world = world
        self._zone = zone
        self._due: list[tuple[float, int, str]] = []
        self.plan_all()

    def plan_all(self) -> None:
        """Look at every trigger anew."""
        self._due.clear()
        for trigger in self._world.all(Trigger):
            self.plan(trigger)

    def next(self, trigger: Trigger) -> float | None:
        """When a trigger fires next; None for never."""
        if trigger.status != "active" or (trigger.type == "once" and trigger.fired):
            return None
        return next_fire(trigger.type, trigger.timings, self._zone, trigger.since)

    def plan(self, trigger: Trigger) -> None:
        """Have the next firing of a trigger come up; those planned before that no longer hold are passed over."""
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
                    logger.warning("more than %d firings at once: those of %s are skipped", MOST_AT_ONCE, trigger.name)
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
            logger.warning("trigger %s fires nothing: its template is deleted", trigger.name)
            return
        if trigger.segment is not None and self._world.get(Segment, trigger.segment, trigger.project) is None:
            # To everyone instead would be the worst of all guesses.
            logger.warning("trigger %s fires nothing: its segment is deleted", trigger.name)
            return
        # Unknown names in a template were let through; here they could pass for a campaign's own.
        body = {name: template.payload[name] for name in _CONTENT if name in template.payload}
        if trigger.segment is not None:
            body["segment"] = trigger.segment
        made = new_campaign(self._world, self._world.project(trigger.project), body, moment)
        made = replace(made, source="trigger", trigger=trigger.id)
        self._world.put(made)
        logger.info("trigger %s fired campaign %s", trigger.name, made.id)
