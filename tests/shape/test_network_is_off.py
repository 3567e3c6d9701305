import socket

import pytest

from tests.network import NetworkIsOff, network_allowed


def test_a_test_cannot_connect_to_another_machine() -> None:
    with socket.socket() as connection, pytest.raises(NetworkIsOff):
        connection.connect(("192.0.2.1", 80))


def test_a_test_cannot_look_up_a_name_on_the_network() -> None:
    with pytest.raises(NetworkIsOff, match=r"example\.invalid"):
        socket.getaddrinfo("example.invalid", 443)


def test_this_machine_can_be_reached() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        assert client.getpeername() == server.getsockname()


def test_an_allowance_ends_with_its_block() -> None:
    with network_allowed():
        pass
    with socket.socket() as connection, pytest.raises(NetworkIsOff):
        connection.connect(("192.0.2.1", 80))
