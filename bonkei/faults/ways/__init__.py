"""Connections that are late or refused.

carrying   one side of a carried connection, whose bytes may be late
detour     a place before a target, where every connection is late
refusal    a port that refuses
"""
