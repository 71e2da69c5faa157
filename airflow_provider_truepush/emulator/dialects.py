"""The forms of one outcome on the wire."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import Any, Literal

from airflow_provider_truepush.api.protocol import codes
from airflow_provider_truepush.emulator.errors import TruepushEmulatorError, check_choice, check_keys
from airflow_provider_truepush.emulator.listing import ORDERS
from airflow_provider_truepush.emulator.outcomes import BY_NAME, Outcome, as_json

_JSON = {"Content-Type": "application/json; charset=utf-8"}
#: Rows per page at most.
LARGEST_PAGE = 500
# The reference spells the key with a capital in the success of these.
_CAPITAL = frozenset({"createCampaign", "cancelCampaign", "createTemplate"})


@dataclass(frozen=True, slots=True)
class Answer:
    """A complete HTTP answer.

    :param status: HTTP status.
    :param body: the body's bytes.
    :param headers: without the length.
    """

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Dialect:
    """The form of the emulator's answers; the defaults are those of Express and nginx.

    :param http_status: ``outcome`` (the default): the HTTP status is that of the outcome; ``always200``: it is 200.
    :param negative: ``empty``: a "204" row is a bare HTTP 204; ``body``: HTTP 200 with the JSON of the row.
    :param data_key: ``data``, ``Data``, or ``reference``: as each example of the reference has it.
    :param bad_request_http: HTTP status of bad data, 400 or 401.
    :param bad_request_number: ``status_code`` in the body of bad data, 400 or 401.
    :param bad_request_message: ``telling``: names the field and the fault; ``reference``: the bare message.
    :param id_style: ``inline``; ``broken``: a line break and blanks before the id; ``none``: no id at all;
        ``reference``: as each example has it.
    :param number_style: ``number``; ``word``: a success has the string SUCCESS as its ``status_code``;
        ``reference``: as each example has it.
    :param page_size: rows per page of a list, from 1 to 500; 25 by default.
    :param order: the order of lists: ``inserted`` (the default), ``oldest``, ``newest``, ``title`` or ``shuffled``.
    """

    http_status: Literal["outcome", "always200"] = "outcome"
    negative: Literal["empty", "body"] = "empty"
    data_key: Literal["data", "Data", "reference"] = "data"
    bad_request_http: Literal[400, 401] = 400
    bad_request_number: Literal[400, 401] = 400
    bad_request_message: Literal["telling", "reference"] = "telling"
    id_style: Literal["inline", "broken", "none", "reference"] = "inline"
    number_style: Literal["number", "word", "reference"] = "number"
    page_size: int = 25
    order: Literal["inserted", "oldest", "newest", "title", "shuffled"] = "inserted"

    def __post_init__(self) -> None:
        for name, allowed in ALLOWED.items():
            check_choice(f"dialect: {name}", getattr(self, name), allowed)
        size: Any = self.page_size  # settings come from command lines and JSON as well
        if isinstance(size, bool) or not isinstance(size, int) or not 1 <= size <= LARGEST_PAGE:
            raise TruepushEmulatorError(
                f"dialect: page_size is {self.page_size!r}. It must be a whole number from 1 to {LARGEST_PAGE}."
            )

    def as_dict(self) -> dict[str, Any]:
        """Return its settings."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def render(self, outcome: Outcome) -> Answer:
        """Return the answer for an outcome."""
        status = self._http(outcome)
        if status == 204:
            return Answer(204)
        body = {
            "status_code": self._number(outcome),
            "status": codes.STATUS_SUCCESS if outcome.number == 200 else codes.STATUS_ERROR,
            "message": self._message(outcome),
            self._key(outcome): outcome.code if outcome.payload is None else outcome.payload,
        }
        return Answer(status, as_json(body), _JSON)

    def _http(self, outcome: Outcome) -> int:
        if self.http_status == "always200":
            return 200
        if outcome.number == 204:
            return 204 if self.negative == "empty" else 200
        return self.bad_request_http if outcome.code == codes.BAD_REQUEST else outcome.number

    def _number(self, outcome: Outcome) -> int | str:
        if outcome.code == codes.BAD_REQUEST:
            return self.bad_request_number
        word = self.number_style == "word" or (self.number_style == "reference" and outcome.endpoint == "listTemplate")
        return codes.STATUS_SUCCESS if word and outcome.number == 200 else outcome.number

    def _key(self, outcome: Outcome) -> str:
        if self.data_key != "reference":
            return self.data_key
        return "Data" if outcome.number == 200 and outcome.endpoint in _CAPITAL else "data"

    def _message(self, outcome: Outcome) -> str:
        if outcome.detail is not None and self.bad_request_message == "telling":
            return f"{outcome.message}: {outcome.detail}"
        if outcome.created is None or self.id_style == "none":
            return outcome.message
        broken = self.id_style == "broken" or (
            self.id_style == "reference" and BY_NAME[outcome.endpoint].resource == "trigger"
        )
        return f"{outcome.message} with{chr(10) + '    ' if broken else ' '}id:{outcome.created}"


#: The values of each setting that has only a few.
ALLOWED: dict[str, tuple[Any, ...]] = {
    "http_status": ("outcome", "always200"),
    "negative": ("empty", "body"),
    "data_key": ("data", "Data", "reference"),
    "bad_request_http": (400, 401),
    "bad_request_number": (400, 401),
    "bad_request_message": ("telling", "reference"),
    "id_style": ("inline", "broken", "none", "reference"),
    "number_style": ("number", "word", "reference"),
    "order": tuple(ORDERS),
}

#: Dialects by name.
DIALECTS: dict[str, Dialect] = {
    "express": Dialect(),
    # Word for word the examples of the reference, but for HTTP 204, which cannot carry the body they show.
    "reference": Dialect(
        negative="body",
        data_key="reference",
        bad_request_http=401,
        bad_request_message="reference",
        id_style="reference",
        number_style="reference",
    ),
    "always200": Dialect(http_status="always200", negative="body"),
    "odd": Dialect(
        data_key="Data", bad_request_http=401, bad_request_number=401, id_style="broken", number_style="word"
    ),
    "mute": Dialect(id_style="none", negative="body", bad_request_message="reference"),
}


def choose(current: Dialect, dialect: str | Dialect | None, overrides: dict[str, Any]) -> Dialect:
    """Return a dialect by name, with some settings changed.

    :param current: the current one; its page size and order stay unless they are overridden.
    :param dialect: a name, a dialect, or None to change the current one.
    :param overrides: settings by name.
    """
    if isinstance(dialect, str):
        check_choice("dialect", dialect, DIALECTS)
        dialect = replace(DIALECTS[dialect], page_size=current.page_size, order=current.order)
    check_keys("dialect", overrides, (field.name for field in fields(Dialect)))
    return replace(dialect or current, **overrides)
