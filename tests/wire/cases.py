"""Holds a WebSocket server to RFC 6455: plays Autobahn's cases against it and prints one line of JSON.

Usage: cases.py HOST:PORT [--exclude CASE]...   (PYTHONPATH has kosoku: tests/wire/requirements.txt)
"""

import asyncio
import collections
import json
import sys

from kosoku import FailureError, run_fuzzingclient


async def play(address, exclude):
    try:
        return await run_fuzzingclient(address, None, exclude, concurrency=4)
    except FailureError as failure:
        return failure.results


def main(address, *options):
    exclude = [case for option, case in zip(options[::2], options[1::2]) if option == "--exclude"]
    results = asyncio.run(play(address, exclude))
    verdicts = collections.Counter(result.behavior.value for result in results)
    failed = [
        {
            "case": result.case_id,
            "verdict": result.behavior.value,
            "close": result.behavior_close.value,
            "why": f"{result.result} {result.result_close}",
            "description": result.description,
        }
        for result in results
        if not result.passed
    ]
    print(json.dumps({"cases": len(results), "verdicts": verdicts, "failed": failed}))


main(*sys.argv[1:])
