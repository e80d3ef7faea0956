"""The endpoint's port.

listener              HTTP and HTTPS on one port, with a limit on connections
connection            one connection, and whether its client may keep its place
bodies                data to and from clients, bounded in time and in memory
certificate           the certificate of a home, created if it is missing or old
certificate_making    creates one
"""
