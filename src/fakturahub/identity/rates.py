"""How many requests an account and an address may make, and what is left of it.

Each key may spend its quota in a burst and earns it back evenly over the window (GCRA, one number a key). Limits hold
per process: a node with several processes gives each its share.
"""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable

import msgspec

from fakturahub.errors import RateLimited

#: seconds of the window that quotas are counted over
WINDOW = 60
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
        # for each key the moment at which its quota will be whole again
        self._whole_at: OrderedDict[str, float] = OrderedDict()

    def spend(self, key: str) -> Left | None:
        """Count one request of *key*; None where there is no limit.

        Raises `RateLimited` with the seconds to wait where nothing is left.
        """
        if not self.limit:
            return None
        now = self._now()
        cost = WINDOW / self.limit
        whole_at = max(self._whole_at.pop(key, 0.0), now) + cost
        if whole_at - now > WINDOW + 1e-9:
            self._whole_at[key] = whole_at - cost
            wait = max(1, math.ceil(whole_at - now - WINDOW))
            raise RateLimited(
                f"More than {self.limit} requests in {WINDOW} seconds from this {self.policy}; wait {wait} s.",
                retry_after=wait,
            )
        self._whole_at[key] = whole_at
        if len(self._whole_at) > REMEMBERED:
            self._whole_at.popitem(last=False)
        return self._left(whole_at - now)

    def check(self, key: str) -> None:
        """Raise `RateLimited` where nothing is left of *key*'s quota, without spending anything."""
        if self.limit and self._whole_at.get(key, 0.0) - self._now() > WINDOW - WINDOW / self.limit + 1e-9:
            wait = max(1, math.ceil(self._whole_at[key] - self._now() - WINDOW + WINDOW / self.limit))
            raise RateLimited(f"Too many refused requests from this {self.policy}; wait {wait} s.", retry_after=wait)

    def _left(self, debt: float) -> Left:
        remaining = int((WINDOW - debt) * self.limit / WINDOW + 1e-9)
        return Left(self.policy, self.limit, remaining, math.ceil(debt))


class Rates:
    """The quotas of one process."""

    def __init__(self, account: int, address: int, failures: int) -> None:
        """Requests per minute: of one account, of one address, and of one address that failed to authenticate."""
        self.account = Quota("account", account)
        self.address = Quota("address", address)
        self.failures = Quota("address", failures)


def headers(left: list[Left]) -> list[tuple[bytes, bytes]]:
    """The two header fields that announce *left*."""
    if not left:
        return []
    policy = ", ".join(f'"{one.policy}";q={one.quota};w={WINDOW}' for one in left)
    rate = ", ".join(f'"{one.policy}";r={one.remaining};t={one.reset}' for one in left)
    return [(b"ratelimit-policy", policy.encode()), (b"ratelimit", rate.encode())]
