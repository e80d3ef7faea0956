"""HTTP, as every layer uses it.

message              requests and responses as they are passed on; exchange: one pair of them
request_parser, response_parser    bytes become messages; head checks a request's head
response_head, seen  heads that came before are not parsed again
pattern, networks, host_names    what rules compare: wildcards, addresses, names
firewall             a web ACL, as other layers see it
page                 error responses in AWS's words
deadlines            time-outs of many connections, with one timer
"""
