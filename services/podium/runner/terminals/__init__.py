"""Terminals: what runs in one is watched and typed into by people, live, over Maestro.

A terminal keeps its last 256 KiB by offset; Maestro asks for them when somebody watches. People's sessions live here
whole (`life`); an agent whose profile says `pty` brings its processes to a terminal turn by turn.
"""
