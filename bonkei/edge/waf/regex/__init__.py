"""Regular expressions as AWS WAF takes them, matched in bounded time.

syntax      reads one; names what AWS WAF does not take
tree        what an expression consists of
automaton   whether it is found in some bytes
"""

from bonkei.edge.waf.regex.automaton import Automaton
from bonkei.edge.waf.regex.syntax import RegexError, read

__all__ = ["Automaton", "RegexError", "read"]
