"""MiniStack, the store behind the endpoint for storage and messaging.

process     starts and watches it
states      its files of state, looked at before it starts
resting     whether it can rest while no call comes
channel     the connections to it, without an address
pipe        the lines that it writes for other services
freezing    whether it hangs or is only busy
passing     passes a call to it, and its answer back
arriving    bodies of objects, compared with what was signed
dialects    what services answer where MiniStack answers otherwise
parts       what S3 asks of the parts of an upload
connections the connections for that, kept for the next call
"""
