"""HTTP.

app             the ASGI application; state: what routes use
models, fields  the contract; routes: a file for each kind of resource
requests        around every request: id, limit, access record; problems: errors (RFC 9457)
identity        the caller; sign_in, slow_lane: passwords
documents       cacheable and conditional answers
idempotency     a request that is sent twice takes effect once
"""

import sys

# FastAPI asks of each type whether it is a model of pydantic's first version. No one here has one,
# so it finds that version missing: 1.5 MiB less, and 25 ms less of a start.
sys.modules.setdefault("pydantic.v1", None)  # type: ignore[arg-type]
