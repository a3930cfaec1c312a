"""Floor 1: values, encoding, hashing and signatures of the ledger."""
