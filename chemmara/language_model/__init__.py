"""Chemical language models: tokenizer, networks, checkpoints on disk, sampling, and log-likelihoods."""
