"""The inputs of a Terraform run.

mirror        the definitions, with a backend of ours
selection     the limits of one plan, and its own values
elsewhere     inputs from outside: other stacks' outputs, existing resources
outside       modules that are not below the definitions; providers: those that need a stand-in
hcl           the arguments and blocks of a text
fingerprint   whether the definitions have changed; stamps: whether anything else has
"""
