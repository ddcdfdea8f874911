"""An oracle as a program in any language: SMILES in on stdin, one a line; JSON lines out on stdout."""

import json
import sys

for line in sys.stdin:
    smiles = line.strip()
    print(json.dumps({"smiles": smiles, "value": len(smiles) / 100}))
