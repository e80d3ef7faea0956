"""A comparison as Markdown, for a comment on a pull request, and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bonkei.analysis.changes.compare import Comparison
from bonkei.analysis.changes.costs import dated, read_prices
from bonkei.analysis.changes.finding import Finding, Risk

_SHOWN = 20
"""Findings of a risk, before the rest is folded: GitHub takes 65536 characters."""
_DETAILS = 8
_CHANGES = 100
_CENT = 0.005


def render_markdown(comparison: Comparison, ref: str) -> str:
    """Risks first. What the definitions say is in code spans: it pings no one, and is not HTML."""
    lines = [f"### What changes in the running system, compared with {code(ref)}", ""]
    lines.append(_summary(comparison))
    for risk in Risk:
        found = [each for each in comparison.findings if each.risk is risk]
        if found:
            lines += ["", f"#### {risk.value}", "", *map(_line, found[:_SHOWN])]
            lines += _folded(f"{len(found) - _SHOWN} more", list(map(_line, found[_SHOWN:])))
    lines += _costs(comparison)
    changes = comparison.plan.changes
    lines += _folded(
        f"{len(changes)} changed resources",
        [f"- {each.action} {code(each.address)}" for each in changes[:_CHANGES]],
    )
    return "\n".join(lines)


def as_dict(comparison: Comparison, ref: str) -> dict[str, Any]:
    """For JSON."""
    return {
        "ref": ref,
        "findings": [
            {
                "risk": each.risk.name.lower(),
                "address": each.address,
                "text": each.text,
                "details": list(each.details),
                "place": each.place or None,
            }
            for each in comparison.findings
        ],
        "costs": {
            "usd_a_month_before": round(comparison.before.total, 2),
            "usd_a_month": round(comparison.after.total, 2),
            "differences": {name: round(usd, 2) for name, usd in _differences(comparison)},
            "without_a_price": list(comparison.after.unpriced),
            "prices_of": dated(),
        },
        "changes": comparison.plan.as_dict()["changes"],
    }


def code(text: str) -> str:
    """A code span that the text cannot leave ("Code spans", spec.commonmark.org)."""
    shown = " ".join(text.split()).replace("`", "'")
    return f"`{shown}`"


def _summary(comparison: Comparison) -> str:
    counts = {risk: sum(each.risk is risk for each in comparison.findings) for risk in Risk}
    parts = [f"{risk.value.lower()}: {count}" for risk, count in counts.items() if count]
    if not comparison.plan.changes:
        return "Nothing changes."
    usd = comparison.after.total - comparison.before.total
    money = [f"{_signed(usd)} a month"] if abs(usd) >= _CENT else []
    return f"**{' · '.join([*(parts or ['no risk found']), *money])}**"


def _line(finding: Finding) -> str:
    shown = ", ".join(map(code, finding.details[:_DETAILS]))
    more = len(finding.details) - _DETAILS
    rest = f" and {more} more" if more > 0 else ""
    where = f" ({code(finding.place)})" if finding.place else ""
    return f"- {code(finding.address)}{where} {finding.text}{': ' * bool(shown)}{shown}{rest}"


def _costs(comparison: Comparison) -> Iterator[str]:
    rows = _differences(comparison)
    if not rows and comparison.before.unpriced == comparison.after.unpriced:
        return
    before, after = comparison.before.total, comparison.after.total
    yield from ("", "#### Costs a month without traffic", "")
    yield f"${before:.2f} → ${after:.2f} (prices of Tokyo, {dated()}, without tax)"
    if rows:
        yield from ("", "| what | USD a month |", "|---|---:|")
    words = {name: price.words["en"] for name, price in read_prices().items()}
    for name, usd in rows:
        yield f"| {words[name]} | {_signed(usd)} |"
    if comparison.after.unpriced:
        yield from ("", f"No price is known for {', '.join(map(code, comparison.after.unpriced))}.")


def _differences(comparison: Comparison) -> list[tuple[str, float]]:
    """What becomes dearer or cheaper by a cent at least, the dearest first."""
    before, after = comparison.before.usd, comparison.after.usd
    found = {name: after.get(name, 0) - before.get(name, 0) for name in {*before, *after}}
    changed = [(name, usd) for name, usd in found.items() if abs(usd) >= _CENT]
    return sorted(changed, key=lambda each: (-each[1], each[0]))


def _signed(usd: float) -> str:
    return f"{'+' if usd >= 0 else '−'}${abs(usd):.2f}"


def _folded(title: str, lines: list[str]) -> list[str]:
    if not lines:
        return []
    return ["", f"<details><summary>{title}</summary>", "", *lines, "", "</details>"]
