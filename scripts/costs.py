"""The costs of an environment without traffic: quantities from Terraform's state, and unit prices.

`.venv/bin/python scripts/costs.py` evaluates the example variable files and writes the tables of
docs/costs.md and docs/costs.ja.md anew. The prices and what is assumed with them are those
of `bonkei diff`: bonkei/analysis/changes/data/costs.toml.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from bonkei.analysis.changes import costs
from bonkei.analysis.changes.costs import Price, Quantities, read_prices
from bonkei.blueprint.state import State
from bonkei.definitions.terraform.workspace import Workspace

ROOT = Path(__file__).resolve().parent.parent
PAGES = {"en": ROOT / "docs" / "costs.md", "ja": ROOT / "docs" / "costs.ja.md"}
ENVIRONMENTS = ("development", "production")

_TABLE = re.compile(r"(<!-- costs -->\n).*?(<!-- /costs -->)", re.DOTALL)
_HEAD = {
    "en": ("What", "Unit price", "quantity", "a month", "Total"),
    "ja": ("項目", "単価", "数量", "月額", "合計"),
}
_UNITS = {
    "en": {"hour": "hour", "month": "month", "GB": "GB"},
    "ja": {"hour": "時間", "month": "月", "GB": "GB"},
}

_KEYS_OF_THE_PIPELINES_STACK = 1


def quantities(state: Mapping[str, Any]) -> Quantities:
    """The quantity of each unit, by the price's name, with the key of the pipelines' stack."""
    found = costs.quantities(State.parse(state))
    return found | {"kms_key": found.get("kms_key", 0) + _KEYS_OF_THE_PIPELINES_STACK}


def table(language: str, states: Mapping[str, Mapping[str, Any]]) -> str:
    """Markdown, one row a price in use, and the totals. KeyError when a price is missing."""
    prices = read_prices()
    counted = {name: quantities(state) for name, state in states.items()}
    unknown = {name for found in counted.values() for name in found} - prices.keys()
    if unknown:
        raise KeyError(f"{costs.PRICES.name} has no price for {', '.join(sorted(unknown))}")
    return "\n".join(_rows(language, prices, counted)) + "\n"


def rewrite(page: str, made: str) -> str:
    """The page with its table replaced."""
    return _TABLE.sub(lambda found: f"{found[1]}{made}{found[2]}", page)


def _rows(
    language: str, prices: Mapping[str, Price], counted: Mapping[str, Quantities]
) -> Iterator[str]:
    what, unit_price, quantity, month, total = _HEAD[language]
    columns = [text for name in counted for text in (f"{name}: {quantity}", f"{name}: {month}")]
    yield f"| {' | '.join((what, unit_price, *columns))} |"
    yield f"|---|---:|{'---:|' * len(columns)}"
    totals = dict.fromkeys(counted, 0.0)
    for name, price in prices.items():
        if not any(name in found for found in counted.values()):
            continue
        cells = []
        for environment, found in counted.items():
            amount = found.get(name, 0)
            usd = amount * price.per_month * price.usd
            totals[environment] += usd
            cells += [f"{amount:g}", f"{usd:.2f}"] if amount else ["", ""]
        unit = f"{price.usd:g}/{_UNITS[language][price.unit]}"
        yield f"| {' | '.join((price.words[language], unit, *cells))} |"
    cells = [text for usd in totals.values() for text in ("", f"**{usd:.0f}**")]
    yield f"| **{total}** | | {' | '.join(cells)} |"


def evaluate(environment: str) -> dict[str, Any]:
    """The state of an example variable file."""
    with tempfile.TemporaryDirectory(prefix="costs-") as home:
        infrastructure = ROOT / "infrastructure"
        variables = infrastructure / "environments" / f"{environment}.tfvars"
        workspace = Workspace(infrastructure, Path(home), [variables])
        workspace.apply()
        return workspace.state()


def main() -> None:
    """Write both pages."""
    states = {name: evaluate(name) for name in ENVIRONMENTS}
    for language, page in PAGES.items():
        text = page.read_text(encoding="utf-8")
        page.write_text(rewrite(text, table(language, states)), encoding="utf-8")


if __name__ == "__main__":
    main()
