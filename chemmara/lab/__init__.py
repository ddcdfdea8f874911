"""The paper's claims on spaces so small that every optimum is known."""
