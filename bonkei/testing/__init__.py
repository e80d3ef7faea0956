"""The miniature as a fixture of pytest.

plugin   the fixture `bonkei`
__main__ the same over HTTP, for other languages
system   the running miniature: its addresses, its AWS, `reset`
rows     a database's rows, kept and put back
stores   buckets, queues and tables of the AWS endpoint, likewise
"""
