"""Data on the console: what buckets, queues, tables, parameters, secrets and databases hold.

held      of the store: answers of AWS's calls as values for a page
rows      of databases: tables and the answers of questions
secrets   names of parameters and secrets, and one value at a time
offer     topics and actions for a console
"""

from bonkei.miniature.rooms.console.data.offer import DataSources, offer_data

__all__ = ["DataSources", "offer_data"]
