"""Faults: what is broken on purpose, in what, and until when.

values    a fault, what can be hit, and what a fault does to it
targets   a person's word for a target → the target
rules     whether a fault may begin, and how long it lasts
effects   all faults of a moment → what has to be so
book      Faults: the faults that last, and their ends; other parts use this
hands     what carries an effect out, one Protocol
ways      connections that are late or refused
freezing  processes that are suspended, and surely go on
drill     a load, faults at their times, and what visitors noticed

`rules` and `effects` decide and do nothing; the hands do and decide nothing. What can be hit comes
in as an `Estate`, and the room knows neither tasks nor the edge.
"""

from bonkei.faults.book import Faults
from bonkei.faults.errors import FaultError
from bonkei.faults.values import Ask, Estate, Fault, FaultsSnapshot

__all__ = ["Ask", "Estate", "Fault", "FaultError", "Faults", "FaultsSnapshot"]
