"""The permits of all processes of a cluster, counted by a script in Redis."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import Any

from airflow_provider_truepush.api.connection.redaction import redactor
from airflow_provider_truepush.api.connection.settings import Settings
from airflow_provider_truepush.client import rate_limit
from airflow_provider_truepush.client.cluster_rate import (
    CLUSTER_USED,
    Answer,
    Command,
    Cooldown,
    Lease,
    Return,
    Ticket,
)

#: Seconds before its turn in which a lease is granted. Its holder sleeps until then and need not ask again, so that a
#: process that wakes late delays nobody.
_AHEAD = 0.1
#: Seconds after which the state of a project that no process uses is forgotten.
_FORGET = 60

# One hash per project. Times are seconds of Redis's clock:
#   tail    the first moment that no ticket was issued for
#   shift   seconds by which urgent requests and cooldowns have shifted the queue in all; a ticket is due later by what
#           was added since it was issued
#   last    when the last permit is used that was granted
#   hold    the end of the cooldown
#   limit, usual, grown, deaf   the slower rate after a cooldown, as in client/rate_limit.py
#   began, count, rate          requests per second of the last second
#   back    when the processes return that did not reach Redis for a while
#   seen    the last use; a clock that goes back takes the queue with it
_SCRIPT = """
local time = redis.call('TIME')
local now = tonumber(time[1]) + tonumber(time[2]) / 1e6
local names = {'tail', 'shift', 'last', 'hold', 'limit', 'usual', 'grown', 'deaf', 'began', 'count', 'rate',
               'back', 'seen'}
local found = redis.call('HMGET', KEYS[1], unpack(names))
local s = {}
for i, name in ipairs(names) do s[name] = tonumber(found[i] or 0) end
if s.seen > now then
  for _, name in ipairs({'tail', 'shift', 'last', 'hold', 'grown', 'deaf', 'began', 'back'}) do
    s[name] = s[name] + now - s.seen
  end
end
s.seen = now

local function freeze(till)
  local from = math.max(now, s.hold)
  if till > from then
    if s.tail > from then
      s.shift = s.shift + till - from
      s.tail = s.tail + till - from
    end
    s.hold = till
  end
end

local function keep(...)
  local values = {}
  for _, name in ipairs(names) do
    values[#values + 1] = name
    values[#values + 1] = string.format('%.6f', s[name])
  end
  redis.call('HSET', KEYS[1], unpack(values))
  local last = math.max(now, s.tail, s.hold, s.grown, s.last)
  redis.call('EXPIRE', KEYS[1], math.ceil(last - now + FORGET))
  return {...}
end

local function text(number) return string.format('%.6f', number) end

if ARGV[1] == 'return' then
  if s.back <= now then
    s.back = now + tonumber(ARGV[2])
    freeze(s.back)
  end
  return keep(text(s.back - now))
end

if ARGV[1] == 'cooldown' then
  local till = now + tonumber(ARGV[2])
  local grown = math.max(till, now + tonumber(ARGV[3]))
  freeze(till)
  if now < s.deaf then
    s.grown = math.max(s.grown, grown)
  else
    local passed = now - s.began
    local recent = s.count / passed
    if passed <= 5 then recent = math.max(s.rate, s.count / math.max(passed, 1)) end
    s.deaf = till + 1
    s.usual = math.max(recent, FLOOR)
    s.limit = math.max(s.usual / 2, FLOOR)
    s.grown = grown
  end
  return keep(text(s.hold - now))
end

local gap, permits = 1 / (USED * tonumber(ARGV[2])), tonumber(ARGV[3])
local urgent, due, shift = ARGV[4] == '1', tonumber(ARGV[5]), tonumber(ARGV[6])
if s.usual > 0 then
  s.limit = s.limit + math.max(0, now - s.grown) * RECOVERY * s.usual
  s.grown = math.max(now, s.grown)
  if s.limit >= 2 * s.usual then s.usual = 0 else gap = math.max(gap, 1 / s.limit) end
end
local limited = s.usual > 0 and 1 or 0

local function grant(at, n)
  s.last = at + (n - 1) * gap
  s.count = s.count + n
  if now - s.began >= 1 then
    s.rate = now - s.began < 5 and s.count / (now - s.began) or 0
    s.began, s.count = now, 0
  end
  return keep(text(math.max(0, at - now)), '', '', limited)
end

if urgent then
  local at = math.max(now, s.last + gap)
  if at + gap > s.hold then
    if s.tail > at then
      s.shift = s.shift + gap
      s.tail = s.tail + gap
    else
      s.tail = at + gap
    end
  end
  return grant(at, 1)
end

if due then
  due = due + s.shift - shift
else
  due = math.max(now, s.tail, s.hold)
  s.tail = due + permits * gap
end
local at = math.max(due, now, s.hold, s.last + gap)
if at <= now + AHEAD then return grant(at, permits) end
return keep(text(at - now - AHEAD / 2), text(due), text(s.shift), limited)
"""


def _script() -> str:
    constants = {
        "AHEAD": _AHEAD,
        "FORGET": _FORGET,
        "FLOOR": rate_limit.FLOOR,
        "RECOVERY": rate_limit.RECOVERY,
        "USED": CLUSTER_USED,
    }
    return "".join(f"local {name} = {value!r}\n" for name, value in constants.items()) + _SCRIPT


class RedisStore:
    """The Redis of one Airflow connection."""

    def __init__(self) -> None:
        self._given: object = None
        self._connect: Callable[[], Any] | None = None
        self._password = ""
        self._script: Callable[..., Sequence[Any]] | None = None

    def use(self, given: object, password: str | None, connect: Callable[[], Any]) -> None:
        """Use a connection as it was looked up now.

        :param given: everything that the connection says, to notice a change.
        :param password: its password, which no message shows.
        :param connect: returns a client of the package ``redis``.
        """
        if given != self._given:
            self._given, self._password, self._connect, self._script = given, password or "", connect, None

    def run(self, key: str, arguments: Sequence[Any]) -> list[str]:
        """Run the script.

        :raises Exception: Redis did not answer.
        """
        if self._script is None:
            if self._connect is None:
                raise LookupError("the connection was not looked up")
            self._script = self._connect().register_script(_script())
        return [part.decode() if isinstance(part, bytes) else str(part) for part in self._script([key], arguments)]

    def hide(self, text: str) -> str:
        """Return a text without the password."""
        return redactor(self._password)(text) if self._password else text


_stores: dict[str, RedisStore] = {}


def store_of(conn_id: str) -> RedisStore:
    """Return the store of an Airflow connection.

    :param conn_id: id of the connection.
    """
    return _stores.setdefault(conn_id, RedisStore())


class RedisLeases:
    """Send the commands of one project to Redis, blocking. For any number of threads.

    :param store: the Redis.
    :param settings: the project. The key of its hash is derived from it and shows neither host nor token.
    """

    def __init__(self, store: RedisStore, settings: Settings) -> None:
        self._store = store
        project = sha256(f"{settings.base_url}\n{settings.token}".encode()).hexdigest()
        self._key = f"truepush:rate:{project[:32]}"

    def ask(self, command: Command) -> Answer:
        """Return the answer to a command.

        :raises Exception: Redis did not answer.
        """
        reply = self._store.run(self._key, _arguments(command))
        if isinstance(command, Lease):
            seconds, due, shift, limited = reply
            return Answer(float(seconds), Ticket(due, shift) if due else None, limited == "1")
        return Answer(float(reply[0]))

    def hide(self, text: str) -> str:
        """Return a text without the secrets of the Redis connection."""
        return self._store.hide(text)


def _arguments(command: Command) -> list[Any]:
    if isinstance(command, Return):
        return ["return", command.seconds]
    if isinstance(command, Cooldown):
        return ["cooldown", command.seconds, command.eased_after]
    ticket = command.ticket
    place = [ticket.due, ticket.shift] if ticket is not None else ["", ""]
    return ["lease", command.per_second, command.permits, int(command.is_urgent), *place]
