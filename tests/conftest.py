"""The start of the tests, whichever way they were started."""

import signal


def pytest_configure() -> None:
    """Make Ctrl-C work for the tests and for their children.

    A shell without job control starts background commands with SIGINT ignored, and every process
    below inherits that.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
