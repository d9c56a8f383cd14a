# SPDX-License-Identifier: Apache-2.0
"""What must hold of Starter app: `python -m unittest`."""

import http.client
import json
import threading
import unittest
from http.server import ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import starter_app


class Journey(unittest.TestCase):
    def setUp(self) -> None:
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), starter_app.Doors)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.addCleanup(self.server.server_close)
        self.addCleanup(self.server.shutdown)

    def get(self, path: str, cookie: str = "") -> tuple[http.client.HTTPResponse, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.server.server_port, timeout=10)
        self.addCleanup(connection.close)
        connection.request("GET", path, headers={"cookie": cookie} if cookie else {})
        answer = connection.getresponse()
        return answer, answer.read().decode()

    def test_the_page_has_the_picker_and_a_way_without_script(self) -> None:
        _answer, page = self.get("/")
        assert "<syn-pick" in page
        assert '<a href="/pick">' in page

    def test_the_way_without_script_asks_for_one_text_file(self) -> None:
        answer, _page = self.get("/pick")
        assert answer.status == 303
        asked = parse_qs(urlsplit(answer.getheader("location", "")).query)
        (detail,) = json.loads(asked["authorization_details"][0])
        assert detail["media_types"] == ["text/*"]
        assert asked["code_challenge_method"] == ["S256"]

    def test_an_answer_that_nobody_here_asked_for_gives_nothing(self) -> None:
        query = f"code=x&state=forged&iss={starter_app.SYNFONIUM}"
        for cookie in ("", f"{starter_app.COOKIE}=another.verifier"):
            _answer, page = self.get(f"/callback?{query}", cookie)
            assert "Nothing was chosen." in page

    def test_the_manifest_names_the_pages_that_answers_come_to(self) -> None:
        manifest = json.loads((Path(starter_app.__file__).parent / "synfonium.app.json").read_text())
        assert manifest["synfonium"]["redirect_uris"] == ["/", "/callback"]


if __name__ == "__main__":
    unittest.main()
