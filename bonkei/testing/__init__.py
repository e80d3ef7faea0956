"""The miniature as a fixture of pytest.

plugin   the fixture `bonkei`
system   the running miniature: its addresses, its AWS, `reset`
rows     a database's rows, kept and put back
stores   buckets, queues and tables of the AWS endpoint, likewise
"""
