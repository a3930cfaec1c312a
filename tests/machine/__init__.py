"""The whole machine driven by chance from a seed: every action of the register, in any order, with documents
that are right, nearly right and hostile."""
