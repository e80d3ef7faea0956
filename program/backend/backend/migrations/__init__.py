"""The schema's history, oldest first in `versions/`; `python -m backend migrate` applies it.

During a roll-out, and after a rollback, the version before runs on the new schema. So a migration
must keep the schema usable for it: add first (nullable, or with a default), use it in the next
release, remove it only in the one after. A test fails for each drop or rename that it does not list
with a reason.
"""
