"""Creates the declared resources: pure steps, and a provisioner that takes them.

wanted       from the blueprint to things, each with the steps to create or update it;
             `buckets`, `keys`, `parameters`, `queues`, `tables` know one service each
step         one call of an API, without a signature
reconcile    the steps to take, from the wanted and the existing things
provisioner  takes them in the `store`, and remembers the created things
declared     when: at once, when the store has started, or later in the background
"""

from bonkei.services.endpoint.provision.provisioner import MADE, Provisioner, read_made

__all__ = ["MADE", "Provisioner", "read_made"]
