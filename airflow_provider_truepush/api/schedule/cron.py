"""Cron expressions, converted to schedules of Truepush."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NoReturn

from airflow_provider_truepush.api.checks.values import refuse
from airflow_provider_truepush.api.errors import TruepushValidationError
from airflow_provider_truepush.api.schedule.schedules import Daily, Monthly, Weekly, Yearly

_PRESETS = {
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_DAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]
_COLUMN = re.compile(r"\S+", re.ASCII)  # croniter splits alike: a no-break space does not separate two columns
_ITEM = re.compile(r"(?P<low>\*|\d{1,2}|[a-z]{3})(?:-(?P<high>\d{1,2}|[a-z]{3}))?(?:/(?P<step>\d{1,4}))?", re.ASCII)
_SPECIAL = {
    "?": "'?' is not standard cron; write * for no restriction",
    "#": "'#', the n-th weekday of a month, has no counterpart in Truepush",
    "w": "'W', the nearest working day, has no counterpart in Truepush",
    "l": "'L', the last day, has no counterpart in Truepush",
    "h": "'H', a hashed value, has no counterpart in Truepush",
    "r": "'R', a random value, has no counterpart in Truepush",
}


@dataclass(frozen=True, slots=True)
class _Field:
    """A column of the expression."""

    name: str
    low: int
    high: int
    names: tuple[str, ...] = ()

    @property
    def all(self) -> frozenset[int]:
        return frozenset(range(self.low, self.high + 1))


_FIELDS = (
    _Field("minute", 0, 59),
    _Field("hour", 0, 23),
    _Field("day-of-month", 1, 31),
    _Field("month", 1, 12, tuple(_MONTHS)),
    _Field("day-of-week", 0, 6, tuple(_DAYS)),
)
_DAY, _MONTH, _WEEKDAY = _FIELDS[2:]


def schedule_from_cron(expression: str) -> Daily | Weekly | Monthly | Yearly:
    """Return the Truepush schedule that sends at the same minutes as a cron expression of five fields.

    Names (``MON``, ``JAN``), lists, ranges, steps and presets such as ``@daily`` are read as Airflow reads them, in
    any case of letters. The times are those of the project's wall clock.

    :param expression: such as ``30 9 * * 1-5``.
    :raises TruepushValidationError: the text is not a valid cron expression, or Truepush cannot express it: more than
        one time a day, days of the month together with days of the week, or days of the week in some months only.
    """
    return read_cron("cron", expression)


def read_cron(field: str, expression: object) -> Daily | Weekly | Monthly | Yearly:
    """Return the schedule as :func:`schedule_from_cron` does, with a field's name in errors.

    :param field: name used in errors.
    """
    if not isinstance(expression, str):
        refuse(field, expression, "must be a cron expression")
    try:
        return _Reader(field, expression).schedule()
    except TruepushValidationError as error:
        if str(error).startswith(f"{field}:"):
            raise
        raise TruepushValidationError(f"{field}: {error}") from None  # the schedule itself refuses its values


class _Reader:
    def __init__(self, field: str, expression: str) -> None:
        self._field = field
        self._expression = expression
        written = expression.strip().lower()
        if written.startswith("@") and written not in _PRESETS:
            self._refuse(f"is not one of the presets {', '.join(_PRESETS)}")
        columns: list[str] = _COLUMN.findall(_PRESETS.get(written, written))
        if len(columns) in (6, 7):
            self._refuse(f"has {len(columns)} fields, but must have five: Truepush has neither seconds nor years")
        if len(columns) != len(_FIELDS):
            self._refuse(f"must have five fields ({', '.join(field.name for field in _FIELDS)}), not {len(columns)}")
        self._written = dict(zip(_FIELDS, columns, strict=True))
        self._values = {field: self._expand(field, column) for field, column in self._written.items()}

    def schedule(self) -> Daily | Weekly | Monthly | Yearly:
        minutes, hours = (self._only(field) for field in _FIELDS[:2])
        months, days, weekdays = (self._values[field] for field in (_MONTH, _DAY, _WEEKDAY))
        every_day, every_weekday = days == _DAY.all, weekdays == _WEEKDAY.all
        if every_day is not every_weekday and self._either_will_do(
            *((_DAY, _WEEKDAY) if every_day else (_WEEKDAY, _DAY))
        ):
            every_day = every_weekday = True
        if not every_day and not every_weekday:
            self._both()
        if not every_weekday:
            if months != _MONTH.all:
                self._cannot(_MONTH, "days of the week apply to all months")
            return Weekly(sorted(weekdays), hours, minutes)
        if months != _MONTH.all:
            return Yearly(sorted(months), sorted(_DAY.all if every_day else days), hours, minutes)
        return Daily(hours, minutes) if every_day else Monthly(sorted(days), hours, minutes)

    def _only(self, field: _Field) -> int:
        values = self._values[field]
        if len(values) > 1:
            self._cannot(
                field,
                f"it names {len(values)} {field.name}s, but a schedule sends once a day",
                "Create one schedule for each time",
            )
        return min(values)

    def _either_will_do(self, full: _Field, other: _Field) -> bool:
        """Return whether cron matches either field and one of them matches every day: then every day matches."""
        if self._written[full] == "*" or "*" in self._written[other]:
            return False
        if "*" in self._written[full]:
            self._both()
        return True

    def _both(self) -> NoReturn:
        what = f"day-of-month {self._written[_DAY]!r} together with day-of-week {self._written[_WEEKDAY]!r}"
        if any("*" in self._written[field] for field in (_DAY, _WEEKDAY)):
            self._refuse(f"has {what}: some cron programs require that a day matches both, others only one of them")
        self._refuse(f"has {what}: cron runs on days that match either, and Truepush cannot express that")

    def _expand(self, field: _Field, column: str) -> frozenset[int]:
        items = column.split(",")
        if "*" in items and len(items) > 1:
            self._wrong(field, "'*' cannot be combined with other values")
        return frozenset(value for item in items for value in self._item(field, item))

    def _item(self, field: _Field, item: str) -> list[int]:
        parts = _ITEM.fullmatch(item)
        if parts is None or (parts["low"] == "*" and parts["high"] is not None):
            self._unreadable(field, item)
        step = 1 if parts["step"] is None else int(parts["step"])
        if step == 0:
            self._wrong(field, "the step must not be 0")
        if parts["low"] == "*":
            return list(range(field.low, field.high + 1, step))
        first = self._value(field, parts["low"])
        low = first % 7 if field is _WEEKDAY else first
        if parts["high"] is None and parts["step"] is None:
            return [low]
        high = field.high if parts["high"] is None else self._value(field, parts["high"])
        if high in (first, low):
            self._wrong(
                field,
                f"{item!r} means one value to some cron programs and every value to others",
                "List the values that you mean",
            )
        if field is _WEEKDAY and high == 0:
            high = 7  # 7 is Sunday at the end of a week
        if low > high:  # over the end of the year, month, week
            if step > 1:
                self._wrong(
                    field,
                    f"{item!r} wraps around with a step, which cron programs read in different ways",
                    "List the values that you mean",
                )
            return [*range(low, field.high + 1), *range(field.low, high + 1)]
        values = range(low, high + 1, step)
        return [value % 7 for value in values] if field is _WEEKDAY else list(values)

    def _value(self, field: _Field, written: str) -> int:
        if written in field.names:
            return field.low + field.names.index(written)
        if not written.isdigit():
            self._unreadable(field, written)
        highest = 7 if field is _WEEKDAY else field.high  # Sunday is 0 and 7
        if not field.low <= int(written) <= highest:
            self._wrong(field, f"{written} is not a number from {field.low} to {highest}")
        return int(written)

    def _unreadable(self, field: _Field, item: str) -> NoReturn:
        for letter, why in _SPECIAL.items():
            in_a_word = letter.isalpha() and re.search("[a-z]{3}", item.replace(letter, ""))
            if letter in item and not in_a_word:
                self._wrong(field, why)
        self._wrong(field, f"{item!r} is not a value, range or step")

    def _cannot(self, field: _Field, why: str, remedy: str = "") -> NoReturn:
        self._refuse(f"Truepush cannot express its {field.name} field {self._written[field]!r}: {why}", remedy)

    def _wrong(self, field: _Field, why: str, remedy: str = "") -> NoReturn:
        self._refuse(f"its {field.name} field is not valid: {why}", remedy)

    def _refuse(self, why: str, remedy: str = "") -> NoReturn:
        refuse(self._field, self._expression, why, remedy)
