"""Elastic Load Balancing, for reading: load balancers as declared, and the health of their targets.

`descriptions` writes the blueprint's values in the API's form, and `service` answers. Source: the
Elastic Load Balancing API Reference, version 2015-12-01. It calls the omitted fields optional.
"""

from bonkei.services.edge.api.service import TargetHealth, service

__all__ = ["TargetHealth", "service"]
