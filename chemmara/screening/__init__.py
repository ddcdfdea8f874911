"""Which of many candidates is worth an oracle call: a model of the calls so far, and a choice among candidates."""
