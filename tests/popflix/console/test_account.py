"""The first account: made once, its password told once and kept as a hash only."""

from __future__ import annotations

import pytest
from django.contrib.auth import authenticate, get_user_model

from popflix.console.account import create_operator, has_no_account
from popflix.lib.redact import redact


@pytest.mark.django_db
def test_the_first_account_is_a_superuser_with_the_password_that_was_told() -> None:
    password = create_operator()
    account = authenticate(username="operator", password=password)
    assert account is not None
    assert account.is_superuser
    assert len(password) >= 16


@pytest.mark.django_db
def test_there_is_no_second_account() -> None:
    create_operator()
    assert create_operator() == ""
    assert get_user_model().objects.count() == 1
    assert not has_no_account()


@pytest.mark.django_db
def test_an_account_of_the_operators_own_is_enough() -> None:
    get_user_model().objects.create_user("anna", password="her own one")
    assert create_operator() == ""
    assert get_user_model().objects.get().username == "anna"


@pytest.mark.django_db
def test_the_password_is_a_secret_to_every_log() -> None:
    password = create_operator()
    assert password not in redact(f"someone logs {password}")
    assert password not in get_user_model().objects.get().password
