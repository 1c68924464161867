"""A process that enqueues what it reads: one JSON line {unit, params, trigger} per run.

Many commands in one process: each start of `manage.py` costs a second of a core.
"""

from __future__ import annotations

import json
import sys

import django

django.setup()

from popflix.engine.starting import enqueue  # noqa: E402 - after the set-up


def main() -> None:
    for line in sys.stdin:
        order = json.loads(line)
        run = enqueue(order["unit"], order["params"], trigger=order["trigger"])
        sys.stdout.write(f"{json.dumps({'run': run.pk})}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
