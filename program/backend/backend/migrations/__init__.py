"""The schema's history, oldest first in `versions/`; `python -m backend migrate` applies it.

A migration must leave the schema usable for the version of the program that is still running while
the new one is rolled out, and that may be rolled back to: add first (nullable, or with a default),
use it in the next release, remove only in the one after. A test stops what drops or renames, unless
it is listed there with its reason.
"""
