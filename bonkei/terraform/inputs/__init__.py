"""What a run of Terraform is given.

mirror        the definitions, with a backend of ours
selection     what one plan is limited to, and values that it alone has
elsewhere     what the definitions take from outside: other stacks' outputs, existing resources
fingerprint   whether the definitions have changed; stamps: whether anything else has
"""
