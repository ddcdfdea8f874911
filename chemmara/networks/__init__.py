"""Language models over tokens, behind one protocol: GRU, LSTM, causal transformer."""
