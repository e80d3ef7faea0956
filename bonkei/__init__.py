"""Bonkei: the system that Terraform describes, in miniature, on this machine.

cli          the commands
testing      the miniature as a fixture of pytest
miniature    starts the parts, joins them, and follows the definitions
services     what runs: a package for each AWS service, and none knows another
analysis     judges the definitions, and runs nothing
definitions  files become state: Terraform, its provider, CloudFormation
blueprint    the architecture as values, which all of them read
config       the user's settings
grammar      AWS's small languages, pure
base         what all of them may use

Each imports only what stands below it. docs/tour.md describes the way through all of them.
"""

__version__ = "0.1.0"
"""Of the next release: its tag is this with a `v` before it (.github/workflows/release.yml)."""
