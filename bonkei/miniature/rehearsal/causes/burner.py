"""Uses a share of a processor, or holds memory, until its input ends, or for two minutes.

    python burner.py processor 0.25
    python burner.py memory 300000000

It runs by itself and imports nothing of Bonkei: whoever started it holds the other end of its
input, so it ends when that process does, however that ends.
"""

import select
import sys
import time

LONGEST = 120.0
SLICE = 0.05
PAGE = 4096


def is_over(begun: float, wait: float) -> bool:
    """Whether the input has ended, or the time is over."""
    ready, _, _ = select.select([sys.stdin], [], [], wait)
    return bool(ready) or time.monotonic() - begun > LONGEST


def burn(share: float) -> None:
    """Its own processor time is `share` of the time that has passed."""
    begun, used = time.monotonic(), time.process_time()
    while not is_over(begun, 0):
        ahead = (time.process_time() - used) - share * (time.monotonic() - begun)
        if ahead > 0:
            if is_over(begun, min(SLICE, ahead)):
                return
            continue
        end = time.process_time() + SLICE * min(1.0, share)
        while time.process_time() < end:
            pass


def hold(size: int) -> None:
    """Each page is written to, so that it is really there."""
    held = bytearray(size)
    for place in range(0, size, PAGE):
        held[place] = 1
    while not is_over(time.monotonic(), LONGEST):
        pass
    del held


if __name__ == "__main__":
    if sys.argv[1] == "processor":
        burn(float(sys.argv[2]))
    else:
        hold(int(sys.argv[2]))
