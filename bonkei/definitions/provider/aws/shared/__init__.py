"""Tools for several services.

resource            the builder of a type's behaviour
naming, seeds       ids, ARNs and names; characters that look random
checks, formats     rules of a configuration; forms of values: ARNs, networks, schedules
blocks              nested blocks of whichever shape
documents           JSON arguments, policies (policy_document: as the AWS provider writes them)
fifo                names of topics and queues
import_ids          ids that `terraform import` is given
regions             AWS's published facts about its regions
"""
