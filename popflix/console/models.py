"""What the console keeps: the permissions that its rule gave out, and failed logins."""

from __future__ import annotations

from django.db import models


class Granted(models.Model):
    """A permission that the rule has given to one of its groups, once; see `groups.py`.

    What an operator takes away afterwards stays away: it still stands here.
    """

    group = models.ForeignKey("auth.Group", models.CASCADE, related_name="+")
    permission = models.ForeignKey("auth.Permission", models.CASCADE, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["group", "permission"], name="granted_once")
        ]

    def __str__(self) -> str:
        return f"{self.group}: {self.permission}"


class LoginFailures(models.Model):
    """How often logging in failed lately, by account and address, or by address; no names.

    `key` is a keyed hash: what was typed as a name may have been a password.
    """

    key = models.CharField(max_length=64, primary_key=True)
    count = models.PositiveIntegerField(default=0)
    last_at = models.DateTimeField()
    until_at = models.DateTimeField(null=True)  # who tries before is refused unasked

    class Meta:
        indexes = [models.Index(fields=["last_at"], name="login_failures_at")]  # forgetting

    def __str__(self) -> str:
        return f"{self.key[:8]}: {self.count}"
