"""The status page's backend: components, incidents and uptime, over HTTP below `/api`.

api               HTTP: contract, routes, errors, caching
domain            the rules, as pure values and functions
store             SQL
migrations        the tables' versions; `migrate` applies them
sample_data       a past for a new database
serve, settings, logs    the process
administrators    its command for the first administrators; passwords: how they are hashed
"""
