"""List every message that the package can show: ``python tools/messages.py docs/_generated/fragments/messages.md``.

The messages of errors, logs, warnings, prints and help texts are read from the source. A value is shown by its name in
angle brackets. Reviewers read this page to check the wording; users search it for the words of their log.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PACKAGE = "airflow_provider_truepush"
_LEVELS = {"debug", "info", "warning", "error", "exception", "critical", "log"}
_LOGGERS = {"log", "_log", "logger"}
_SHOWN = {"refuse", "print", "say", "warn", "exit"}
_PARAMETERS = {"help", "label", "description", "epilog"}
#: Rooms and modules whose other texts are pages, SQL or descriptions of controls.
_WITHOUT_PARTS = ("emulator", "report", "export.sql", "export.columns", "plugins")
_FEWEST_WORDS = 4
_NO_MESSAGE = re.compile(
    r"</|/>|\b(?:SELECT|INSERT|UPDATE|CREATE|DELETE|MERGE|FROM|WHERE|LOCK|ALTER|DROP|LIKE)\b|\\b|^\|"
)
_PLACEHOLDER = re.compile(r"%[-#0 +]*\d*(?:\.\d+)?[sdrfgxi%]")


@dataclass(frozen=True, slots=True)
class Message:
    """One message.

    :param module: dotted name of the module, without the package.
    :param line: its line.
    :param kind: the error's class, the log level, ``help`` or ``text``; ``part``: longer messages contain it.
    :param text: the message; values in angle brackets.
    """

    module: str
    line: int
    kind: str
    text: str


def _name(node: ast.expr) -> str:
    """Return a short name for a value in a message."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    words = re.findall(r"[A-Za-z_]\w*", ast.unparse(node))
    words = [
        word for word in words if word not in {"self", "str", "repr", "len", "join", "format", "if", "else", "for"}
    ]
    return (words[-1] if words else "value").strip("_").replace("_", " ")


def text_of(node: ast.expr | None) -> str:
    """Return the text of a string expression; an empty string for anything else."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        parts = []
        for part in node.values:
            if isinstance(part, ast.FormattedValue):
                inner = text_of(part.value)
                parts.append(inner or f"<{_name(part.value)}>")
            else:
                parts.append(text_of(part))
        return "".join(parts)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        sides = [text_of(side) or f"<{_name(side)}>" for side in (node.left, node.right)]
        return "".join(sides) if any(text_of(side) for side in (node.left, node.right)) else ""
    if isinstance(node, ast.IfExp):
        return text_of(node.body) or text_of(node.orelse)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "format":
        return text_of(node.func.value)
    return ""


def _logged(call: ast.Call) -> str:
    """Return a log line with the names of its arguments."""
    first = 1 if isinstance(call.func, ast.Attribute) and call.func.attr == "log" else 0
    template = text_of(call.args[first]) if len(call.args) > first else ""
    values = iter(call.args[first + 1 :])

    def fill(match: re.Match[str]) -> str:
        if match.group() == "%%":
            return "%"
        value = next(values, None)
        return f"<{_name(value)}>" if value is not None else match.group()

    return _PLACEHOLDER.sub(fill, template)


def _is_log(call: ast.Call) -> bool:
    return isinstance(call.func, ast.Attribute) and call.func.attr in _LEVELS


def _of_call(call: ast.Call) -> Iterator[tuple[str, str]]:
    function = call.func
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    if isinstance(function, ast.Attribute) and name in _LEVELS:
        owner = function.value
        owner_name = owner.attr if isinstance(owner, ast.Attribute) else getattr(owner, "id", "")
        if owner_name in _LOGGERS:
            yield ("log" if name == "log" else name), _logged(call)
            return
    if name.endswith(("Error", "Exception")) and call.args:
        yield name, text_of(call.args[0])
    if name in _SHOWN:
        for argument in call.args:
            yield ("TruepushValidationError" if name == "refuse" else "text"), text_of(argument)
    for keyword in call.keywords:
        if keyword.arg in _PARAMETERS:
            yield "help", text_of(keyword.value)


def _parts(node: ast.AST, shown: set[str]) -> Iterator[tuple[int, str]]:
    """Yield the line and text of every other string below a node. Longer messages are put together from them.

    :param node: the module, or a part of it.
    :param shown: texts that are messages themselves.
    """
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant):
            continue  # a docstring
        text = " ".join(text_of(child).split()) if isinstance(child, ast.expr) else ""
        if not text or isinstance(child, ast.IfExp):  # both branches of a condition are shown
            yield from _parts(child, shown)
        elif len(text.split()) >= _FEWEST_WORDS and text not in shown and not _NO_MESSAGE.search(text):
            yield child.lineno, text  # type: ignore[attr-defined]


def messages(root: Path) -> list[Message]:
    """Return the package's messages in the order of modules and lines.

    :param root: the checkout.
    """
    found = []
    for path in sorted((root / PACKAGE).rglob("*.py")):
        module = ".".join(path.relative_to(root / PACKAGE).with_suffix("").parts).removesuffix(".__init__")
        tree = ast.parse(path.read_text(encoding="utf-8"))
        calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
        here = []
        for call in sorted(calls, key=lambda node: (node.lineno, node.col_offset)):
            for kind, text in _of_call(call):
                if " " in text.strip():
                    here.append(Message(module, call.lineno, kind, " ".join(text.split())))
        if not module.startswith(_WITHOUT_PARTS):
            # The template of a log line is a string, too: it is compared without its values.
            shown = {message.text for message in here}
            shown |= {" ".join(text_of(argument).split()) for call in calls for argument in call.args if _is_log(call)}
            here += [Message(module, line, "part", text) for line, text in _parts(tree, shown)]
        found += sorted(here, key=lambda message: message.line)
    return found


def page(found: list[Message]) -> str:
    """Return the messages as Markdown, a section per module."""
    lines: list[str] = []
    module = None
    for message in found:
        if message.module != module:
            module = message.module
            lines += ["", f"### `{module}`", ""]
        shown = message.text.replace("<", "&lt;").replace(">", "&gt;").replace("`", "'")
        shown = re.sub(r"([*\[\]])", r"\\\1", shown)
        lines.append(f"- {message.kind}: {shown}")
    return "\n".join([*lines, ""]).lstrip("\n")


def main() -> None:
    """Write the page to the path on the command line."""
    target = Path(sys.argv[1])
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(page(messages(Path(__file__).parents[1])), encoding="utf-8")


if __name__ == "__main__":
    main()
