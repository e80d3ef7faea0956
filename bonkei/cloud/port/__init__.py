"""The endpoint's port.

listener              HTTP and HTTPS on one port, with a limit on connections
certificate           the certificate of a home, made when it is missing or old
certificate_making    how one is made
"""
