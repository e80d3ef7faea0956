"""The password that the AWS CLI's `codecommit credential-helper` makes for git.

The name is the access key, with `%` and the session's token after it. The password is a time and a
signature of version 4. It signs a request with the method GIT, without query and body
(`awscli/customizations/codecommit.py` of the AWS CLI). CodeCommit accepts it for 15 minutes.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from datetime import UTC, datetime

from bonkei.base.aws_service import Caller
from bonkei.services.endpoint.errors import ApiError
from bonkei.services.endpoint.identity.signature import Secrets, signing_key

_SECONDS = 900.0
_PASSWORD = re.compile(r"(\d{8}T\d{6})Z([0-9a-f]{64})")


def verify(
    name: str, password: str, place: tuple[str, str], region: str, secrets: Secrets, *, now: float
) -> Caller:
    """The signer. `place`: the host without its port, and the path. Raises ApiError."""
    found = _PASSWORD.fullmatch(password)
    if found is None:
        raise _refused("the password was not made by a credential helper for CodeCommit")
    time, signature = found.groups()
    at = datetime.strptime(time, "%Y%m%dT%H%M%S").replace(tzinfo=UTC).timestamp()
    if abs(now - at) > _SECONDS:
        raise _refused("the password has expired")
    access_key, _, token = name.partition("%")
    secret, caller = secrets(access_key, token)
    host, path = place
    canonical = f"GIT\n{path}\n\nhost:{host}\n\nhost\n"
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    date = time[:8]
    scope = f"{date}/{region}/codecommit/aws4_request"
    text = f"AWS4-HMAC-SHA256\n{time}\n{scope}\n{digest}"
    key = signing_key(secret, date, region, "codecommit")
    expected = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
    if not hmac.compare_digest(expected, signature):
        raise _refused("the password's signature does not match")
    return caller


def _refused(why: str) -> ApiError:
    return ApiError("IncompleteSignature", why, 403)
