"""The process of a build.

confinement   confines a build to its folder, with the kernel's help
inside        the program in the build's namespaces that runs its entries
machine       starts and controls that program
script        the scripts around entries: pure
log           the build's log
folder        its folder, and the removal of it
limits        disk and processes
"""
