"""Floor 1: values, canonical encoding, hashing, signatures. Pure: no clock, files, sockets or chance."""
