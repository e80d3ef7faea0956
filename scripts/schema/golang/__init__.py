"""Go, as far as the AWS provider's schemas are written in it.

values        what an expression may be: literals, calls that are not followed, the unknown
literals      strings and numbers
source        the provider's source, a file for each declaration
evaluation    expressions and functions become values
names         how the provider's package `names` calls its constants
"""
