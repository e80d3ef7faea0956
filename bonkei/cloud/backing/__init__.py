"""MiniStack, the store behind the endpoint for storage and messaging.

process     starts and watches it
pipe        the lines that it writes for other rooms
freezing    whether it hangs or only works
passing     passes a call on, and its answer back
connections the connections for that, kept for the next call
"""
