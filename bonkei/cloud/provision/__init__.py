"""What the definitions declare, made to be there: pure steps, and who takes them.

wanted       from the blueprint to things, each with the steps that make it what it should be;
             `buckets`, `keys`, `parameters`, `queues`, `tables`, `topics` know one service each
step         one call of an API, without a signature; `xml` writes S3's documents
reconcile    which steps to take, from what is wanted and what was made before
provisioner  takes them in the `store`, and remembers what it has made
"""

from bonkei.cloud.provision.provisioner import Provisioner

__all__ = ["Provisioner"]
