"""Lets MiniStack's server load HTTP/1.1 alone: nobody speaks anything else with it.

HTTP/2 and WebSockets are a third of what a start loads, and MiniStack starts after each rest.
"""

import sys
from types import ModuleType

_NOT_LOADED = {
    "h2": (),
    "h2.events": ("Event",),
    "hypercorn.protocol.h2": ("H2Protocol",),
    "hypercorn.protocol.ws_stream": ("WSStream",),
}
"""Modules, each with the names that others import from it."""


def install():
    """Call it before MiniStack is imported."""
    for name, classes in _NOT_LOADED.items():
        module = ModuleType(name)
        for each in classes:
            setattr(module, each, type(each, (), {}))
        sys.modules[name] = module
