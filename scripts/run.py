"""`./run`: sets everything up, then serves. See --help."""

import argparse
import sys

from prepare import prepare, serve
from steps import StepFailed


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="./run",
        description="Set Synfonium up and serve it. Further options go to `synfonium serve`.",
    )
    parser.add_argument("--demo", action="store_true", help="fill a new home with a small town to look at")
    parser.add_argument(
        "--only-setup", action="store_true", help="set up and stop; .venv/bin/synfonium exists"
    )
    chosen, further = parser.parse_known_args()
    try:
        prepare(tests=False)
        if not chosen.only_setup:
            serve([*(["--demo"] if chosen.demo else []), *further])
    except StepFailed as failure:
        print(f"\n{failure}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped. What was done so far stays; ./run goes on from there.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
