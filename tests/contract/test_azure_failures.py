"""What the Azure adapters make of answers that Azurite never gives: lost, refused, busy, short and empty."""

from collections.abc import Callable, Iterator, Sequence

import pytest

from adapters.azure.blobs import AzureBlobs
from adapters.azure.connection import StorageConnection
from adapters.azure.queues import AzureQueues
from adapters.azure.tables import AzureTables
from sandbox.azurite import ACCOUNT, ACCOUNT_KEY
from sandbox.web import Dropped, Request, Response, serve
from sync_core.errors import Conflict, InvalidConfiguration, Rejected, RetryLater, SyncError, Throttled
from sync_core.ports import Row, RowWrite, Write

Answer = Callable[[], Response]
INSERT = [RowWrite(Write.INSERT, Row("p", "k", {"text": "one"}))]
JSON = {"Content-Type": "application/json;odata=minimalmetadata"}


class Account:
    """A storage account that gives the answers it was told, the last one for ever, and lists the requests."""

    def __init__(self) -> None:
        self.answers: list[Answer] = []
        self.requests: list[Request] = []

    def __call__(self, request: Request) -> Response:
        self.requests.append(request)
        return self.answers[min(len(self.requests), len(self.answers)) - 1]()


def drop() -> Response:
    raise Dropped


def refuse(status: int, code: str, **headers: str) -> Answer:
    """A refusal as Table Storage words it: its code stands in the body alone."""
    body = {"odata.error": {"code": code, "message": {"lang": "en-US", "value": "No."}}}
    return lambda: Response.of_json(body, status, {**JSON, **headers})


def page(*keys: str, following: str = "") -> Answer:
    """A page of a query; ``following`` is the key that the next page begins with."""
    more = {"x-ms-continuation-NextPartitionKey": "p", "x-ms-continuation-NextRowKey": following} if following else {}
    value = [{"odata.etag": 'W/"1"', "PartitionKey": "p", "RowKey": key} for key in keys]
    return lambda: Response.of_json({"value": value}, 200, {**JSON, **more})


@pytest.fixture
def account() -> Account:
    return Account()


@pytest.fixture
def connection(account: Account) -> Iterator[StorageConnection]:
    with serve(account) as server:
        endpoints = "".join(f"{service}Endpoint={server.url}/{ACCOUNT};" for service in ("Blob", "Queue", "Table"))
        yield StorageConnection({"AzureWebJobsStorage": f"AccountName={ACCOUNT};AccountKey={ACCOUNT_KEY};{endpoints}"})


@pytest.mark.parametrize("writes", [INSERT, [*INSERT, RowWrite(Write.UPSERT, Row("p", "other"))]], ids=["one", "two"])
@pytest.mark.parametrize("lost", [drop, refuse(500, "InternalError"), refuse(504, "")], ids=["dropped", "500", "504"])
def test_a_write_whose_answer_is_lost_is_sent_once_and_left_to_the_caller(
    connection: StorageConnection, account: Account, lost: Answer, writes: Sequence[RowWrite]
) -> None:
    """Sent again it would meet the row that it left itself, and take that for somebody else's."""
    account.answers = [lost]
    with pytest.raises(RetryLater) as raised:
        AzureTables(connection).transact("runs", writes)
    assert raised.value.where == "table runs"
    assert len(account.requests) == 1


def test_a_read_whose_answer_is_lost_is_sent_again(connection: StorageConnection, account: Account) -> None:
    account.answers = [drop, page("a")]
    assert [row.key for row in AzureTables(connection).query("runs", "p")] == ["a"]
    assert len(account.requests) == 2


def test_a_query_goes_on_over_short_and_empty_pages(connection: StorageConnection, account: Account) -> None:
    account.answers = [page(following="a"), page("a", following="b"), page(following="b"), page("b", "c"), drop]
    assert [row.key for row in AzureTables(connection).query("runs", "p")] == ["a", "b", "c"]
    assert [request.query.get("NextRowKey") for request in account.requests] == [None, "a", "b", "b"]


def test_a_busy_service_says_how_long_to_wait(connection: StorageConnection, account: Account) -> None:
    account.answers = [refuse(503, "ServerBusy", **{"Retry-After": "17"})]
    with pytest.raises(Throttled) as raised:
        AzureTables(connection).transact("runs", INSERT)
    assert raised.value.delay == 17
    assert len(account.requests) == 1


def test_a_row_that_is_there_is_a_conflict_though_only_the_body_says_so(connection: StorageConnection, account: Account) -> None:
    account.answers = [refuse(409, "EntityAlreadyExists")]
    with pytest.raises(Conflict):
        AzureTables(connection).transact("runs", INSERT)


def test_a_table_that_is_being_deleted_is_no_conflict(connection: StorageConnection, account: Account) -> None:
    account.answers = [refuse(409, "TableBeingDeleted")]
    with pytest.raises(RetryLater):
        AzureTables(connection).transact("runs", INSERT)


def test_a_table_that_stays_missing_is_made_once_and_then_given_up(connection: StorageConnection, account: Account) -> None:
    made = refuse(409, "TableAlreadyExists")
    account.answers = [refuse(404, "TableNotFound"), made, refuse(404, "TableNotFound")]
    with pytest.raises(Rejected, match="TableNotFound"):
        AzureTables(connection).transact("runs", INSERT)
    assert len(account.requests) == 3


CALLS: dict[str, Callable[[StorageConnection], object]] = {
    "Storage Table Data Contributor": lambda connection: AzureTables(connection).get("runs", "p", "k"),
    "Storage Queue Data Contributor": lambda connection: AzureQueues(connection).send("sync-customer", "{}"),
    "Storage Blob Data Contributor": lambda connection: AzureBlobs(connection, "evidence").put("a", b""),
}


@pytest.mark.parametrize("role", CALLS)
def test_a_refused_sign_in_names_the_role_that_is_missing(connection: StorageConnection, account: Account, role: str) -> None:
    account.answers = [refuse(403, "AuthorizationPermissionMismatch", **{"x-ms-error-code": "AuthorizationPermissionMismatch"})]
    with pytest.raises(InvalidConfiguration, match=f"AuthorizationPermissionMismatch.*'{role}'"):
        CALLS[role](connection)


@pytest.mark.parametrize("status", [400, 413, 405])
def test_what_the_service_does_not_take_is_rejected_with_its_code(connection: StorageConnection, account: Account, status: int) -> None:
    account.answers = [refuse(status, "SomethingNew")]
    with pytest.raises(Rejected, match="SomethingNew"):
        AzureTables(connection).transact("runs", INSERT)


def test_no_error_repeats_what_was_sent(connection: StorageConnection, account: Account) -> None:
    account.answers = [refuse(400, "InvalidInput")]
    with pytest.raises(SyncError) as raised:
        AzureTables(connection).transact("runs", [RowWrite(Write.INSERT, Row("p", "k", {"text": "personal"}))])
    assert "personal" not in str(raised.value)
    assert ACCOUNT_KEY not in str(raised.value)
