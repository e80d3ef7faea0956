"""Regular expressions as AWS WAF takes them, matched in bounded time.

The provider reads them at plan, and the edge at run time.

syntax      reads one; names what AWS WAF does not take
tree        what an expression consists of
automaton   whether it is found in some bytes
anywhere    expressions of other services
"""

from bonkei.grammar.waf_regex.automaton import Automaton
from bonkei.grammar.waf_regex.errors import RegexError, RegexNotSimulatedError
from bonkei.grammar.waf_regex.syntax import read

__all__ = ["Automaton", "RegexError", "RegexNotSimulatedError", "read"]
