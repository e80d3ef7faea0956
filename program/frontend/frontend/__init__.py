"""The status page: server-rendered public pages, and forms for its administrators.

application     puts the parts together; server, settings, log: the process
pages           the public pages
admin           the administrators' area
api             the backend, as this program sees it
web             HTTP for every page
language        languages: messages, addresses, dates
"""
