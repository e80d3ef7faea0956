"""The process of a build.

confinement   what keeps a build to its folder, as far as the kernel has it
inside        the program in the build's namespaces that runs its entries
machine       that program, from outside
script        the scripts around entries: pure
log           what is said and printed
folder        its folder, and its end
limits        disk and processes
"""
