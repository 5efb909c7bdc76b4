"""The oracle as a client: reads one case per line from standard input, writes one answer per line to standard output.

    family-pairing conformance --cmd "python3 conformance/oracle/client.py"
"""

import json
import sys

from answer import Unsupported, answer


def main():
    for line in sys.stdin:
        case = json.loads(line)
        try:
            told = {"id": case["id"], "output": answer(case["op"], case["input"])}
        except Unsupported:
            told = {"id": case["id"], "unsupported": True}
        print(json.dumps(told, ensure_ascii=False), flush=True)


if __name__ == "__main__":
    main()
