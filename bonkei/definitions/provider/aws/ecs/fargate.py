"""The task sizes that Fargate has.

"Task CPU and memory", https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html#fargate-tasks-size
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_GIB = 1024

SIZES: dict[int, tuple[int, ...]] = {
    256: (512, 1024, 2048),
    512: tuple(range(1 * _GIB, 4 * _GIB + 1, _GIB)),
    1024: tuple(range(2 * _GIB, 8 * _GIB + 1, _GIB)),
    2048: tuple(range(4 * _GIB, 16 * _GIB + 1, _GIB)),
    4096: tuple(range(8 * _GIB, 30 * _GIB + 1, _GIB)),
    8192: tuple(range(16 * _GIB, 60 * _GIB + 1, 4 * _GIB)),
    16384: tuple(range(32 * _GIB, 120 * _GIB + 1, 8 * _GIB)),
}
"""CPU units (1024 for a vCPU) -> the possible memory in MiB."""


def cpu_units(text: str) -> int | None:
    """`256`, `.25 vCPU`, `1 vcpu`; None for anything else."""
    if text.isdigit():
        return int(text)
    match = re.fullmatch(r"(\d*\.?\d+)\s*vcpu", text.strip(), re.IGNORECASE)
    return int(float(match[1]) * 1024) if match else None


def memory_mib(text: str) -> int | None:
    """`512`, `0.5GB`, `2 GB`; None for anything else."""
    if text.isdigit():
        return int(text)
    match = re.fullmatch(r"(\d*\.?\d+)\s*gb", text.strip(), re.IGNORECASE)
    return int(float(match[1]) * 1024) if match else None


def wrong_size(cpu: int, memory: int) -> str | None:
    """The problem of a pair, with the possible memory for the CPU; None without a problem."""
    memories = SIZES.get(cpu)
    if memories is None:
        return f"Fargate has no tasks of {cpu} CPU units, only of {_listed(SIZES)}."
    if memory not in memories:
        return f"With {cpu} CPU units a Fargate task has {_listed(memories)} MiB, not {memory}."
    return None


def _listed(numbers: Iterable[int]) -> str:
    return ", ".join(str(number) for number in sorted(numbers))
