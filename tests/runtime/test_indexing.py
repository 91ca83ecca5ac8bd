"""What the real runtime refuses although the decorators take it: slips that would stop the app in Azure and in no other test."""

from pathlib import Path

import pytest

from tests.runtime.indexing import Index, index

HEAD = "import azure.functions as func\napp = func.FunctionApp()\n"
QUEUE = '@app.queue_trigger(arg_name="message", queue_name="orders", connection="AzureWebJobsStorage")\n'
OUTPUT = '@app.queue_output(arg_name="out", queue_name="mails", connection="AzureWebJobsStorage")\n'
TIMER = '@app.timer_trigger(arg_name="timer", schedule="%SCHEDULE%")\n'


def index_source(folder: Path, source: str) -> Index:
    """Index an app whose ``function_app.py`` begins with ``HEAD``."""
    (folder / "function_app.py").write_text(HEAD + source, encoding="utf-8")
    return index(folder)


def test_an_app_is_indexed_with_its_bindings(tmp_path: Path) -> None:
    found = index_source(
        tmp_path, f"{QUEUE}def take(message: func.QueueMessage) -> None: ...\n{TIMER}def tick(timer: func.TimerRequest) -> None: ...\n"
    )
    assert found.error == ""
    assert set(found.functions) == {"take", "tick"}
    assert found.trigger("take")["queueName"] == "orders"
    assert found.trigger("tick")["schedule"] == "%SCHEDULE%"


REFUSED = {
    "a parameter of another name than the binding": (f"{QUEUE}def take(order: func.QueueMessage): ...", "declared in Python but not in the function"),
    "a parameter more than bindings": (f"{QUEUE}def take(message: func.QueueMessage, clock=None): ...", "declared in Python but not in the function"),
    "the annotation of another trigger": (f"{QUEUE}def take(message: func.TimerRequest): ...", "do not match the corresponding function parameter"),
    "an optional message": (f"{QUEUE}def take(message: func.QueueMessage | None): ...", "FunctionLoadError"),
    "list in lower case in an output": (
        f"{QUEUE}{OUTPUT}def take(message: func.QueueMessage, out: func.Out[list[str]]): ...",
        "invalid non-type annotation",
    ),
    "two function apps": ("second = func.FunctionApp()", "More than one FunctionApp"),
    "two functions of one name": (f"{QUEUE}def take(message): ...\n{TIMER}def take(timer): ...", "does not have a unique function name"),
    "a function without a trigger": (f"{OUTPUT}def take(out: func.Out[str]): ...", "does not have a trigger"),
    "no function app": ("app = None", "Could not find top level function app"),
    "a module that is missing": ("import a_module_that_is_nowhere", "a_module_that_is_nowhere"),
    "a syntax error": ("def take(", "SyntaxError"),
}


@pytest.mark.parametrize(("source", "reason"), REFUSED.values(), ids=REFUSED)
def test_the_runtime_refuses_a_function_that_it_cannot_call(tmp_path: Path, source: str, reason: str) -> None:
    assert reason in index_source(tmp_path, source).error


def test_an_app_without_functions_is_refused(tmp_path: Path) -> None:
    assert "no function_app.py with functions" in index_source(tmp_path, "").error
    (tmp_path / "function_app.py").unlink()
    assert "no function_app.py with functions" in index(tmp_path).error


def test_a_blueprint_beside_the_app_is_welcome(tmp_path: Path) -> None:
    function = f"{QUEUE.replace('@app', '@blueprint')}def take(message: func.QueueMessage): ...\n"
    found = index_source(tmp_path, f"blueprint = func.Blueprint()\n{function}app.register_functions(blueprint)")
    assert set(found.functions) == {"take"}
