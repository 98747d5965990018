"""What agents and the runner say of them: kept on disk, numbered, sent in order until acknowledged."""
