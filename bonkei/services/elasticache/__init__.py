"""ElastiCache: each cache is a real server of Valkey or Redis, that of this machine.

cache          one server, from its definition to its end
configuration  what the server is told
"""

from bonkei.services.elasticache.cache import CacheError, CacheServer, CacheSnapshot

__all__ = ["CacheError", "CacheServer", "CacheSnapshot"]
