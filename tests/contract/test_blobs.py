"""What blobs promise: the last content under a name, names in order, and that what is deleted is gone."""

import pytest

from sync_core.ports import Blobs


def test_a_blob_comes_back_byte_for_byte(blobs: Blobs) -> None:
    content = bytes(range(256)) * 1000
    blobs.put("snapshots/2025-01-31/a.json.gz", content)
    assert blobs.get("snapshots/2025-01-31/a.json.gz") == content


def test_a_blob_that_was_never_put_is_none(blobs: Blobs) -> None:
    assert blobs.get("nothing") is None
    blobs.put("something", b"")
    assert blobs.get("nothing") is None
    assert blobs.get("something") == b""


def test_a_put_overwrites_what_is_there(blobs: Blobs) -> None:
    blobs.put("a", b"a long first version")
    blobs.put("a", b"second")
    assert blobs.get("a") == b"second"


@pytest.mark.parametrize("name", ["", "/a", "a/", "a//b", "../a", "a/./b", "a.", "a b", "a\\b", "a?b", "a%2Fb", "ü", "x" * 1025])
def test_a_name_that_tools_read_differently_is_refused(blobs: Blobs, name: str) -> None:
    with pytest.raises(ValueError, match="blob name"):
        blobs.put(name, b"")
    with pytest.raises(ValueError, match="blob name"):
        blobs.get(name)


def test_names_come_in_order_and_by_prefix(blobs: Blobs) -> None:
    assert list(blobs.names()) == []
    for name in ("b/2", "a/1", "b/10", "c"):
        blobs.put(name, b"x")
    assert list(blobs.names()) == ["a/1", "b/10", "b/2", "c"]
    assert list(blobs.names("b/")) == ["b/10", "b/2"]
    assert list(blobs.names("nothing/")) == []


def test_a_deleted_blob_is_gone_and_may_be_deleted_again(blobs: Blobs) -> None:
    blobs.delete("a")
    blobs.put("a", b"x")
    for _ in range(2):
        blobs.delete("a")
        assert (blobs.get("a"), list(blobs.names())) == (None, [])
