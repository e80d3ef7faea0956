"""What the definitions declare, made to be there: pure steps, and who takes them.

wanted       from the blueprint to things, each with the steps that make it what it should be
step         one call of an API, without a signature
reconcile    which steps to take, from what is wanted and what was made before
provisioner  takes them, and remembers what it has made
"""

from bonkei.cloud.provision.provisioner import Provisioner

__all__ = ["Provisioner"]
