"""A signal handler that sends a request, on top of a request of the same thread: as ``on_kill`` cancels a campaign."""

from __future__ import annotations

import subprocess
import sys

HAMMER = """
import signal, time
from airflow_provider_truepush.api.connection.settings import read_settings
from airflow_provider_truepush.client.shared_rate import rate_limiter_for

settings = read_settings(host="truepush.example", scheme=None, port=None, token="t0ken-of-a-test", extra={})
rate_limiter = rate_limiter_for(settings)
handled = 0

def on_kill(number, frame):
    global handled
    handled += 1
    rate_limiter.reserve(urgent=True)
    signal.setitimer(signal.ITIMER_REAL, 0.0003)

signal.signal(signal.SIGALRM, on_kill)
signal.setitimer(signal.ITIMER_REAL, 0.0003)
end = time.monotonic() + 2
while time.monotonic() < end:
    rate_limiter.reserve()
signal.signal(signal.SIGALRM, signal.SIG_IGN)  # one may be under way
print("handled", handled)
"""


def test_a_signal_handler_never_waits_for_a_lock_of_its_own_thread() -> None:
    done = subprocess.run([sys.executable, "-c", HAMMER], capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout.split()[-1]) > 100


OPENING = """
import signal, time
from airflow_provider_truepush.api.connection.settings import read_settings
from airflow_provider_truepush.client.shared_rate import rate_limiter_for

extra = {"requests_per_second": 1000000}
settings = read_settings(host="truepush.example", scheme=None, port=None, token="t0ken-of-a-test", extra=extra)
limiters = [rate_limiter_for(settings) for _ in range(200)]
handled = 0

def on_kill(number, frame):
    global handled
    handled += 1
    opened = rate_limiter_for(settings)
    opened.reserve(urgent=True)
    if handled % 2:
        limiters.append(opened)
        limiters.pop(1)  # and one is forgotten, unclosed
    else:
        opened.leave()
    signal.setitimer(signal.ITIMER_REAL, 0.0003)

signal.signal(signal.SIGALRM, on_kill)
signal.setitimer(signal.ITIMER_REAL, 0.0003)
end = time.monotonic() + 2
while time.monotonic() < end:
    limiters[0].reserve()
signal.signal(signal.SIGALRM, signal.SIG_IGN)  # one may be under way
print("handled", handled)
"""


def test_a_signal_handler_may_open_and_close_clients_while_rates_are_compared() -> None:
    done = subprocess.run([sys.executable, "-c", OPENING], capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout.split()[-1]) > 100
