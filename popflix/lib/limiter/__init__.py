"""One rate per upstream, kept by every thread, process and host together."""

from popflix.lib.limiter.build import build_limiter
from popflix.lib.limiter.paced import PacedLimiter
from popflix.lib.limiter.types import Limiter, Parked, RateState, Reservation

__all__ = ["Limiter", "PacedLimiter", "Parked", "RateState", "Reservation", "build_limiter"]
