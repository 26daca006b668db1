"""The vocabulary: words, quantities, paths, diagnostics and escaping, shared by all and touching nothing."""
