"""The endpoint's port.

listener              HTTP and HTTPS on one port, with a limit on connections
connection            one of them, and whether its client is worth its place
bodies                what clients send and take, bounded in time and in memory
certificate           the certificate of a home, made when it is missing or old
certificate_making    how one is made
"""
