"""SQL: no HTTP.

database, pool, connection, connect    connections; outage logs their absence
components, incidents, incident_updates, maintenances, drafts    what the page shows
revision                         counts its changes; uptime sums them up by day
administrators, sessions, api_keys, attempts    who may change it
audit                            who did; idempotency: answers for repeated requests
request_comment                  names the request in the database's log
"""
