"""A lifecycle hook that decides when it is asked again."""

from typing import Any


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    asked = event["hookDetails"].get("asked", 0) + 1
    print(f"{event['lifecycleStage']}: asked {asked}")
    if asked == 1:
        details = {"asked": asked}
        return {"hookStatus": "IN_PROGRESS", "callBackDelay": 1, "hookDetails": details}
    return {"hookStatus": "SUCCEEDED"}
