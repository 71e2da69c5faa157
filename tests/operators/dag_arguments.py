"""Hypothesis strategies for the arguments of a send as people write them in Dag files, and what is meant by each."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from unicodedata import category
from urllib.parse import quote

from hypothesis import strategies as st

from airflow_provider_truepush.models import Button

SEGMENT = "b1" * 12
#: How a value reaches the operator: written in the Dag file, out of a template, or out of an XCom.
Form = Literal["literal", "template", "xcom"]
FORMS: tuple[Form, ...] = ("literal", "template", "xcom")


class _Word:
    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return self.name


#: The field is not in the request.
ABSENT: Any = _Word("absent")
#: Nothing may be sent.
REFUSED: Any = _Word("refused")


@dataclass(frozen=True)
class Given:
    """One argument.

    :param value: what stands in the Dag file, or comes out of the XCom.
    :param meant: what the field of the request must be, :data:`ABSENT`, or :data:`REFUSED`.
    :param form: how it comes.
    :param rendered: for templates, the value of the variable of the argument's name.
    """

    value: Any
    meant: Any
    form: Form
    rendered: Any = None


@dataclass(frozen=True)
class Arguments:
    """The arguments of a send by name; those that are left out are missing."""

    given: dict[str, Given] = field(default_factory=dict)
    native: bool = False

    @property
    def refused(self) -> bool:
        """Whether nothing may be sent."""
        return any(given.meant is REFUSED for given in self.given.values())

    def of(self, *forms: Form) -> dict[str, Any]:
        """The values of those that come in one of some forms."""
        return {name: given.value for name, given in self.given.items() if given.form in forms}

    @property
    def variables(self) -> dict[str, Any]:
        """What templates find under ``v``."""
        return {name: given.rendered for name, given in self.given.items() if given.form == "template"}


TRICKY = (
    "+48100200300", "1_000", "0x10", '"quoted"', "5 # off", "2026_11", "1e5", "1e400", "(1, 2)", "[1]", "{'a': 1}",
    "2026-11-28", "# x", "0b11", "0o17", "True", "...", "b'x'", "1j", "-5", " padded ", "100%", "a{b}c", "€ 🎉", "nan",
    "null", "none", "a\nb", "\u202ea", "yaml: - x", "\\n", "$HOME", "<b>", "'", "{", "}}", "None of it",
)  # fmt: skip
#: The opening of a template, and letters and marks that show nothing alone.
FILLERS = "{\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\ufe0e\ufe0f\uffa0"
#: Text that nothing must be sent with.
NO_TEXT = ("", " ", "None", "\tNone ", "a\0b", "cut \ud83d", "\u200b", "\u2060\ufeff")
_texts = st.sampled_from(TRICKY) | st.text(
    st.characters(exclude_categories=("Cs", "Cc"), exclude_characters=FILLERS), min_size=1, max_size=12
).filter(lambda text: text.strip() != "None" and any(category(letter)[0] not in "CZ" for letter in text))


def _out_of(name: str, value: Any, meant: Any, form: Form) -> Given:
    """Put a value into a form."""
    if form == "template":
        return Given(f"{{{{ v.{name} }}}}", meant, form, value)
    return Given(value, meant, form)


@st.composite
def text(draw: Any, name: str) -> Given:
    """Text that has to be there."""
    form: Form = draw(st.sampled_from(FORMS))
    kind = draw(st.sampled_from(("good",) * 12 + ("bad", "another type", "part")))
    if kind == "bad":
        value: Any = draw(st.sampled_from(NO_TEXT))
        return _out_of(name, value, REFUSED, form)
    if kind == "another type":
        value = draw(st.sampled_from((None, 5, 1.5, True, ["a"], {"a": 1})))
        # A template makes text of everything; what is missing is no text.
        return _out_of(name, value, str(value) if form == "template" and value is not None else REFUSED, form)
    value = draw(_texts)
    if kind == "part":
        return Given(f"<{{{{ v.{name} }}}}>", f"<{value}>", "template", value)
    return _out_of(name, value, value, form)


@st.composite
def link(draw: Any, name: str) -> Given:
    """An address."""
    form: Form = draw(st.sampled_from(FORMS))
    if draw(st.integers(0, 12)) == 0:
        return _out_of(
            name, draw(st.sampled_from(("example.com", "ftp://a.de/", "", None, "http://", 5))), REFUSED, form
        )
    value = f"https://example.com/?q={quote(draw(_texts), safe='')}"
    return _out_of(name, value, value, form)


@st.composite
def image(draw: Any, name: str) -> Given:
    """An address that may be missing."""
    form: Form = draw(st.sampled_from(FORMS))
    if draw(st.integers(0, 5)) == 0:
        return _out_of(name, None, ABSENT, form)
    value = draw(st.sampled_from(("example.com", "", 5)) | _texts.map(lambda text: f"https://a.de/{quote(text)}"))
    good = str(value).startswith("https://a.de/")
    return _out_of(name, value, value if good else REFUSED, form)


@st.composite
def tags(draw: Any, name: str) -> Given:
    """Labels: a list of texts in any form, or a template that gives a list."""
    values = draw(st.lists(_texts, max_size=3))
    form: Form = draw(st.sampled_from(FORMS))
    if draw(st.integers(0, 12)) == 0:
        return _out_of(name, draw(st.sampled_from(("news", 5, ["a", 5], ["a", ""], [None], {"a": "b"}))), REFUSED, form)
    meant: Any = values or ABSENT
    kind = draw(st.sampled_from(("list", "tuple", "set", "templates")))
    if kind == "set":
        return _out_of(name, set(values), sorted(set(values), key=repr) or ABSENT, "xcom")
    if kind == "templates" and values:
        templates = [f"{{{{ v.{name}[{i}] }}}}" for i in range(len(values))]
        return Given(templates, meant, "template", values)
    return _out_of(name, tuple(values) if kind == "tuple" else values, meant, form)


@st.composite
def buttons(draw: Any, name: str) -> Given:
    """Buttons: mappings and ``Button`` objects, with templates in them or not."""
    form: Form = draw(st.sampled_from(("literal", "xcom")))
    parts = [(draw(_texts), f"https://example.com/{i}") for i in range(draw(st.integers(0, 2)))]
    if draw(st.integers(0, 12)) == 0:
        bad = (
            [{"text": "a", "link": "https://a.de"}] * 3,
            "Go",
            [{"text": "a"}],
            [5],
            [{"text": "", "link": "https://a.de"}],
        )
        return Given(draw(st.sampled_from(bad)), REFUSED, form)
    meant = [{"text": label, "link": address} for label, address in parts] or ABSENT
    as_objects = draw(st.booleans())
    if draw(st.booleans()):
        labels = [f"{{{{ v.{name}[{i}] }}}}" for i in range(len(parts))]
        rendered, form = [label for label, _ in parts], "template"
    else:
        labels, rendered = [label for label, _ in parts], None
    values = [
        Button(label, address) if as_objects else {"text": label, "link": address}
        for label, (_, address) in zip(labels, parts, strict=True)
    ]
    return Given(values, meant, form, rendered)


@st.composite
def segment_id(draw: Any, name: str) -> Given:
    """The audience: a segment, or something that must never be taken for everyone."""
    form: Form = draw(st.sampled_from(FORMS))
    if draw(st.integers(0, 4)) == 0:
        bad = (None, "", " ", "None", "everyone", 0, False, [], {}, float("nan"), "dry-run-1", SEGMENT[:-1])
        return _out_of(name, draw(st.sampled_from(bad)), REFUSED, form)
    return _out_of(name, SEGMENT, SEGMENT, form)


@st.composite
def send_at(draw: Any, name: str) -> Given:
    """The time: one in the year 2099, or something that must never be taken for now."""
    form: Form = draw(st.sampled_from(FORMS))
    if draw(st.integers(0, 4)) == 0:
        bad = (None, "", "None", "now", "tomorrow", 0, False, [], "2000-01-01T00:00:00", float("nan"))
        return _out_of(name, draw(st.sampled_from(bad)), REFUSED, form)
    value = draw(
        st.sampled_from(("2099-03-01T09:30:00", "2099-03-01 08:30:00+00:00", datetime(2099, 3, 1, 8, 30, tzinfo=UTC)))
    )
    return _out_of(name, value, {"date": "01-03-2099", "time": "09:30"}, form)


@st.composite
def expires_in(draw: Any, name: str) -> Given:
    """The expiry, in hours."""
    form: Form = draw(st.sampled_from(FORMS))
    if draw(st.integers(0, 6)) == 0:
        value = draw(st.sampled_from((0, -1, 86400, timedelta(days=29), True, [], "soon", float("inf"))))
        return _out_of(name, value, REFUSED, form)
    value, meant = draw(st.sampled_from(((5, 5), (1.5, 1.5), (672, 672), (timedelta(hours=36), 36))))
    return _out_of(name, value, meant, form)


@st.composite
def user_interaction(draw: Any, name: str) -> Given:
    """A flag."""
    form: Form = draw(st.sampled_from(FORMS))
    value = draw(st.booleans())
    return _out_of(name, value, value, form)


FIELDS: dict[str, Any] = {
    "title": text,
    "message": text,
    "link": link,
    "segment_id": segment_id,
    "send_at": send_at,
    "expires_in": expires_in,
    "buttons": buttons,
    "tags": tags,
    "user_interaction": user_interaction,
    "image": image,
}
REQUIRED = ("title", "message", "link")


@st.composite
def arguments(draw: Any, leave_out: tuple[str, ...] = ()) -> Arguments:
    """The arguments of one send."""
    given = {}
    for name, strategy in FIELDS.items():
        if name not in leave_out and (name in REQUIRED or draw(st.integers(0, 2)) == 0):
            given[name] = draw(strategy(name))
    return Arguments(given, draw(st.booleans()))


def body_of(given: Arguments) -> dict[str, Any]:
    """The request that was meant, written down without the models."""
    names = {"expires_in": "campaignExpiryTime", "user_interaction": "userInteraction", "segment_id": "segment"}
    body = {names.get(name, name): one.meant for name, one in given.given.items() if one.meant is not ABSENT}
    if "send_at" in body:
        body |= {"scheduled": True, "timings": body.pop("send_at")}
    return body
