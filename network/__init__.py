"""Floor 3: frames, handshake and mutually authenticated connections between nodes."""
