"""Lambda: runs the functions' real packages and handlers, each in its own process.

functions     the service: it lists the functions, calls them and counts
api           Lambda's API
waiting       asynchronous events, on disk; `asynchronous` decides their end
destinations  the receivers of results and failures
sources       event sources: polls queues and streams, and calls the functions
host          one function and its execution environments; `concurrency` limits their number,
              `turns` are those of calls that wait for one, `execution_log` is what it writes
environment   one process: `runtime_api` hands it events, `output` reads its output
client        the runtime client inside the process, one for each language
outcome       the result of a call, and the lines and documents in which Lambda reports it
package, runtimes, variables   the parts of a process

Nothing is imported here: aiohttp takes a while to load.
"""
