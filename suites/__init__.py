"""Others' suites, run against the miniature: what they say is counted for docs/compatibility.md.

    make suites SUITES=FOLDER       all that is in the folder
    python -m suites --help         parts of it

The folder has a checkout of each suite under its own name. None is part of this project, and none
is fetched: a suite that is not there, or lacks what it needs, is named, and the others run.

counts       values: what passed, failed, and does not apply, for each part of a suite
page         docs/compatibility.md from them
checkouts    where a suite is, and of which commit
miniature    one of their own, in a temporary folder
recorder     a plug-in of the suites' own pytest: what each test called and was answered
pytests      runs it, and reads its record
the others   one suite each: what it needs, how it is run, and how its answer is read
"""
