"""popflix's settings with the units that count."""

from popflix.settings import *  # noqa: F403
from popflix.settings import INSTALLED_APPS as _APPS

INSTALLED_APPS = [*_APPS, "tests.soak.counting"]
