"""Telling people: what is stored when, and that it is sent once, signed, and tried again."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import json
import logging
import smtplib
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core import mail
from django.db import OperationalError
from pytest_django.fixtures import Settings

from popflix.engine import pauses, runs, starting
from popflix.engine.context import RunContext
from popflix.engine.deadletters.of_runs import RunSource
from popflix.engine.models import Notification, Run, RunStatus
from popflix.engine.notifications import SEND_UNIT, about_end, announce, outbox, sending
from popflix.engine.registry import Registry, Unit
from popflix.engine.retry import RetryPolicy
from popflix.engine.runner import execute, run_in_foreground
from popflix.lib.errors import OperatorError
from tests.popflix.engine.fakes import NOON, FakeClock, FakeStop, registered
from tests.popflix.engine.receiver import Receiver, running

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]

SECRET = "a secret of both ends"
ADDRESS = "operator@example.org"


@pytest.fixture
def receiver(settings: Settings) -> Iterator[Receiver]:
    with running() as made:
        settings.POPFLIX_NOTIFY_WEBHOOK = made.url
        settings.POPFLIX_NOTIFY_SECRET = SECRET
        yield made


@pytest.fixture
def by_mail(settings: Settings) -> None:
    settings.POPFLIX_NOTIFY_EMAIL = [ADDRESS, "second@example.org"]
    settings.DEFAULT_FROM_EMAIL = "popflix <popflix@example.org>"


Ended = Callable[..., Run]


@pytest.fixture
def ended(clock: FakeClock) -> Iterator[Ended]:
    """Runs of the unit `demo` that end as they are told."""
    with registered(lambda ctx: None, slots=9):

        def end(status: str, error: str = "", **columns: Any) -> Run:
            clock(60)
            run = runs.create_run("demo", {}, trigger="command", clock=clock, status="running")
            Run.objects.filter(pk=run.pk).update(**columns)
            run.refresh_from_db()
            runs.finish(run, status, clock=clock, error=error)
            return run

        yield end


def causes() -> list[str]:
    return list(Notification.objects.order_by("pk").values_list("cause", flat=True))


def send(clock: FakeClock) -> dict[str, Any]:
    Run.objects.filter(unit=SEND_UNIT).delete()  # what waits for a delivery
    return dict(run_in_foreground(SEND_UNIT, {}, stop=FakeStop(clock), clock=clock).result)


def tell(cause: str = "held:7", **more: Any) -> int:
    words: dict[str, Any] = {"kind": "held", "subject": "A change waits", "body": "Look at it."}
    return announce(cause=cause, payload={"change": 7}, now=NOON, **{**words, **more})


# --- what is stored -----------------------------------------------------------------------


def test_without_a_channel_nothing_is_stored_and_nothing_is_asked(
    ended: Ended, django_assert_num_queries: Any
) -> None:
    run = ended(RunStatus.ERROR, "broke")
    with django_assert_num_queries(0):
        about_end(run, NOON)
        assert tell() == 0
    assert causes() == []


@pytest.mark.usefixtures("by_mail", "receiver")
def test_the_first_failure_is_told_on_each_channel_and_the_next_ones_are_not(ended: Ended) -> None:
    first = ended(RunStatus.ERROR, "the disk is full, key api_key=abcdefgh")
    ended(RunStatus.ERROR, "the disk is full")
    ended(RunStatus.LOST, "its process is gone")
    told = Notification.objects.order_by("channel")
    assert [(row.cause, row.channel) for row in told] == [
        (f"failing:demo:{first.pk}", "email"),
        (f"failing:demo:{first.pk}", "webhook"),
    ]
    assert told[0].subject == "demo fails"
    assert "the disk is full" in told[0].body
    assert "abcdefgh" not in told[0].body + json.dumps(told[0].payload)
    assert told[0].payload["run"] == first.pk


@pytest.mark.usefixtures("by_mail")
def test_recovery_is_told_once_and_names_the_streak(ended: Ended) -> None:
    ended(RunStatus.COMPLETED)
    first = ended(RunStatus.LOST, "gone")
    ended(RunStatus.CANCELLED)
    ended(RunStatus.ERROR, "broke")
    ended(RunStatus.COMPLETED)
    ended(RunStatus.COMPLETED)
    assert causes() == [f"failing:demo:{first.pk}", f"recovered:demo:{first.pk}"]
    second = ended(RunStatus.ERROR, "broke")
    ended(RunStatus.COMPLETED)
    assert causes()[2:] == [f"failing:demo:{second.pk}", f"recovered:demo:{second.pk}"]


def test_the_recovery_from_a_streak_that_nobody_was_told_of_is_not_told(
    ended: Ended, settings: Settings
) -> None:
    ended(RunStatus.ERROR, "broke")
    settings.POPFLIX_NOTIFY_EMAIL = [ADDRESS]
    ended(RunStatus.ERROR, "broke")
    ended(RunStatus.COMPLETED)
    assert causes() == []


@pytest.mark.usefixtures("by_mail")
def test_a_slip_that_the_terminal_was_told_of_is_no_news_and_no_dead_letter(
    ended: Ended, clock: FakeClock
) -> None:
    def slip(ctx: RunContext) -> None:
        raise OperatorError("There is no file nothing.tsv.", "Name one that is there.")

    with registered(slip, "slip"):
        with pytest.raises(OperatorError):
            run_in_foreground("slip", {}, stop=FakeStop(clock), clock=clock)
        assert not RunSource().groups()
        assert causes() == []
        queued = starting.enqueue("slip", {}, trigger="schedule", clock=clock)
        execute(queued.pk, clock=clock)  # nobody saw this one, and it is the first that counts
    assert causes() == [f"failing:slip:{queued.pk}"]
    assert [group.count for group in RunSource().groups()] == [1]


@pytest.mark.usefixtures("by_mail")
def test_an_attempt_that_is_tried_again_is_not_told_but_the_last_one_is(clock: FakeClock) -> None:
    registry = Registry()
    policy = RetryPolicy(attempts=2, base_seconds=1)
    registry.register(Unit("fragile", lambda ctx: None, retry=policy))
    first = starting.enqueue("fragile", {}, trigger="admin", clock=clock, registry=registry)
    clock(10)
    fail(first, clock, registry)
    assert causes() == []
    second = Run.objects.get(retry_of=first)
    clock(10)
    fail(second, clock, registry)
    assert causes() == [f"failing:fragile:{second.pk}"]


def fail(run: Run, clock: FakeClock, registry: Registry) -> None:
    claimed = runs.claim_run(run.pk, clock=clock, registry=registry)
    assert claimed is not None
    runs.finish(claimed, RunStatus.ERROR, clock=clock, error="broke", registry=registry)


@pytest.mark.usefixtures("by_mail")
def test_children_are_silent_and_their_process_speaks(crew: Any, clock: FakeClock) -> None:
    child = Run.objects.create(unit="part", trigger="parent", queued_at=NOON, status="error",
                               finished_at=NOON, parent=Run.objects.create(
                                   unit="whole", trigger="command", queued_at=NOON, status="error",
                                   finished_at=NOON, error="part: broke"))  # fmt: skip
    about_end(child, NOON)
    assert causes() == []
    assert child.parent is not None
    about_end(child.parent, NOON)
    assert causes() == [f"failing:whole:{child.parent.pk}"]


@pytest.mark.usefixtures("by_mail")
def test_the_sender_does_not_tell_of_itself(clock: FakeClock) -> None:
    run = runs.create_run(SEND_UNIT, {}, trigger="command", clock=clock, status="running")
    runs.finish(run, RunStatus.ERROR, clock=clock, error="broke")
    assert causes() == []


@pytest.mark.usefixtures("by_mail")
def test_what_goes_wrong_in_telling_does_not_keep_a_run_from_ending(
    ended: Ended, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*args: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(outbox, "turn", broken)
    assert ended(RunStatus.ERROR, "broke").status == RunStatus.ERROR
    assert "could not be told" in caplog.text


@pytest.mark.usefixtures("by_mail")
def test_what_may_have_undone_the_transaction_is_not_swallowed(
    ended: Ended, monkeypatch: pytest.MonkeyPatch
) -> None:
    def deadlock(*args: Any) -> None:
        raise OperationalError(9999, "gone")

    monkeypatch.setattr(outbox, "turn", deadlock)
    with pytest.raises(OperationalError):
        ended(RunStatus.ERROR, "broke")


@pytest.mark.usefixtures("by_mail", "receiver")
def test_one_cause_is_told_once_per_channel() -> None:
    assert tell() == 2
    assert tell(subject="The same in other words") == 0
    assert tell("held:8") == 2
    assert Notification.objects.count() == 4


@pytest.mark.usefixtures("by_mail")
def test_a_subject_is_one_line_of_bounded_length() -> None:
    tell(subject="two\nlines " + "x" * 500)
    subject = Notification.objects.get().subject
    assert subject.startswith("two lines xxx")
    assert len(subject) == 200


@pytest.mark.usefixtures("by_mail")
def test_a_stored_row_starts_the_sender_once() -> None:
    tell("held:1")
    tell("held:2")
    run = Run.objects.get(unit=SEND_UNIT)
    assert (run.status, run.trigger) == (RunStatus.QUEUED, "notification")


@pytest.mark.usefixtures("by_mail")
def test_a_paused_sender_is_not_started(clock: FakeClock) -> None:
    pauses.pause(SEND_UNIT, by="anna", why="moving", now=NOON)
    assert tell() == 1
    assert not Run.objects.filter(unit=SEND_UNIT).exists()


# --- sending ------------------------------------------------------------------------------


@pytest.mark.usefixtures("by_mail")
def test_an_email_goes_to_all_addresses_with_an_id_that_stays(clock: FakeClock) -> None:
    tell()
    assert send(clock) == {"sent": 1, "put_off": 0, "given_up": 0}
    (sent,) = mail.outbox
    assert sent.subject == "[popflix] A change waits"
    assert sent.to == [ADDRESS, "second@example.org"]
    assert "Look at it." in sent.body
    row = Notification.objects.get()
    assert sent.extra_headers["Message-ID"].startswith(f"<{row.pk}-")
    assert (row.sent_at, row.due_at, row.lease_token) == (clock.now(), None, "")
    assert send(clock)["sent"] == 0
    assert len(mail.outbox) == 1


def test_the_webhook_gets_json_with_a_signature_that_holds(
    receiver: Receiver, clock: FakeClock
) -> None:
    tell()
    send(clock)
    (got,) = receiver.got
    row = Notification.objects.get()
    assert got.data == {
        "id": f"{row.pk}-{int(NOON.timestamp())}",
        "kind": "held",
        "cause": "held:7",
        "subject": "A change waits",
        "text": "Look at it.",
        "at": NOON.isoformat(),
        "payload": {"change": 7},
    }
    told = dict(part.split("=") for part in got.headers["X-Popflix-Signature"].split(","))
    signed = f"{told['t']}.".encode() + got.body
    expected = hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()
    assert hmac.compare_digest(told["v1"], expected)
    assert int(told["t"]) == int(clock.now().timestamp())


def test_what_is_refused_is_tried_again_later_under_the_same_id(
    receiver: Receiver, clock: FakeClock
) -> None:
    tell()
    receiver.answers = [503]
    assert send(clock) == {"sent": 0, "put_off": 1, "given_up": 0}
    row = Notification.objects.get()
    assert row.last_error == "the webhook answered 503"
    assert row.due_at is not None
    assert 30 <= (row.due_at - clock.now()).total_seconds() <= 60
    assert send(clock)["sent"] == 0  # not due yet
    clock(60)
    assert send(clock)["sent"] == 1
    assert receiver.got[0].data["id"] == receiver.got[1].data["id"]
    row.refresh_from_db()
    assert (row.last_error, row.attempts) == ("", 0)


def test_after_ten_attempts_it_is_given_up(receiver: Receiver, clock: FakeClock) -> None:
    tell()
    receiver.answers = [500] * 11
    for _ in range(sending.ATTEMPTS):
        send(clock)
        clock(3600)
    row = Notification.objects.get()
    assert (row.failure_kind, row.due_at) == ("gave_up", None)
    assert row.given_up_at is not None
    assert row.error_group == "the webhook answered 500"
    assert len(receiver.got) == sending.ATTEMPTS
    assert causes() == ["held:7"]  # nobody is told that nobody can be told


def test_redirects_are_not_followed(receiver: Receiver, clock: FakeClock) -> None:
    tell()
    receiver.answers = [302]
    send(clock)
    assert len(receiver.got) == 1
    assert Notification.objects.get().last_error.startswith("the webhook answered 302; redirects")


@pytest.mark.usefixtures("by_mail")
def test_neither_address_nor_secret_is_in_rows_logs_and_errors(
    receiver: Receiver,
    clock: FakeClock,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def refuse(self: object, fail_silently: bool = False) -> int:
        raise smtplib.SMTPRecipientsRefused({ADDRESS: (550, b"no such user")})

    monkeypatch.setattr("django.core.mail.EmailMessage.send", refuse)
    caplog.set_level(logging.DEBUG)
    tell()
    receiver.close()
    send(clock)
    rows = str(list(Notification.objects.values())) + str(list(Run.objects.values()))
    for hidden in (ADDRESS, SECRET, receiver.url, "pa55-in-the-path"):
        assert hidden not in rows
        assert hidden not in caplog.text
    assert sorted(Notification.objects.values_list("last_error", flat=True)) == [
        "the mail server refused the recipients",
        "the webhook broke the connection (Connection refused)",
    ]


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (smtplib.SMTPAuthenticationError(535, b"user anna?"), "refused the login (535)"),
        (smtplib.SMTPDataError(451, b"later"), "answered 451"),
        (ConnectionRefusedError(111, "Connection refused"), "used (Connection refused)"),
        (smtplib.SMTPServerDisconnected("bye anna"), "used (SMTPServerDisconnected)"),
        (TimeoutError(), "used (TimeoutError)"),
        (ValueError("Invalid address anna"), "used (ValueError)"),
    ],
)
@pytest.mark.usefixtures("by_mail")
def test_the_mail_servers_trouble_is_told_in_our_words(
    error: Exception, words: str, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(self: object, fail_silently: bool = False) -> int:
        raise error

    monkeypatch.setattr("django.core.mail.EmailMessage.send", fail)
    tell()
    send(clock)
    last_error = Notification.objects.get().last_error
    assert last_error.endswith(words)
    assert "anna" not in last_error


@pytest.mark.usefixtures("by_mail", "receiver")
def test_a_channel_that_is_gone_keeps_its_rows(clock: FakeClock, settings: Settings) -> None:
    tell()
    settings.POPFLIX_NOTIFY_WEBHOOK, settings.POPFLIX_NOTIFY_EMAIL = "", []
    assert send(clock)["put_off"] == 2
    assert set(Notification.objects.values_list("last_error", flat=True)) == {
        "POPFLIX_NOTIFY_WEBHOOK is not set any more",
        "POPFLIX_NOTIFY_EMAIL is not set any more",
    }


@pytest.mark.usefixtures("by_mail")
def test_the_timetable_starts_nothing_while_nothing_waits(settings: Settings) -> None:
    assert sending.why_not_ready() == "nothing waits to be sent"
    tell()
    assert sending.why_not_ready() == ""
    settings.POPFLIX_NOTIFY_EMAIL = []
    assert "no channel" in sending.why_not_ready()


@pytest.mark.usefixtures("by_mail")
def test_what_a_dead_sender_held_is_due_at_once(clock: FakeClock) -> None:
    tell()
    now = dt.datetime.now(dt.UTC)
    lease = now + dt.timedelta(seconds=100)
    Notification.objects.update(lease_token="7-1-1", due_at=lease, attempts=1)
    sending.give_back(Run(pk=7, heartbeat_at=now), "7-1-")
    row = Notification.objects.get()
    assert (row.lease_token, row.attempts) == ("", 0)
    assert row.due_at is not None
    assert row.due_at < lease
