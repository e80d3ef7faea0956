"""HTTP, as every layer uses it.

message              requests and responses as they are passed on; exchange: one pair of them
request_parser, response_parser    bytes become messages; head checks a request's head
plain_head           requests that need no llhttp; response_head: a whole one of a response
pattern, networks, host_names    for comparisons in rules: wildcards, addresses, names
firewall             the interface of a web ACL for other layers
page                 error responses with AWS's texts
deadlines            time-outs of many connections, with one timer
"""
