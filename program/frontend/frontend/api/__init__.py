"""The backend as this program sees it.

client, transport   its HTTP; error: unavailable or refused
model               its values, written from its contract
reader, kept        values for public pages, cached: bursts ask once, outages get the last answer
outage              logs its absence
"""
