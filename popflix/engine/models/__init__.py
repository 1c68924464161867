"""The engine's tables, one module per noun."""

from popflix.engine.models.files import RunFile
from popflix.engine.models.hosts import Supervisor
from popflix.engine.models.notifications import Notification
from popflix.engine.models.pauses import Pause
from popflix.engine.models.records import RunLog, RunSample
from popflix.engine.models.runs import Event, Run, RunStatus
from popflix.engine.models.schedules import Schedule
from popflix.engine.models.work import Lane, WorkRow

__all__ = [
    "Event",
    "Lane",
    "Notification",
    "Pause",
    "Run",
    "RunFile",
    "RunLog",
    "RunSample",
    "RunStatus",
    "Schedule",
    "Supervisor",
    "WorkRow",
]
