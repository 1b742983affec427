"""Pictures of any sizes and modes, made one."""
