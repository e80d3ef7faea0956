"""How the tests start, however they were started."""

import signal


def pytest_configure() -> None:
    """Ctrl-C means something to the tests and to all that they start.

    A shell without job control starts what runs in its background with SIGINT ignored, which every
    process under it would inherit.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
