"""The process of a build.

confinement   confines a build to its folder, with the kernel's help
inside        runs the entries, in the build's namespaces
machine       starts and controls that program
script        the scripts around entries: pure
log           the build's log
limits        disk and processes
"""
