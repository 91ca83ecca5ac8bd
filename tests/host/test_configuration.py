"""What the local host reads before it starts, and how it says that it cannot."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from sandbox.azurite import Azurite
from sandbox.host.configuration import ConfigurationError, HostOptions, connection_string, read_settings, resolve, time_span
from sandbox.host.process import HostProcess
from tests.host.example import EXAMPLE_APP, ExampleApp


def write_host_json(folder: Path, **document: object) -> Path:
    """A folder with that ``host.json``."""
    (folder / "host.json").write_text(json.dumps(document), encoding="utf-8")
    return folder


def test_what_host_json_does_not_say_is_as_in_the_real_host(tmp_path: Path) -> None:
    options = HostOptions.read(write_host_json(tmp_path, version="2.0"), {})
    assert (options.queues.batch_size, options.queues.new_batch_threshold, options.queues.max_dequeue_count) == (16, 8, 5)
    assert options.route_prefix == "api"


def test_a_setting_stands_for_a_value_of_host_json() -> None:
    settings = {
        "AzureFunctionsJobHost__extensions__queues__batchSize": "2",
        "AzureFunctionsJobHost__extensions__queues__visibilityTimeout": "00:01:00",
    }
    queues = HostOptions.read(EXAMPLE_APP, settings).queues
    assert (queues.batch_size, queues.visibility_timeout, queues.max_dequeue_count) == (2, timedelta(minutes=1), 3)


@pytest.mark.parametrize("document", [{}, {"version": "1.0"}])
def test_another_version_of_host_json_is_refused(tmp_path: Path, document: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError, match=r"version has to be '2\.0'"):
        HostOptions.read(write_host_json(tmp_path, **document), {})


def test_a_missing_host_json_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"host\.json cannot be read"):
        HostOptions.read(tmp_path, {})


def test_time_spans_are_those_of_dotnet() -> None:
    assert time_span("00:00:00.1") == timedelta(milliseconds=100)
    assert time_span("1.02:03:04") == timedelta(days=1, hours=2, minutes=3, seconds=4)
    with pytest.raises(ConfigurationError, match="write hh:mm:ss"):
        time_span("30s")


def test_names_in_percent_signs_are_settings() -> None:
    assert resolve("%PREFIX%-orders", {"PREFIX": "test"}) == "test-orders"
    with pytest.raises(ConfigurationError, match="names %PREFIX%, but there is no such setting"):
        resolve("%PREFIX%-orders", {})


def test_a_connection_may_be_named_without_its_prefix() -> None:
    assert connection_string("Storage", {"AzureWebJobsStorage": "text"}) == "text"
    with pytest.raises(ConfigurationError, match="uses the connection 'Storage'"):
        connection_string("Storage", {})


def test_a_settings_file_is_read_from_its_values(tmp_path: Path) -> None:
    file = tmp_path / "local.settings.json"
    with pytest.raises(ConfigurationError, match=r"local\.settings\.example\.json shows what belongs in it"):
        read_settings(file)
    file.write_text('{"IsEncrypted": false, "Values": {"NUMBER": 1}}', encoding="utf-8")
    assert read_settings(file) == {"NUMBER": "1"}


def test_an_app_that_the_runtime_refuses_does_not_start(azurite: Azurite, tmp_path: Path) -> None:
    app = write_host_json(tmp_path, version="2.0")
    (app / "function_app.py").write_text("import a_module_that_is_nowhere", encoding="utf-8")
    with pytest.raises(ConfigurationError, match="a_module_that_is_nowhere"):
        HostProcess(app, ExampleApp(azurite.connection_string).settings(), log=tmp_path / "host.log")


def test_an_output_binding_is_refused_because_this_host_leaves_it_out(azurite: Azurite, tmp_path: Path) -> None:
    app = write_host_json(tmp_path, version="2.0")
    source = 'import azure.functions as func\napp = func.FunctionApp()\n@app.timer_trigger(arg_name="timer", schedule="0 0 2 * * *")\n'
    output = '@app.queue_output(arg_name="out", queue_name="mails", connection="AzureWebJobsStorage")\ndef tick(timer, out: func.Out[str]): ...\n'
    (app / "function_app.py").write_text(source + output, encoding="utf-8")
    with pytest.raises(ConfigurationError, match="Function tick uses queue, which this development host leaves out"):
        HostProcess(app, ExampleApp(azurite.connection_string).settings(), log=tmp_path / "host.log")
