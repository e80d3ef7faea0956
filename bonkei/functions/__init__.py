"""Lambda: the functions' real packages, run by their real handlers in processes of their own.

functions     the room: which functions there are, who is called, what is counted
service       Lambda's API
waiting       the events that nobody waits for, on disk; `asynchronous` decides what becomes of them
host          one function and its execution environments; `concurrency` says how many may run
environment   one process: `runtime_api` hands it events, `output` reads what it writes
client        what runs inside of the process, for each language
outcome       what came of a call, and the lines and documents in which Lambda says so
package, runtimes, variables   what a process is made of

Nothing is imported here: aiohttp takes a while to load.
"""
