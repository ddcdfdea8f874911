"""An oracle as a web service, with Python's own server: POST {"smiles": [...]} is answered by {"values": [...]}."""

import json
from http.server import BaseHTTPRequestHandler, HTTPServer


class Scores(BaseHTTPRequestHandler):
    """Length of each SMILES over 100."""

    def do_POST(self) -> None:
        """Answer one request."""
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        answer = json.dumps({"values": [len(smiles) / 100 for smiles in request["smiles"]]}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


if __name__ == "__main__":
    HTTPServer(("127.0.0.1", 8000), Scores).serve_forever()
