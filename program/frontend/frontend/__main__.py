"""The status page's pages. The container runs `serve`; its health check runs `healthcheck`."""

from __future__ import annotations

import argparse
import gc
import http.client
import logging
import os
import sys
from http import HTTPStatus

from frontend.log import configure_logging


def serve() -> int:
    """Until SIGTERM: 0; 1 if it could not start."""
    # Imported here: a health check every few seconds must not load all this.
    usual = gc.get_threshold()
    # Imports leave little garbage: classes that are replaced by ones with slots. Only new objects
    # are searched for it, because collections of all take a tenth of the imports' time.
    gc.set_threshold(5_000, 1_000_000, 1_000_000)
    from frontend.server import Server  # noqa: PLC0415
    from frontend.settings import SettingsError, read_settings  # noqa: PLC0415

    gc.set_threshold(*usual)
    gc.freeze()
    try:
        settings = read_settings()
    except SettingsError as error:
        configure_logging("INFO")
        logging.getLogger("frontend").critical("Cannot start: %s", error)
        return 1
    configure_logging(settings.log_level)
    server = Server(settings)
    server.run()
    return 0 if server.started else 1


def healthcheck() -> int:
    """Whether the server in this container answers: 0 or 1."""
    connection = http.client.HTTPConnection("127.0.0.1", int(os.environ["PORT"]), timeout=2)
    try:
        connection.request("GET", "/healthcheck")
        return 0 if connection.getresponse().status == HTTPStatus.OK else 1
    except OSError:
        return 1
    finally:
        connection.close()


_COMMANDS = {"serve": serve, "healthcheck": healthcheck}


def main() -> int:
    parser = argparse.ArgumentParser(prog="frontend", description=__doc__)
    parser.add_argument("command", choices=sorted(_COMMANDS))
    return _COMMANDS[parser.parse_args().command]()


if __name__ == "__main__":
    sys.exit(main())
