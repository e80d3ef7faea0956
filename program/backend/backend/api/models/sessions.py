"""Sessions, and one's own password."""

from __future__ import annotations

import datetime as dt

from pydantic import Field

from backend.api.fields import NewPassword, Password, Username
from backend.api.models.base import Incoming, Outgoing


class Credentials(Incoming):
    username: Username
    password: Password


class NewSession(Outgoing):
    token: str = Field(description="Send as `Authorization: Bearer …`; it is shown only here.")
    expires_at: dt.datetime
    device: str = Field(
        description="Send as `X-Device` with the next sign-in from the same browser: attempts by "
        "others then do not slow it down. It does not replace the password."
    )


class CurrentSession(Outgoing):
    username: str
    expires_at: dt.datetime


class PasswordChange(Incoming):
    current_password: Password
    new_password: NewPassword
