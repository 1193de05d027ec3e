"""A side of the benchmark is a process: commands come in and results go out as lines of JSON."""
import json
import os
import sys
import traceback


def serve(commands):
    """Answer each {"command": …, arguments…} of stdin by calling commands[…]."""
    out = os.fdopen(os.dup(1), "w")
    # what libraries print is no answer
    os.dup2(2, 1)
    for line in sys.stdin:
        arguments = json.loads(line)
        try:
            answer = {"result": commands[arguments.pop("command")](**arguments)}
        except Exception:
            answer = {"error": traceback.format_exc()}
        print(json.dumps(answer), file=out, flush=True)
