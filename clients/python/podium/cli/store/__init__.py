"""The commands of `podium store`."""
