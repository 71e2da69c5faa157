"""The due_queue, against a list that is sorted each time."""

from __future__ import annotations

import math
from dataclasses import dataclass

from hypothesis import given, strategies as st

from airflow_provider_truepush.waiting.polling.due_queue import TICK, DueQueue
from airflow_provider_truepush.waiting.polling.pool_size import AdaptiveConcurrency
from tests.api.support import quick


@dataclass(eq=False)
class Entry:
    number: int
    generation: int = 0


acts = st.lists(
    st.one_of(
        st.tuples(st.just("put"), st.integers(0, 20), st.floats(0, 50), st.sampled_from([0.05, 1.0, 60.0])),
        st.tuples(st.just("drop"), st.integers(0, 20)),
        st.tuples(st.just("pop"), st.floats(0, 50)),
    ),
    max_size=300,
)


@quick
@given(acts)
def test_what_is_due_comes_out_once_the_oldest_first(steps: list[tuple]) -> None:
    due_queue: DueQueue[Entry] = DueQueue()
    spokes = [Entry(number) for number in range(21)]
    due: dict[int, tuple[float, int]] = {}
    for order, step in enumerate(steps):
        if step[0] == "put":
            _, number, at, interval = step
            moment = at if interval < 1 else math.ceil(at / TICK) * TICK
            assert due_queue.put(spokes[number], at, interval) == moment
            assert 0 <= moment - at <= TICK
            due[number] = (moment, order)
        elif step[0] == "drop":
            due_queue.drop(spokes[step[1]])
            due.pop(step[1], None)
        else:
            expected = sorted((moment, number) for number, moment in due.items() if moment[0] <= step[1])
            assert [entry.number for entry in due_queue.pop(step[1])] == [number for _, number in expected]
            for _, number in expected:
                del due[number]
        assert len(due_queue) == len(due)
        assert due_queue.next() == min((moment for moment, _ in due.values()), default=None)


def test_what_was_dropped_is_not_kept() -> None:
    due_queue: DueQueue[Entry] = DueQueue()
    for number in range(1000):
        entry = Entry(number)
        due_queue.put(entry, 3600.0, 60.0)
        due_queue.drop(entry)
    assert len(due_queue._heap) < 200


def test_the_pool_is_as_large_as_answers_are_slow() -> None:
    def size(rate: int, latency: float) -> int:
        pool = AdaptiveConcurrency()
        for tick in range(200):
            pool.demand(tick * 0.25, rate // 4)
            for _ in range(10):
                pool.took(latency)
        return pool.size

    assert size(1000, 0.002) == 16
    assert 60 <= size(1000, 0.06) <= 80
    assert size(5000, 5.0) == 120
    assert size(0, 60.0) == 16
