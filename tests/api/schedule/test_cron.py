"""Cron expressions against croniter: both fire at the same minutes, or ours says what Truepush cannot express."""

from __future__ import annotations

import calendar
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from zoneinfo import ZoneInfo

import pytest
from croniter import croniter
from hypothesis import example, given, settings, strategies as st
from packaging.version import Version

from airflow_provider_truepush.emulator.schedule import next_fire
from airflow_provider_truepush.exceptions import TruepushValidationError
from airflow_provider_truepush.models import Daily, Monthly, Weekly, Yearly, schedule_from_cron

MONTHS = [name.upper() for name in calendar.month_abbr[1:]]
DAYS = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]
ZONE = ZoneInfo("UTC")


def of_truepush(schedule: object, start: datetime, end: datetime) -> list[datetime]:
    """When the emulator, which knows nothing of our schedules, would fire."""
    kind, timings = schedule.timings(ZONE, start)  # type: ignore[attr-defined]
    found, moment = [], start.timestamp()
    while (moment := next_fire(kind, timings, ZONE, moment)) is not None and moment < end.timestamp():
        found.append(datetime.fromtimestamp(moment, UTC))
    return found


def of_cron(expression: str, start: datetime, end: datetime) -> list[datetime]:
    walk = croniter(expression, start)
    found = []
    while (moment := walk.get_next(datetime)) < end:
        found.append(moment)
    return found


@pytest.mark.parametrize(
    ("expression", "schedule"),
    [
        ("30 9 * * *", Daily(9, 30)),
        ("30 9 * * 1-5", Weekly([1, 2, 3, 4, 5], 9, 30)),
        ("0 0 * * 7", Weekly([0], 0)),
        ("0 9 * * MON,thu", Weekly([1, 4], 9)),
        ("0 9 * * FRI-MON", Weekly([5, 6, 0, 1], 9)),
        ("0 9 * * 5-7", Weekly([5, 6, 0], 9)),
        ("0 9 * * mon-sun/2", Weekly([1, 3, 5, 0], 9)),
        ("0 9 * * */2", Weekly([0, 2, 4, 6], 9)),
        ("0 9 * * 0-6", Daily(9)),
        ("0 9 1,15 * *", Monthly([1, 15], 9)),
        ("0 9 */10 * *", Monthly([1, 11, 21, 31], 9)),
        ("0 9 10/10 * *", Monthly([10, 20, 30], 9)),
        ("0 9 1 1-12 *", Monthly([1], 9)),
        ("0 9 25-5 * *", Monthly([*range(1, 6), *range(25, 32)], 9)),
        ("0 9 24 DEC *", Yearly([12], [24], 9)),
        ("0 9 1 NOV-FEB *", Yearly([11, 12, 1, 2], [1], 9)),
        ("0 9 29 2 *", Yearly([2], [29], 9)),
        ("0 9 * 6 *", Yearly([6], range(1, 32), 9)),
        ("30,30 9,9 * * *", Daily(9, 30)),
        ("30-31/5 22/2 * * *", Daily(22, 30)),
        ("05\t 09  * * *", Daily(9, 5)),
        # Both kinds of days written out: the star decides between AND and OR.
        ("0 9 1-31 * 1", Daily(9)),
        ("0 9 */2 * 0-6", Monthly(range(1, 32, 2), 9)),
        ("0 9 1-31 * */2", Weekly([0, 2, 4, 6], 9)),
        ("0 9 1-31 6 1", Yearly([6], range(1, 32), 9)),
        ("@daily", Daily(0)),
        (" @MIDNIGHT ", Daily(0)),
        ("@weekly", Weekly([0], 0)),
        ("@monthly", Monthly([1], 0)),
        ("@yearly", Yearly([1], [1], 0)),
        ("@annually", Yearly([1], [1], 0)),
    ],
)
def test_the_equal_schedule(expression: str, schedule: object) -> None:
    assert schedule_from_cron(expression) == schedule
    if "/10" in expression and Version(version("croniter")) < Version("6.2"):
        return  # it leaves out the first of March
    start = datetime(2027, 1, 1, tzinfo=UTC)
    end = start + timedelta(days=366 * 2)  # the second year is a leap year
    assert of_truepush(schedule, start, end) == of_cron(expression.strip(), start, end)


@pytest.mark.parametrize(
    ("expression", "part"),
    [
        ("* * * * *", "its minute field '*': it names 60 minutes"),
        ("*/15 9 * * *", "its minute field '*/15': it names 4 minutes"),
        ("0 9,17 * * *", "its hour field '9,17': it names 2 hours"),
        ("0 * * * *", "its hour field '*': it names 24 hours"),
        ("@hourly", "its hour field"),
        ("0 9 1 * 1", "day-of-month '1' together with day-of-week '1'"),
        ("0 9 */2 * 1", "day-of-month '*/2' together with day-of-week '1'"),
        ("0 9 1 * */2", "day-of-month '1' together with day-of-week '*/2'"),
        ("0 9 */1 * 1", "day-of-month '*/1' together with day-of-week '1'"),
        ("0 9 1 * */1", "day-of-month '1' together with day-of-week '*/1'"),
        ("0 9 * 6 1", "its month field '6'"),
        ("0 9 30 2 *", "do not exist in February"),
        ("0 9 31 4,6 *", "do not exist in April, June"),
        ("0 9 ? * *", "day-of-month field is not valid: '?'"),
        ("0 9 * * ?", "day-of-week field is not valid: '?'"),
        ("0 9 L * *", "day-of-month field is not valid: 'L'"),
        ("0 9 L-3 * *", "'L', the last day"),
        ("0 9 * * 5L", "day-of-week field is not valid: 'L'"),
        ("0 9 15W * *", "'W', the nearest working day"),
        ("0 9 LW * *", "'W', the nearest working day"),
        ("0 9 * * 1#2", "'#', the n-th weekday"),
        ("0 9 * * mon#2", "'#', the n-th weekday"),
        ("H 9 * * *", "'H', a hashed value"),
        ("0 R(8-10) * * *", "'R', a random value"),
        ("0 0 9 * * *", "6 fields, but must have five: Truepush has neither seconds nor years"),
        ("0 0 9 * * * 2027", "7 fields"),
        ("0 9 * *", "not 4"),
        ("", "not 0"),
        ("@reboot", "is not one of the presets"),
        ("@once", "is not one of the presets"),
        ("60 9 * * *", "its minute field is not valid: 60 is not a number from 0 to 59"),
        ("0 24 * * *", "its hour field is not valid: 24"),
        ("0 9 0 * *", "its day-of-month field is not valid: 0"),
        ("0 9 32 * *", "its day-of-month field is not valid: 32"),
        ("0 9 1 13 *", "its month field is not valid: 13"),
        ("0 9 1 0 *", "its month field is not valid: 0"),
        ("0 9 * * 8", "its day-of-week field is not valid: 8"),
        ("0 9 * * Monday", "'monday' is not a value, range or step"),
        ("0 9 * MON *", "its month field is not valid: 'mon'"),
        ("0 9 * * JAN", "its day-of-week field is not valid: 'jan'"),
        ("0 9 * * 1-1", "its day-of-week field is not valid: '1-1' means one value to some cron programs"),
        ("0 9 * * SUN-0", "'sun-0' means one value to some cron programs"),
        ("0 9 * * 7-7", "'7-7' means one value to some cron programs"),
        ("0 9 * * 7-0", "'7-0' means one value to some cron programs"),
        ("59/5 9 * * *", "'59/5' means one value to some cron programs"),
        ("0 9 1 DEC/3 *", "'dec/3' means one value to some cron programs"),
        ("0 9 1 NOV-FEB/2 *", "wraps around with a step"),
        ("0 9 * * */0", "the step must not be 0"),
        ("0 9 * * *,1", "'*' cannot be combined"),
        ("0 9 * * *-5", "'*-5' is not a value"),
        ("0 9 1,,2 * *", "'' is not a value"),
        ("0 9 -1 * *", "'-1' is not a value"),
        ("٣ 9 * * *", "'٣' is not a value"),
        ("0\u00a09 * * * *", "is not a value"),
        ("0 9 1.5 * *", "'1.5' is not a value"),
    ],
)
def test_what_truepush_cannot_express(expression: str, part: str) -> None:
    with pytest.raises(TruepushValidationError) as caught:
        schedule_from_cron(expression)
    assert str(caught.value).startswith("cron: ")
    assert part in str(caught.value)


@pytest.mark.parametrize("given_value", [None, 5, b"0 9 * * *", ["0 9 * * *"]])
def test_only_text(given_value: object) -> None:
    with pytest.raises(TruepushValidationError, match="cron: must be a cron expression"):
        schedule_from_cron(given_value)  # type: ignore[arg-type]


def numbers(low: int, high: int) -> st.SearchStrategy[str]:
    return st.integers(low, high).map(str)


def column(value: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    step = st.integers(1, 20).map(lambda n: f"/{n}")
    item = st.one_of(
        value,
        st.tuples(value, value).map("-".join),
        st.tuples(st.tuples(value, value).map("-".join), step).map("".join),
        st.tuples(value, step).map("".join),
        step.map(lambda s: f"*{s}"),
    )
    return st.one_of(st.just("*"), st.lists(item, min_size=1, max_size=3).map(",".join))


def mixed(*choices: str) -> st.SearchStrategy[str]:
    return st.sampled_from([form for name in choices for form in (name, name.lower())])


expressions = st.builds(
    " ".join,
    st.tuples(
        numbers(0, 59),
        st.one_of(numbers(0, 23), numbers(20, 23).map(lambda n: f"{n}/5")),
        st.one_of(st.just("*"), column(numbers(1, 31))),
        st.one_of(st.just("*"), column(st.one_of(numbers(1, 12), mixed(*MONTHS)))),
        st.one_of(st.just("*"), column(st.one_of(numbers(0, 7), mixed(*DAYS)))),
    ),
)


@settings(max_examples=50, deadline=None)
@given(expressions, st.integers(2026, 2029))
@example("0 9 * * 1-7/3", 2028)
@example("0 9 * * 2-7/5", 2028)
@example("0 9 */1 * 1-7", 2028)
@example("0 0 */1 * 0", 2026)
@example("0 9 31 * *", 2028)
def test_over_a_year_both_fire_at_the_same_minutes(expression: str, year: int) -> None:
    try:
        schedule = schedule_from_cron(expression)
    except TruepushValidationError as error:
        reasons = ("Truepush cannot express", "together with", "one value to some", "wraps around", "do not exist")
        assert any(reason in str(error) for reason in reasons)  # noqa: PT017
        return
    start = datetime(year, 1, 1, tzinfo=UTC) - timedelta(minutes=1)
    end = datetime(year + 1, 1, 1, tzinfo=UTC)
    assert of_truepush(schedule, start, end) == of_cron(expression, start, end)


@settings(max_examples=150)
@given(st.text(alphabet="0123456789*/-,@?LW#HR MONJAdaily.", max_size=20))
def test_whatever_is_typed_gives_a_schedule_or_the_error(typed: str) -> None:
    try:
        schedule = schedule_from_cron(typed)
    except TruepushValidationError as error:
        assert str(error).startswith("cron: ")  # noqa: PT017 (either outcome is right)
    else:
        croniter.expand(typed.strip())
        assert isinstance(schedule, Daily | Weekly | Monthly | Yearly)
