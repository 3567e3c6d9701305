import pytest

from luthier.domain.deployments import DeploymentNotFound
from luthier.store import Store
from tests.builders.deployments import a_deployment, a_turn


def test_a_slot_holds_one_deployment_the_last_that_was_put(store: Store) -> None:
    first = a_deployment("clerk/orders")
    with store.writing() as tx:
        tx.deployments.put(first)
        tx.deployments.put(a_deployment("clerk/letters"))
        then = first.then(a_turn())
        tx.deployments.put(then)
        assert tx.deployments.get("clerk/orders") == then
        assert [each.slot for each in tx.deployments.list()] == ["clerk/letters", "clerk/orders"]


def test_a_slot_in_which_nothing_serves_is_said_to_be_empty(store: Store) -> None:
    with store.writing() as tx:
        tx.deployments.put(a_deployment("clerk/orders"))
        tx.deployments.remove("clerk/orders")
        assert tx.deployments.find("clerk/orders") is None
        with pytest.raises(DeploymentNotFound, match="clerk/orders"):
            tx.deployments.get("clerk/orders")
