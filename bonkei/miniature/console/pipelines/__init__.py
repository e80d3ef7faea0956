"""Pipelines on the console.

shown    pipelines, stages, actions and runs as values
written  a build's log, and the plan in it
deeds    start, stop, retry, approve and reject, with the calls of `bonkei pipeline`
offer    topics and actions for a console
"""

from bonkei.miniature.console.pipelines.offer import offer_pipelines

__all__ = ["offer_pipelines"]
