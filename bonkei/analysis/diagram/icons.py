"""A small picture for each kind of node: our own strokes in a square of 24 by 24."""

from __future__ import annotations

from bonkei.analysis.diagram.model import Kind

# Which of the palette's colours a kind has.
COLOURS: dict[Kind, str] = {
    "alarm": "red",
    "approval": "green",
    "bucket": "green",
    "build": "blue",
    "cdn": "violet",
    "container": "orange",
    "database": "blue",
    "endpoint": "violet",
    "event": "pink",
    "firewall": "red",
    "function": "orange",
    "internet": "grey",
    "key": "red",
    "load_balancer": "violet",
    "logs": "pink",
    "message": "grey",
    "metric": "pink",
    "nat": "violet",
    "people": "grey",
    "pipeline": "blue",
    "registry": "orange",
    "router": "green",
    "secret": "red",
    "service": "orange",
    "source": "grey",
    "topic": "pink",
}

_CYLINDER = "M5 6c0-1.7 3.1-3 7-3s7 1.3 7 3-3.1 3-7 3-7-1.3-7-3zM5 6v12c0 1.7 3.1 3 7 3s7-1.3 7-3V6"
_GLOBE = "M3 12a9 9 0 1 0 18 0 9 9 0 1 0-18 0zM3 12h18M12 3c5 5 5 13 0 18M12 3c-5 5-5 13 0 18"
_BOX = "M12 3l8 4.5v9L12 21l-8-4.5v-9zM12 12l8-4.5M12 12v9M12 12L4 7.5"

PATHS: dict[Kind, str] = {
    "alarm": "M12 3a6 6 0 0 1 6 6c0 6 2 7 2 8H4c0-1 2-2 2-8a6 6 0 0 1 6-6zM10 20.5c.8.7 3.2.7 4 0",
    "approval": "M3 12a9 9 0 1 0 18 0 9 9 0 1 0-18 0zM8 12l3 3 5-6",
    "bucket": "M4 6h16l-2 13c-.1 1-12 1-12 0zM4 6c0-2 16-2 16 0M7 11h10",
    "build": "M14 6l4-3 3 3-3 4M14 6l4 4M14 6L4 16c-1.5 1.5 2 5.5 4 4l10-10",
    "cdn": _GLOBE,
    "container": _BOX,
    "database": f"{_CYLINDER}M5 12c0 1.7 3.1 3 7 3s7-1.3 7-3",
    "endpoint": "M9 3v5M15 3v5M6 8h12v3a6 6 0 0 1-12 0zM12 17v4",
    "event": "M13 3L5 14h6l-1 7 8-11h-6z",
    "firewall": "M12 3l8 3v5c0 5-3.5 8.5-8 10-4.5-1.5-8-5-8-10V6zM8.5 12l2.5 2.5 4.5-5",
    "function": "M6 4h3l8 16h3M11.5 9L6 20",
    "internet": _GLOBE,
    "key": "M4 9a4.5 4.5 0 1 0 9 0 4.5 4.5 0 1 0-9 0zM12 12l8 8M17 17l2.5-2.5",
    "load_balancer": "M3 12h6M9 12l4-7h4M9 12h8M9 12l4 7h4M17 3v4M17 10v4M17 17v4",
    "logs": "M5 3h10l4 4v14H5zM15 3v4h4M8 12h8M8 16h8M8 8h3",
    "message": "M4 5h16v11H11l-4 4v-4H4zM8 9h8M8 12h5",
    "metric": "M4 4v16h16M7 15l4-5 3 3 5-7",
    "nat": "M4 8h12M13 4l4 4-4 4M20 16H8M11 12l-4 4 4 4",
    "people": ("M8.5 8a3.5 3.5 0 1 0 7 0 3.5 3.5 0 1 0-7 0zM5 20c0-8 14-8 14 0z"),
    "pipeline": "M3 9h5v6H3zM10 9h5v6h-5zM17 9h4v6h-4zM8 12h2M15 12h2",
    "registry": f"{_BOX}M8 5.25l8 4.5",
    "router": "M4 6h16M6 6l6 7v6l2 1v-7l6-7",
    "secret": "M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3M12 14.5v2.5",
    "service": "M12 3l7.8 4.5v9L12 21l-7.8-4.5v-9zM12 8.5l3.5 2v4L12 16.5l-3.5-2v-4z",
    "source": (
        "M5 6a2 2 0 1 0 4 0 2 2 0 1 0-4 0zM5 18a2 2 0 1 0 4 0 2 2 0 1 0-4 0z"
        "M15 9a2 2 0 1 0 4 0 2 2 0 1 0-4 0zM7 8v8M17 11c0 4-8 1-10 5"
    ),
    "topic": "M4 10v4h3l8 5V5L7 10zM18 9c1.5 1.5 1.5 4.5 0 6M8 14l1 6",
}
