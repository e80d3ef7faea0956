"""Creates the declared resources: pure steps, and a provisioner that takes them.

wanted       from the blueprint to things, each with the steps that create or update it;
             `buckets`, `keys`, `parameters`, `queues`, `tables`, `topics` know one service each
step         one call of an API, without a signature; `xml` writes S3's documents
reconcile    which steps to take, from the wanted things and those made before
provisioner  takes them in the `store`, and remembers the things that it has made
"""

from bonkei.cloud.provision.provisioner import MADE, Provisioner, read_made

__all__ = ["MADE", "Provisioner", "read_made"]
