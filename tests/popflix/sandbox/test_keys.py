"""Who is let in: TMDB's rules for tokens and keys."""

from __future__ import annotations

import pytest

from popflix.sandbox.keys import Keys
from tests.popflix.sandbox.desks import ask, make_desk

V3_KEY = "0123456789abcdef0123456789abcdef"
TOKEN = "eyJhbGciOiJIUzI1NiJ9.invented.token"
BOTH = Keys(api_key=V3_KEY, read_token=TOKEN)


@pytest.mark.parametrize(
    ("keys", "authorization", "api_key"),
    [
        (Keys(), f"Bearer {TOKEN}", ""),
        (Keys(), "bearer any-word", ""),
        (Keys(), "", "any-word"),
        (BOTH, f"Bearer {TOKEN}", ""),
        (BOTH, "", V3_KEY),
        (BOTH, "Bearer wrong", V3_KEY),
        (Keys(api_key=V3_KEY), "", V3_KEY),
        (Keys(read_token=TOKEN), f"Bearer {TOKEN}", ""),
    ],
)
def test_a_right_key_in_its_place_is_admitted(
    keys: Keys, authorization: str, api_key: str
) -> None:
    assert keys.admit(authorization, api_key)


@pytest.mark.parametrize(
    ("keys", "authorization", "api_key"),
    [
        (Keys(), "", ""),
        (Keys(), f"Bearer {V3_KEY}", ""),
        (Keys(), "Bearer ", ""),
        (Keys(), f"Basic {TOKEN}", ""),
        (BOTH, f"Bearer {V3_KEY}", ""),
        (BOTH, f"Bearer {TOKEN}x", ""),
        (BOTH, "", TOKEN),
        (BOTH, "", V3_KEY.upper()),
        (Keys(api_key=V3_KEY), f"Bearer {TOKEN}", ""),
        (Keys(read_token=TOKEN), "", V3_KEY),
    ],
)
def test_a_wrong_missing_or_misplaced_key_is_refused(
    keys: Keys, authorization: str, api_key: str
) -> None:
    assert not keys.admit(authorization, api_key)


def test_a_refusal_is_401_with_code_7() -> None:
    got = ask(make_desk(), "/3/configuration", headers={})
    assert (got.status, got.body["status_code"], got.body["success"]) == (401, 7, False)


def test_the_key_in_the_query_opens_the_door() -> None:
    desk = make_desk(keys=BOTH)
    assert ask(desk, "/3/configuration", headers={}, api_key=V3_KEY).status == 200
    assert ask(desk, "/3/configuration", headers={}, api_key="other").status == 401


def test_authentication_says_whether_the_key_is_taken() -> None:
    desk = make_desk(keys=BOTH)
    taken = ask(desk, "/3/authentication", headers={}, api_key=V3_KEY)
    assert taken.status == 200
    assert taken.body == {"success": True, "status_code": 1, "status_message": "Success."}
    refused = ask(desk, "/3/authentication", headers={}, api_key="other")
    assert (refused.status, refused.body["status_code"]) == (401, 7)


def test_keys_do_not_show_in_a_repr() -> None:
    assert V3_KEY not in repr(BOTH)
    assert TOKEN not in repr(BOTH)
