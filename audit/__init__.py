"""The auditor's verifier: a second implementation in the standard library alone."""
