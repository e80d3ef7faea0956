"""Python imports this first in a scanner (`scanners.environment`).

checkov's graphs live until its end, and to search them for garbage is a quarter of its work. With
still fewer searches it takes longer again.
"""

import gc

gc.set_threshold(20_000)
