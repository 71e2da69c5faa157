"""The effects of faults: the phases of a request in which each can strike, and its result."""

from __future__ import annotations

from airflow_provider_truepush.api.protocol.endpoints import ENDPOINTS

#: The phases of a request's life, in order.
PHASES: dict[str, str] = {
    "accept": "the connection is accepted and no byte is read; counts connections, not requests",
    "before_read": "the head of the request is read, its body is not",
    "before_commit": "the request is read, nothing is changed yet",
    "after_commit": "the change is made, nothing is answered yet",
    "mid_answer": "the change is made, and the answer is on its way",
    "after_answer": "the answer is out, and the connection is idle",
}
_ANY_REQUEST = ("before_read", "before_commit", "after_commit", "mid_answer")
_ANSWERS = ("before_read", "before_commit", "after_commit")
_CLAIMS = ("before_commit", "after_commit")

#: The effects, each with the phases in which it can strike.
EFFECTS: dict[str, tuple[str, ...]] = {
    "fin": ("accept", *_ANY_REQUEST),
    "rst": ("accept", *_ANY_REQUEST),
    "hang": ("accept", *_ANY_REQUEST),
    "delay": ("accept", *_ANY_REQUEST),
    "status": _ANSWERS,
    "outcome": _ANSWERS,
    "html": _ANSWERS,
    "garbage": _ANSWERS,
    "redirect": _ANSWERS,
    # A limiter stands before the service: what it turns away was never carried out.
    "429": ("before_read", "before_commit"),
    "truncate": ("mid_answer",),
    "cut_json": ("mid_answer",),
    "late_commit": ("before_commit",),
    "contradict": _CLAIMS,
    "bare_204": _CLAIMS,
    "drip": ("mid_answer",),
    "inflate": ("mid_answer",),
    "oversize": ("mid_answer",),
    "surplus": ("after_answer",),
    "odd_rows": ("after_commit",),
    "endless_list": ("after_commit",),
    "odd_counters": ("after_commit",),
}
#: What each effect does.
MEANINGS: dict[str, str] = {
    "fin": "closes the connection without an answer",
    "rst": "resets the connection",
    "hang": "sends nothing for `seconds` (60), then closes the connection",
    "delay": "waits `seconds` (1), then continues as usual",
    "status": "answers the HTTP `status` (503) with `body`, or with a page like nginx's",
    "outcome": "answers the outcome `code`, such as DB-ERROR, in the current dialect",
    "html": "answers an HTML page with HTTP `status` (200)",
    "garbage": "answers bytes that are not HTTP",
    "redirect": "answers a redirect, HTTP `status` (307), to `location` (the same path)",
    "429": "answers API-LIMIT-EXCEEDED, with `retry_after` if given",
    "truncate": "sends half of the answer, then closes the connection",
    "cut_json": "sends a complete answer whose JSON is cut in the middle",
    "late_commit": "gives no answer, and carries the request out `seconds` (1) later",
    "contradict": "answers the envelope with some `fields` replaced and others dropped (`drop`), under any HTTP "
    "`status`; `{id}` in a field is replaced by the id. In before_commit nothing is carried out, and the envelope "
    "claims a success; in after_commit the request is carried out",
    "bare_204": "answers HTTP 204 without a body, whatever the outcome of the request",
    "drip": "sends the true answer a byte at a time, one every `seconds` (0.5), from the head or the body (`part`)",
    "inflate": "sends the true answer compressed (`encoding`: gzip or deflate); it inflates to `megabytes` (100)",
    "oversize": "sends the true answer padded to `megabytes` (100), with its length or in chunks (`encoding`: plain or "
    "chunked)",
    "surplus": "sends the true answer, keeps the connection open and sends a second answer `seconds` (0.05) later: "
    "`body` under HTTP `status`, or the first one again",
    "odd_rows": "puts `rows` of any JSON into the middle of a page of a list; the default is one of each odd kind: no "
    "title, null, a number, an unpaired surrogate, an id that is not an ObjectId",
    "endless_list": "answers every page of a list with new rows, without end (`order`: newest, oldest, or same for the "
    "same rows on each page)",
    "odd_counters": "adds `fields` to the counters of campaignStats, and with `depth` one that is nested that "
    "deep; the default is an unknown counter, one of 10^400 and one nested 900 deep",
}
#: Every (phase, effect) of the network and of gateways that can hit a request.
FAULTS: tuple[tuple[str, str], ...] = tuple(
    (phase, effect)
    for effect in list(EFFECTS)[: list(EFFECTS).index("contradict")]
    for phase in EFFECTS[effect]
    if phase != "accept"
)
#: Every (phase, effect) of answers that no healthy service gives.
HOSTILE_FAULTS: tuple[tuple[str, str], ...] = tuple(
    (phase, effect) for effect in list(EFFECTS)[list(EFFECTS).index("contradict") :] for phase in EFFECTS[effect]
)
#: Every (phase, effect) that can hit a connection before its first request.
CONNECTION_FAULTS: tuple[tuple[str, str], ...] = tuple(
    ("accept", effect) for effect, phases in EFFECTS.items() if "accept" in phases
)
#: Where an effect strikes when nothing is said; a connection is cut where it hurts most.
DEFAULT_PHASE: dict[str, str] = {
    **dict.fromkeys(("fin", "rst", "hang", "contradict", "bare_204"), "after_commit"),
    **dict.fromkeys(("delay", "status", "outcome", "html", "garbage", "redirect", "429"), "before_commit"),
    **{effect: phases[0] for effect, phases in EFFECTS.items() if len(phases) == 1},
}
DEFAULT_SECONDS = {"hang": 60.0, "delay": 1.0, "late_commit": 1.0, "drip": 0.5, "surplus": 0.05}
#: The encodings of an effect, its default first.
ENCODINGS: dict[str, tuple[str, ...]] = {"inflate": ("gzip", "deflate"), "oversize": ("plain", "chunked")}
#: The endpoints of the effects that not every endpoint can have.
ENDPOINTS_OF: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(
        ("odd_rows", "endless_list"), tuple(endpoint.name for endpoint in ENDPOINTS if endpoint.action == "list")
    ),
    "odd_counters": ("campaignStats",),
}
