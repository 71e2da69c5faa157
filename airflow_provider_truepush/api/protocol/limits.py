"""The bounds of every request and answer, for both clients.

Nothing that a server, a proxy or a broken network does may make a task hang, or take more memory than this.
"""

from __future__ import annotations

#: Seconds that a whole request may take, as a multiple of the connection's ``timeout``. The timeout itself bounds
#: connecting, and each silence; this bounds a server or proxy that sends a byte now and then.
TOTAL_TIMEOUTS = 3
#: Bytes of an answer's body, before and after it is decompressed. A page of a list takes some 100 bytes a row.
MAX_BODY_BYTES = 4 * 1024 * 1024
#: Bytes of a body that the event loop reads itself. A larger one is read in a thread, and not kept for comparison.
LARGE_BODY_BYTES = 100 * 1024
#: Bytes of an answer's status line and headers, and of a proxy's answer to CONNECT.
MAX_HEAD_BYTES = 64 * 1024
#: Content encodings that an answer may name one after another. None is asked for.
MAX_ENCODINGS = 2
#: Members that a body compressed with gzip may have. Each one costs a copy of all that follow it.
MAX_MEMBERS = 64
#: Levels of nested lists and objects that are kept of an answer. Deeper values are replaced by a text.
MAX_DEPTH = 32
#: Lists and objects in an answer. Each takes up to a hundred bytes of memory and as few as two on the wire.
MAX_CONTAINERS = 500_000
#: Digits of a number that is read as a number. A longer one is kept as text.
MAX_DIGITS = 400
#: The largest whole number that databases and files hold. A larger unknown counter is kept as text.
MAX_COUNTER = 2**63 - 1
#: Rows of a page that are named in the log because they cannot be read. The others are counted.
MAX_REPORTED_ROWS = 5
#: Characters of a text kept of an unknown counter, or of a list's row.
MAX_TEXT = 10_000
#: Characters of a server's own words in an error.
MAX_QUOTED = 200
