"""What one set of definitions changes in the system of another, the risks first. Pure functions.

finding       a risk, where, and what happens
compare       all risks of two sides, and a plan from one to the other
exposure      what becomes reachable: security groups, public places, web ACLs
permissions   which permission grows: roles, trust, policies of resources
alarms        which alarm goes, or becomes less watchful
costs         what a system costs a month without traffic; data/costs.toml has dated prices
report        Markdown for a comment, and JSON
"""

from bonkei.analysis.changes.compare import Comparison, Side, compare
from bonkei.analysis.changes.finding import Finding, Risk

__all__ = ["Comparison", "Finding", "Risk", "Side", "compare"]
