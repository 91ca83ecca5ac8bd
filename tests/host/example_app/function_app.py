"""A tiny app that shows what the host does: every function writes down what it was given, as a message of the queue ``seen-<function>``."""

import json
import os
import threading

import azure.functions as func
from azure.storage.queue import QueueClient

STORAGE = "AzureWebJobsStorage"

app = func.FunctionApp()


def record(function: str, **facts: object) -> None:
    """Write down that the function ran; the queue is made by the test."""
    queue = QueueClient.from_connection_string(os.environ[STORAGE], f"{os.environ['PREFIX']}-seen-{function}")
    queue.send_message(json.dumps(facts))


@app.queue_trigger(arg_name="message", queue_name="%PREFIX%-orders", connection=STORAGE)
def take_order(message: func.QueueMessage) -> None:
    """Fails for orders that ask for it, every time or only the first time."""
    order = message.get_body().decode()
    record("orders", order=order, attempt=message.dequeue_count)
    if order == "always fails" or (order == "fails once" and message.dequeue_count == 1):
        raise RuntimeError(f"cannot take {order}")


meeting = threading.Barrier(4)


@app.queue_trigger(arg_name="message", queue_name="%PREFIX%-meetings", connection=STORAGE)
def meet(message: func.QueueMessage) -> None:
    """Ends only when four of it run at once."""
    meeting.wait(timeout=30)
    record("meetings", guest=message.get_body().decode())


@app.queue_trigger(arg_name="message", queue_name="%PREFIX%-long", connection=STORAGE)
def work_long(message: func.QueueMessage) -> None:
    """Runs until the test says so with a message in ``<prefix>-release``, far longer than the lease that the test sets."""
    record("long", attempt=message.dequeue_count)
    release = QueueClient.from_connection_string(os.environ[STORAGE], f"{os.environ['PREFIX']}-release")
    while not release.peek_messages():
        threading.Event().wait(0.1)


@app.timer_trigger(arg_name="timer", schedule="%EXAMPLE_SCHEDULE%")
def tick(timer: func.TimerRequest) -> None:
    """Writes down whether it was late."""
    record("ticks", pastDue=timer.past_due)


@app.timer_trigger(arg_name="timer", schedule="0 0 0 1 1 *")
def broken_timer(timer: func.TimerRequest) -> None:
    """Always fails."""
    raise RuntimeError("the timer is broken")


@app.route(trigger_arg_name="request", route="customers/{customer}/notes", methods=["POST"], auth_level=func.AuthLevel.FUNCTION)
def add_note(request: func.HttpRequest) -> func.HttpResponse:
    """Gives back all that it was given."""
    seen = {"customer": request.route_params["customer"], "colour": request.params.get("colour"), "note": request.get_json()}
    return func.HttpResponse(json.dumps(seen), status_code=201, mimetype="application/json", headers={"X-Answer": "yes"})


@app.route(trigger_arg_name="request", route="alive", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
def alive(request: func.HttpRequest) -> str:
    """Open to everybody."""
    return "alive"


@app.route(trigger_arg_name="request", route="broken", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
def broken(request: func.HttpRequest) -> func.HttpResponse:
    """Always fails."""
    raise RuntimeError("the secret reason")
