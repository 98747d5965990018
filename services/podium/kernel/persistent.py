"""Persistent maps: a change makes a new map that shares structure with the old one.

`head` and `committed` differ by a few events; a copied dict of a large board would cost milliseconds an event. This
module is the one place that names the library, so that another can take its place.
"""

from immutables import Map

__all__ = ["Map"]
