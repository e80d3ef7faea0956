"""A router's configuration: read, checked, changed for this machine, written.

`load` reads the classic format and YAML into `model`; `validate` refuses what the reader does not
know; `generated` is what ECS writes for FireLens; `overrides` moves what must lie elsewhere here;
`render` writes the result.
"""
