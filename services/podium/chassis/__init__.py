"""What every service process is made of: server, interceptors, entity engine, codec, settings, telemetry."""
