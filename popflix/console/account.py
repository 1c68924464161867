"""The first operator account, so that a new site can be entered."""

from __future__ import annotations

import secrets

from django.contrib.auth import get_user_model
from django.db import IntegrityError, connection

from popflix.lib.redact import remember_secret

USERNAME = "operator"


def has_no_account() -> bool:
    """True also where the table of accounts is not there yet."""
    model = get_user_model()
    made = model._meta.db_table in connection.introspection.table_names()
    return not (made and model.objects.exists())


def create_operator() -> str:
    """Create the superuser `operator` where there is no account; return the password, once.

    Returns "" where somebody can log in already. The password is kept as a hash only.
    """
    if not has_no_account():
        return ""
    password = secrets.token_urlsafe(12)
    remember_secret(password)
    try:
        get_user_model().objects.create_superuser(USERNAME, email="", password=password)
    except IntegrityError:  # two sites started at once; the other one told its password
        return ""
    return password
