"""The inputs of a Terraform run.

mirror        the definitions, with a backend of ours
selection     the limits of one plan, and its own values
elsewhere     inputs from outside: other stacks' outputs, existing resources
outside       modules that are not below the definitions; providers: those that are declared only
fingerprint   whether the definitions have changed; stamps: whether anything else has
"""
