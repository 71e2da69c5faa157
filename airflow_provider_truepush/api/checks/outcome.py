"""The second sentence of an error about a refused value: what it means for the object at hand.

The check of a value does not know what the value is for. Its caller sets the sentence around the checks: a face
(an operator, a sensor), or the function that builds the request. The outermost sentence counts, because it names what
the user cares about: the trigger of a task that creates one, and not the template that it looks up. What happens while
a task runs can make that sentence wrong, above all a send: the sentence of a caller that knows more replaces it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar

NOT_SENT = "Nothing was sent."
#: None where nobody has set a sentence. A face may set NOT_SENT, which is then the outermost one.
_outcome: ContextVar[str | None] = ContextVar("truepush_outcome", default=None)


@contextmanager
def meaning(sentence: str, *, replaces: bool = False) -> Iterator[None]:
    """Set what a refused value means, for a block or as a decorator; an outer sentence remains.

    :param sentence: such as ``Nothing was deleted.``
    :param replaces: replace an outer sentence, because it may no longer be true.
    """
    if _outcome.get() is not None and not replaces:
        yield
        return
    token = _outcome.set(sentence)
    try:
        yield
    finally:
        # What is left of a closed event loop ends in the context of whatever collects it. Nothing was set there.
        with suppress(ValueError):
            _outcome.reset(token)


def outcome() -> str:
    """Return what a refused value means here."""
    return _outcome.get() or NOT_SENT
