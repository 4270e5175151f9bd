"""Identity checks: the stand-in makes none, so every client is told that there is none."""

from __future__ import annotations

import pytest

from tests.clients.driver import Client
from tests.stand_in import StandIn

pytestmark = pytest.mark.clients


@pytest.mark.parametrize("method", ["find_certification", "cancel_certification"])
def test_python_client_has_an_http_error(python_client: Client, shop: StandIn, method: str) -> None:
    done = python_client.call(method, "imp_100000000001")
    assert (done.error, done.status) == ("HttpError", 404)


@pytest.mark.parametrize(
    "method", ["Certifications.getCertification", "Certifications.deleteCertification"]
)
def test_node_client_has_an_http_error(node_client: Client, shop: StandIn, method: str) -> None:
    done = node_client.call(method, {"imp_uid": "imp_100000000001"})
    assert (done.error, done.status, done.code) == ("HttpError", 404, -1)


@pytest.mark.parametrize("method", ["getCertification", "deleteCertification"])
def test_node_iamporter_has_empty_data(node_iamporter: Client, shop: StandIn, method: str) -> None:
    done = node_iamporter.call(method, "imp_100000000001")
    assert (done.value["status"], done.value["data"]) == (404, None)
