"""An engine of stacks with doubles, and templates for it."""

from __future__ import annotations

from itertools import count

from bonkei.definitions.cloudformation.stacks.engine import Stacks
from bonkei.definitions.cloudformation.stacks.store import Store
from bonkei.definitions.cloudformation.stacks.values import Stack, StackEvent
from tests.bonkei.definitions.cloudformation.stacks import STACK, MemoryStore, World, planned

TWO = """
Resources:
  A: { Type: AWS::S3::Bucket, Properties: { BucketName: aaa } }
  B: { Type: AWS::S3::Bucket, DependsOn: A, Properties: { BucketName: bbb } }
"""
RETAINED = """
Resources:
  A: { Type: AWS::S3::Bucket, DeletionPolicy: %s, Properties: { BucketName: aaa } }
  B: { Type: AWS::S3::Bucket, DependsOn: A, Properties: { BucketName: bbb } }
"""
OTHER = TWO.replace("BucketName: bbb", "BucketName: ccc")


class Engine:
    """An engine with doubles."""

    def __init__(self, store: Store | None = None) -> None:
        self.world = World()
        self.reports: list[str] = []
        self.heard: list[tuple[Stack, StackEvent]] = []
        ticks = count(1000)
        self.stacks = Stacks(
            store or MemoryStore(),
            self.world,
            lambda stack, event: self.heard.append((stack, event)),
            lambda: float(next(ticks)),
            self.reports.append,
        )

    async def create(self, text: str = TWO, stack: Stack = STACK) -> Stack:
        return await self.do(stack, "CREATE_IN_PROGRESS", text)

    async def update(self, text: str) -> Stack:
        return await self.do(self.stack, "UPDATE_IN_PROGRESS", text)

    async def delete(self) -> Stack:
        return await self.do(self.stack, "DELETE_IN_PROGRESS")

    async def do(self, stack: Stack, status: str, text: str = "") -> Stack:
        await self.stacks.operate(stack, status, planned(text, stack) if text else None)
        await self.stacks.idle()
        return self.stack

    @property
    def stack(self) -> Stack:
        return next(one for one in self.stacks.everywhere() if one.id == STACK.id)

    def events(self) -> list[str]:
        return [f"{each.logical_id} {each.status}" for each in self.stack.events]


def there(stack: Stack) -> list[str]:
    return [each.physical_id for each in stack.existing]
