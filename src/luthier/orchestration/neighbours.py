"""Other supervisors on the same database: whose lease has not beaten for so long that nobody holds it any more."""

from collections.abc import Sequence

from luthier.domain.runs import Lease


class Neighbours:
    """Beats are compared, and time is this process's own, so that the clock of another machine says nothing."""

    def __init__(self, expire_seconds: float) -> None:
        self._expire_seconds = expire_seconds
        self._seen: dict[str, tuple[Lease, float]] = {}

    def expired(self, leases: Sequence[Lease], now: float) -> list[Lease]:
        self._seen = {
            lease.run_id: known if (known := self._seen.get(lease.run_id)) and known[0] == lease else (lease, now)
            for lease in leases
        }
        return [lease for lease, since in self._seen.values() if now - since >= self._expire_seconds]
