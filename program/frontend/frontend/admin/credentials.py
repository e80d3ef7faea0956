"""The fields for signing in."""

from __future__ import annotations

from frontend.admin.form import Field

CREDENTIALS = (
    Field("username", label="field.username", at_most=100, autocomplete="username"),
    Field(
        "password",
        "password",
        label="field.password",
        at_most=128,
        autocomplete="current-password",
    ),
)
