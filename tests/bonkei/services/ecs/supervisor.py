"""A supervisor to kill: it runs one service, prints its processes, and waits.

python supervisor.py ROOT HOME DIRECTORY
"""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path

sys.path.insert(0, sys.argv[1])

from bonkei.base.events import Bus
from bonkei.base.vault import MemoryVault
from bonkei.blueprint import Blueprint
from bonkei.blueprint.ecs import Container, PortMapping, Service, TaskDefinition
from bonkei.services.ecs import Tasks, TaskSettings

ARN = "arn:aws:ecs:eu-west-1:123456789012:task-definition/web:1"


async def main() -> None:
    container = Container("web", "web:1", port_mappings=(PortMapping(8000),))
    definition = TaskDefinition("t", ARN, "web", 1, 256, 512, (container,))
    service = Service("s", "service", "web", "cluster", ARN, 2)
    settings = TaskSettings(Path(sys.argv[2]), {"web": Path(sys.argv[3])})
    tasks = Tasks(Bus(), MemoryVault(), settings)
    await tasks.reconcile(Blueprint(services=(service,), task_definitions=(definition,)))
    await tasks.steady()
    print("ready", flush=True)
    await asyncio.sleep(600)


signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's `&` ignores it
asyncio.run(main())
