"""How many requests an account and an address may make, and what is left of it.

Each key may spend its quota in a burst and earns it back evenly over the window (GCRA, one number a key). Limits hold
per process: a node with several processes gives each its share.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable

import msgspec

from fakturahub.errors import RateLimited

#: seconds of the window that quotas are counted over
WINDOW = 60
# Counted in whole nanoseconds: thousands of fractions of a second do not add up to a minute.
_SECOND = 1_000_000_000
_WINDOW = WINDOW * _SECOND
#: most keys remembered; beyond it the one unused longest starts afresh
REMEMBERED = 100_000


class Left(msgspec.Struct, frozen=True):
    """What is left of a quota, for the RateLimit headers (draft-ietf-httpapi-ratelimit-headers)."""

    policy: str
    quota: int
    remaining: int
    #: seconds until the whole quota is there again
    reset: int


class Quota:
    """``limit`` requests per `WINDOW` for each key; 0 is no limit."""

    def __init__(self, policy: str, limit: int, now: Callable[[], float] = time.monotonic) -> None:
        self.policy = policy
        self.limit = limit
        self._now = now
        self._cost = max(1, _WINDOW // limit) if limit else 0
        # for each key the moment at which its quota will be whole again
        self._whole_at: OrderedDict[str, int] = OrderedDict()

    def spend(self, key: str) -> Left | None:
        """Count one request of *key*; None where there is no limit.

        Raises `RateLimited` with the seconds to wait where nothing is left.
        """
        if not self.limit:
            return None
        now = self._nanoseconds()
        whole_at = max(self._whole_at.pop(key, 0), now)
        debt = whole_at - now + self._cost
        if debt > _WINDOW:
            self._whole_at[key] = whole_at
            wait = _seconds(debt - _WINDOW)
            raise RateLimited(
                f"More than {self.limit} requests in {WINDOW} seconds from this {self.policy}; wait {wait} s.",
                retry_after=wait,
                quota=(self.policy, self.limit, _seconds(debt - self._cost)),
            )
        self._whole_at[key] = now + debt
        if len(self._whole_at) > REMEMBERED:
            self._whole_at.popitem(last=False)
        return Left(self.policy, self.limit, (_WINDOW - debt) // self._cost, _seconds(debt))

    def check(self, key: str) -> None:
        """Raise `RateLimited` where nothing is left of *key*'s quota, without spending anything."""
        if not self.limit:
            return
        debt = self._whole_at.get(key, 0) - self._nanoseconds() + self._cost
        if debt > _WINDOW:
            wait = _seconds(debt - _WINDOW)
            raise RateLimited(f"Too many refused requests from this {self.policy}; wait {wait} s.", retry_after=wait)

    def _nanoseconds(self) -> int:
        return int(self._now() * _SECOND)


def _seconds(nanoseconds: int) -> int:
    return -(-nanoseconds // _SECOND)


class Rates:
    """The quotas of one process."""

    def __init__(self, account: int, address: int, failures: int) -> None:
        """Requests per minute: of one account, of one address, and of one address that failed to authenticate."""
        self.account = Quota("account", account)
        self.address = Quota("address", address)
        self.failures = Quota("address", failures)
        #: of one user name, wherever they come from: at the OAuth2 server, where passwords are typed
        self.sign_ins = Quota("user name", failures)


def headers(left: list[Left]) -> list[tuple[bytes, bytes]]:
    """The two header fields that announce *left*."""
    if not left:
        return []
    policy = ", ".join(f'"{one.policy}";q={one.quota};w={WINDOW}' for one in left)
    rate = ", ".join(f'"{one.policy}";r={one.remaining};t={one.reset}' for one in left)
    return [(b"ratelimit-policy", policy.encode()), (b"ratelimit", rate.encode())]
