"""`manage.py work`: the queue's clusters kept alive and replaced, and the watcher's ticks.

work       the command's one call: wait for the database, guard and tick until a signal
guarded    one cluster: started, watched, ended so that its runs can hand over, started anew
folder     where the clusters' processes leave their marks; clearing up after a dead supervisor
ticker     the thread that talks to the database: ticks, the row that beats, evidence of a wedge
presence   the row that says that somebody works on this host
waiting    until the database answers and is migrated
"""

from __future__ import annotations

from popflix.engine.supervisor.work import Worked, work

__all__ = ["Worked", "work"]
