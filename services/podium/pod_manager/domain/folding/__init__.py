"""What each fact means for the state, an area a module. A fold never refuses: the facts were decided before."""
