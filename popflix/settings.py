"""Every setting of the project; `.env.example` explains the variables behind them."""

from __future__ import annotations

import os
from pathlib import Path

from popflix.lib.databases import cache_settings, database_settings
from popflix.lib.env import Env
from popflix.lib.logs import logging_settings
from popflix.lib.notify import mail_settings, require_channels
from popflix.lib.secret_key import secret_key, site_mark

BASE_DIR = Path(__file__).resolve().parent.parent
env = Env(Path(os.environ.get("POPFLIX_DOTENV") or BASE_DIR / ".env"))

# --- Where things live -----------------------------------------------------------------
# The folder of everything the project writes: SQLite files, logs, the generated secret key.
POPFLIX_VAR = Path(env.text("POPFLIX_VAR") or BASE_DIR / "var").resolve()
DEBUG = env.flag("DEBUG", default=False)
ALLOWED_HOSTS = list(env.words("ALLOWED_HOSTS", ("localhost", "127.0.0.1", "[::1]")))
CSRF_TRUSTED_ORIGINS = list(env.words("CSRF_TRUSTED_ORIGINS", ()))
# Behind a proxy that ends TLS, and behind how many in all.
POPFLIX_HTTPS = env.flag("POPFLIX_HTTPS", default=False)
POPFLIX_PROXIES = env.integer("POPFLIX_PROXIES", int(POPFLIX_HTTPS))

# --- Databases and caches --------------------------------------------------------------
_default = env.database(default=f"sqlite:///{POPFLIX_VAR / 'popflix.sqlite3'}")
_has_own_sqlite = Path(str(_default["NAME"])) == POPFLIX_VAR / "popflix.sqlite3"
DATABASES = {"default": database_settings(_default)}
REDIS_URL = env.text("REDIS_URL")  # limiter and cache; never the queue
CACHES = cache_settings(REDIS_URL, POPFLIX_VAR)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
SILENCED_SYSTEM_CHECKS = [
    "models.W037",  # django-q2's results have a conditional index, which MariaDB does without
    "security.W005",  # HSTS for the whole domain is not this site's to promise,
    "security.W021",  # nor to have built into browsers
]
SECRET_KEY = secret_key(env.text("SECRET_KEY"), POPFLIX_VAR, may_generate=_has_own_sqlite)

# --- TMDB ------------------------------------------------------------------------------
TMDB_READ_TOKEN = env.text("TMDB_READ_TOKEN")  # v4, sent as bearer
TMDB_API_KEY = env.text("TMDB_API_KEY")  # v3, sent in the query; the token wins
TMDB_BASE_URL = env.text("TMDB_BASE_URL", "https://api.themoviedb.org/3").rstrip("/")
TMDB_EXPORT_URL = env.text("TMDB_EXPORT_URL", "https://files.tmdb.org/p/exports").rstrip("/")
TMDB_DISCOVER_PAGES = env.integer("TMDB_DISCOVER_PAGES", 500, at_least=1)  # that TMDB serves
TMDB_IMAGE_BASE_URL = env.text("TMDB_IMAGE_BASE_URL", "https://image.tmdb.org/t/p/")
TMDB_IMAGES_SHOWN_FROM = env.text("TMDB_IMAGES_SHOWN_FROM", TMDB_IMAGE_BASE_URL)  # by the admin
TMDB_POSTER_SIZE = env.text("TMDB_POSTER_SIZE", "w500")
TMDB_BACKDROP_SIZE = env.text("TMDB_BACKDROP_SIZE", "w1280")
TMDB_RATE_PER_SECOND = env.number("TMDB_RATE_PER_SECOND", 38, at_least=0.1)
TMDB_CONCURRENCY = env.integer("TMDB_CONCURRENCY", 8, at_least=1)
TMDB_RETRIES = env.integer("TMDB_RETRIES", 3)  # further tries of one request within one claim
TMDB_CONNECT_SECONDS = env.number("TMDB_CONNECT_SECONDS", 5, at_least=0.1)
TMDB_READ_SECONDS = env.number("TMDB_READ_SECONDS", 15, at_least=0.1)

# --- OMDb: ratings of IMDb, Rotten Tomatoes and Metacritic -------------------------------
OMDB_API_KEY = env.text("OMDB_API_KEY")  # sent in the query, where OMDb wants it
OMDB_BASE_URL = env.text("OMDB_BASE_URL", "https://www.omdbapi.com").rstrip("/")
OMDB_RATE_PER_SECOND = env.number("OMDB_RATE_PER_SECOND", 5, at_least=0.1)

# --- Availability: who is asked where a movie can be watched ---------------------------------
POPFLIX_PROVIDERS = env.json_list(  # the fields of an entry: sync.availability.config
    "POPFLIX_PROVIDERS",
    default=[{"name": "tmdb", "kind": "tmdb", "regions": ["US"]}],
    may_be_path=True,
)
POPFLIX_STALE_HOURS = env.number("POPFLIX_STALE_HOURS", 24, at_least=0.1)  # between two checks

# --- Work ------------------------------------------------------------------------------
POPFLIX_MAX_ATTEMPTS = env.integer("POPFLIX_MAX_ATTEMPTS", 5, at_least=1)
POPFLIX_LEASE_SECONDS = env.integer("POPFLIX_LEASE_SECONDS", 60, at_least=5)
POPFLIX_LANGUAGES = env.words("POPFLIX_LANGUAGES", ("en",))
POPFLIX_TITLE_TYPES = env.words(
    "POPFLIX_TITLE_TYPES", ("movie", "tvMovie", "tvSeries", "tvMiniSeries")
)

# --- Shows -----------------------------------------------------------------------------
POPFLIX_FEEDS = env.json_list("POPFLIX_FEEDS")  # name, url, time_zone, times: reconcile.feed
POPFLIX_AUTO_APPLY = env.words(
    "POPFLIX_AUTO_APPLY", ("insert", "update", "move", "revive", "missing")
)
POPFLIX_MISSING_LOADS = env.integer("POPFLIX_MISSING_LOADS", 2, at_least=1)
# The folder of the archives of old shows.
POPFLIX_ARCHIVE = Path(env.text("POPFLIX_ARCHIVE") or POPFLIX_VAR / "archive").resolve()

# --- What is kept how long: days, after which `prune` removes it ----------------------------
POPFLIX_KEEP_EVENTS_DAYS = env.integer("POPFLIX_KEEP_EVENTS_DAYS", 30, at_least=1)
POPFLIX_KEEP_RUNS_DAYS = env.integer("POPFLIX_KEEP_RUNS_DAYS", 180, at_least=1)
POPFLIX_DEAD_LETTER_DAYS = env.integer("POPFLIX_DEAD_LETTER_DAYS", 180, at_least=1)

# --- Notifications ---------------------------------------------------------------------
POPFLIX_NOTIFY_EMAIL = list(env.words("POPFLIX_NOTIFY_EMAIL", ()))
POPFLIX_NOTIFY_WEBHOOK = env.text("POPFLIX_NOTIFY_WEBHOOK")
POPFLIX_NOTIFY_SECRET = env.text("POPFLIX_NOTIFY_SECRET")  # signs what the webhook gets
DEFAULT_FROM_EMAIL = env.text("DEFAULT_FROM_EMAIL", "popflix@localhost")
_email_url = env.text("EMAIL_URL")
_mail = mail_settings(_email_url)
EMAIL_HOST, EMAIL_PORT = _mail["host"], _mail["port"]
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _mail["user"], _mail["password"]
EMAIL_USE_TLS, EMAIL_USE_SSL = _mail["starttls"], _mail["tls"]
EMAIL_TIMEOUT = _mail["timeout_seconds"]
require_channels(
    addresses=POPFLIX_NOTIFY_EMAIL,
    email_url=_email_url,
    webhook=POPFLIX_NOTIFY_WEBHOOK,
    secret=POPFLIX_NOTIFY_SECRET,
)

# --- The queue (django-q2); the values are argued in docs/adr/0003-queue-is-a-hint.md ---
POPFLIX_TICK_SECONDS = env.number("POPFLIX_TICK_SECONDS", 5, at_least=0.1)
POPFLIX_WORKERS = env.integer("POPFLIX_WORKERS", 2, at_least=1)
_TIMEOUT = 120
Q_CLUSTER = {
    "name": "popflix",
    "orm": "default",
    "workers": POPFLIX_WORKERS,
    "queue_limit": POPFLIX_WORKERS,
    "bulk": 1,
    "timeout": _TIMEOUT,
    "retry": 3 * _TIMEOUT + 60,
    "ack_failures": True,
    "max_attempts": 1,
    "save_limit": 0,
    "catch_up": False,
    "poll": 0.2,  # seconds; the median run starts 0.1 s after it was enqueued
    "guard_cycle": 0.5,
    "recycle": 200,
    "max_rss": 400_000,
    "cache": "queue",
    # Two: whoever starts a crawl by hand takes one for its first 30 seconds, a click the other.
    "ALT_CLUSTERS": {"operator": {"workers": 2, "queue_limit": 2, "scheduler": False}},
}

# --- Applications ----------------------------------------------------------------------
INSTALLED_APPS = [
    "popflix.console",
    "reconcile",
    "sync",
    "popflix.engine",
    "popflix.lib",
    "django_q",
    "django_htmx",
    "popflix.console.admin_config.ConsoleAdminConfig",  # django.contrib.admin, on our own site
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
]
MIDDLEWARE = [
    "popflix.console.csp.ContentSecurityPolicy",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]
ROOT_URLCONF = "popflix.urls"
WSGI_APPLICATION = "popflix.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

# --- Pages -----------------------------------------------------------------------------
LANGUAGE_CODE = "en"
TIME_ZONE = env.time_zone("TIME_ZONE", "UTC")
USE_TZ = True
USE_I18N = False
STATIC_URL = "static/"
STATIC_ROOT = POPFLIX_VAR / "static"
WHITENOISE_USE_FINDERS = True  # no collectstatic step on a small site

# --- Headers and cookies ---------------------------------------------------------------
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
# Browsers tell cookies apart by host name, not by port: the demo's must not replace the site's.
_cookies = site_mark(str(_default["NAME"]))
SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = f"popflix_session_{_cookies}", f"popflix_csrf_{_cookies}"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = POPFLIX_HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if POPFLIX_HTTPS else None
SECURE_HSTS_SECONDS = 365 * 86_400 if POPFLIX_HTTPS else 0

# --- Logs ------------------------------------------------------------------------------
POPFLIX_LOG_JSON = env.flag("POPFLIX_LOG_JSON", default=False)
LOGGING_CONFIG = "popflix.lib.logs.configure"
LOGGING = logging_settings(
    POPFLIX_VAR / "log" / "popflix.log",
    as_json=POPFLIX_LOG_JSON,
    level=env.text("LOG_LEVEL", "INFO"),
)
