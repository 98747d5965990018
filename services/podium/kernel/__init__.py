"""Pure words shared by every service: errors, ids, identity, limits, and the protocol of an entity.

Nothing here does I/O, reads a clock or draws random numbers; all of it may be used in domain code.
"""
