"""Records are read by many threads at once, the first ones in the same instant."""

from __future__ import annotations

import json
import subprocess
import sys

from tests.sync.movies.invented import movie

# In a process of its own: what it is about happens once per process, and may end it.
_PROGRAM = """
import sys, threading
from sync.tmdb import payloads
from sync.tmdb.full import FullMovie
sys.setswitchinterval(1e-6)
body, together = sys.stdin.buffer.read(), threading.Barrier(8)
def read():
    together.wait()
    payloads.parse(FullMovie, body)
threads = [threading.Thread(target=read) for _ in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
"""


def test_the_first_records_may_come_in_several_threads_at_once() -> None:
    body = json.dumps(movie()).encode()
    for _ in range(2):
        assert subprocess.run([sys.executable, "-c", _PROGRAM], input=body).returncode == 0
