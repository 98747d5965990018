"""RPCs from browsers to the services, by descriptors: no code for any single one."""
