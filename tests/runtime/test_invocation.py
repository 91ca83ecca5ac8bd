"""What an app that was indexed can still get wrong: failures that show only when a function runs. Each is played on the local host."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from sandbox.environment import ROOT

PROGRAM = """
import json, pathlib, sys
from sandbox.host import runtime
app = runtime.load(pathlib.Path(sys.argv[1]))
outcome = app.invoke(app.functions[0], runtime.string("body"), {"Id": runtime.string("1"), "DequeueCount": runtime.as_json(1)}).result()
print(json.dumps([outcome.ok, outcome.error]))
"""
QUEUE = '@app.queue_trigger(arg_name="message", queue_name="orders", connection="AzureWebJobsStorage")\n'


def invoke(folder: Path, source: str) -> tuple[bool, str]:
    """Run the only function of an app on a queue message; says whether it succeeded, and the error."""
    (folder / "function_app.py").write_text(f"import functools\nimport azure.functions as func\napp = func.FunctionApp()\n{source}", encoding="utf-8")
    answer = subprocess.run([sys.executable, "-c", PROGRAM, str(folder)], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    ok, error = json.loads(answer.stdout.splitlines()[-1])
    return ok, error


@pytest.mark.parametrize("kind", ["def", "async def"])
def test_a_queue_function_that_returns_nothing_succeeds(tmp_path: Path, kind: str) -> None:
    source = f"{QUEUE}{kind} take(message: func.QueueMessage) -> None:\n    assert (message.get_body(), message.dequeue_count) == (b'body', 1)"
    assert invoke(tmp_path, source) == (True, "")


def test_a_queue_function_that_returns_a_value_fails_every_time(tmp_path: Path) -> None:
    ok, error = invoke(tmp_path, f"{QUEUE}def take(message: func.QueueMessage): return 'done'")
    assert not ok
    assert "without a $return binding returned a non-None value" in error


def test_a_plain_wrapper_around_an_async_function_never_runs_it(tmp_path: Path) -> None:
    wrapper = "def logged(f):\n    @functools.wraps(f)\n    def wrapper(message): return f(message)\n    return wrapper\n"
    ok, error = invoke(tmp_path, f"{wrapper}{QUEUE}@logged\nasync def take(message: func.QueueMessage): ...")
    assert not ok
    assert "returned a non-None value" in error
