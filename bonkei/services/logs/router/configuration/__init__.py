"""Reads a router's configuration, checks it, adapts it to this machine, and writes it.

`load` reads the classic format and YAML into `model`; `validate` refuses directives that the reader
does not know; `generated` is the part that ECS writes for FireLens; `overrides` replaces paths and
ports that differ here; `render` writes the result for Fluent Bit, `stored` for our own router.
"""
