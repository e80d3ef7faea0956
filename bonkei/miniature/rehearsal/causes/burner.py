"""Uses a share of a processor, or holds memory. It ends with its input, or after two minutes, or
after the given number of seconds.

    python burner.py processor 0.25
    python burner.py memory 300000000 600

It runs alone and imports nothing of Bonkei. Its parent holds the other end of its input. So it ends
when the parent ends, whatever the cause.
"""

import select
import sys
import time

LONGEST = 120.0
SLICE = 0.05
PAGE = 4096


def is_over(begun: float, wait: float, longest: float = LONGEST) -> bool:
    """Whether the input has ended, or the time is over."""
    ready, _, _ = select.select([sys.stdin], [], [], wait)
    return bool(ready) or time.monotonic() - begun > longest


def burn(share: float, longest: float = LONGEST) -> None:
    """Use processor time: `share` of the time that has passed."""
    begun, used = time.monotonic(), time.process_time()
    while not is_over(begun, 0, longest):
        ahead = (time.process_time() - used) - share * (time.monotonic() - begun)
        if ahead > 0:
            if is_over(begun, min(SLICE, ahead), longest):
                return
            continue
        end = time.process_time() + SLICE * min(1.0, share)
        while time.process_time() < end:
            pass


def hold(size: int, longest: float = LONGEST) -> None:
    """Write to each page, so that the memory is really used."""
    held = bytearray(size)
    for place in range(0, size, PAGE):
        held[place] = 1
    begun = time.monotonic()
    while not is_over(begun, longest, longest):
        pass
    del held


if __name__ == "__main__":
    seconds = float(sys.argv[3]) if len(sys.argv) > 3 else LONGEST
    if sys.argv[1] == "processor":
        burn(float(sys.argv[2]), seconds)
    else:
        hold(int(sys.argv[2]), seconds)
