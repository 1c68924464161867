"""Telling people outside: on a first failure, on recovery, on a held change; once per cause.

    runs end ──about_end──▶ outbox (a row per channel) ──unit send-notifications──▶ mail, webhook

What is to be told is stored in the transaction of what happened, and sent later by a unit.
"""

from popflix.engine.notifications.outbox import SEND_UNIT, about_end, announce

__all__ = ["SEND_UNIT", "about_end", "announce"]
