"""Bundled priors, one folder each: config.json, vocabulary.json, weights.safetensors, card.md."""
