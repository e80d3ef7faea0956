"""The running router: chunks on disk, deliveries with retries, the end within the grace period.

`chunks` holds events until every output has them; `delivery` is one output's queue; `engine` joins
inputs, pipeline and outputs, and `making` makes its parts.
"""
