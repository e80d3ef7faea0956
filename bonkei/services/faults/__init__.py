"""Faults: things that are broken on purpose, for a limited time.

values    a fault, the possible targets, and the effects of a fault
targets   the text that a person writes → the target
rules     whether a fault may begin, and how long it lasts
effects   all current faults → the state that they require
book      Faults: the current faults, and their ends; other parts use this. Hands: the Protocol
          for the parts that carry effects out
ways      connections that are delayed or refused
freezing  suspends processes, and guarantees that they continue
drill     a load, faults at their times, and the effect on visitors

`rules` and `effects` only decide; the hands only act. The possible targets come in as an `Estate`,
so this package knows neither tasks nor the edge.
"""

from bonkei.services.faults.book import Faults
from bonkei.services.faults.errors import FaultError
from bonkei.services.faults.values import Ask, Estate, Fault, FaultsSnapshot

__all__ = ["Ask", "Estate", "Fault", "FaultError", "Faults", "FaultsSnapshot"]
