"""The site's settings with the units of the cluster's tests: DJANGO_SETTINGS_MODULE names it."""

from popflix.settings import *  # noqa: F403
from popflix.settings import INSTALLED_APPS as OF_THE_SITE
from popflix.settings import LOGGING as QUIET

INSTALLED_APPS = [*OF_THE_SITE, "tests.popflix.engine.cluster_units.ClusterUnits"]
# The tests wait for django-q2's own words, which the site does not print.
LOGGING = {**QUIET, "loggers": {**QUIET["loggers"], "django-q": {"level": "INFO"}}}
