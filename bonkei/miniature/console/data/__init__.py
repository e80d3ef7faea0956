"""Data on the console: the content of buckets, queues, tables, parameters, secrets and databases.

held      content of the store: answers of AWS's calls as values for a page
secrets   names of parameters and secrets, and one value at a time
offer     topics and actions for a console; content of databases
"""

from bonkei.miniature.console.data.offer import DataSources, offer_data

__all__ = ["DataSources", "offer_data"]
