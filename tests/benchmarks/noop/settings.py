"""popflix's settings with the unit that does nothing."""

from popflix.settings import *  # noqa: F403
from popflix.settings import INSTALLED_APPS as _APPS

INSTALLED_APPS = [*_APPS, "tests.benchmarks.noop"]
