# SPDX-License-Identifier: Apache-2.0
"""`python -m hello_app`"""

from hello_app.server import Hello
from hello_app.settings import from_environment


def main() -> None:
    hello = Hello(from_environment())
    print(f"Hello is at {hello.settings.origin}", flush=True)
    hello.serve_forever()


if __name__ == "__main__":
    main()
