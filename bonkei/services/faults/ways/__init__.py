"""Connections that are delayed or refused.

carrying   one side of a carried connection; its bytes may be delayed
detour     a place before a target that delays every connection; a port that refuses
"""
