"""The states of deliveries and documents, and the steps between them."""

from __future__ import annotations

import itertools
import re

import pytest

from fakturahub.model import (
    DELIVERY_STEPS,
    TERMINAL_DELIVERY,
    DeliveryState,
    DocumentState,
    Mode,
    SubmissionState,
    Verdict,
    document_state_after,
)

P, S, D, R, F, H, C = (
    DeliveryState.PENDING,
    DeliveryState.SENDING,
    DeliveryState.DELIVERED,
    DeliveryState.RETRYING,
    DeliveryState.FAILED,
    DeliveryState.HELD,
    DeliveryState.CANCELLED,
)

#: from each state to each other: what is allowed
STEPS = {
    P: {S, D, R, F, H, C},
    S: {D, R, F, H, C},
    R: {S, D, F, H, C},
    H: {P, C},
    D: set(),
    F: {P},
    C: set(),
}


@pytest.mark.parametrize(("before", "after"), list(itertools.product(DeliveryState, DeliveryState)))
def test_steps_of_a_delivery(before: DeliveryState, after: DeliveryState) -> None:
    assert (after in DELIVERY_STEPS[before]) == (after in STEPS[before])


def test_what_is_final_is_left_only_by_hand() -> None:
    assert {D, F, C} == TERMINAL_DELIVERY
    assert {state: DELIVERY_STEPS[state] for state in TERMINAL_DELIVERY} == {
        D: frozenset(),
        C: frozenset(),
        F: frozenset({P}),
    }


def test_every_delivery_can_come_to_an_end() -> None:
    for state in DeliveryState:
        reached = {state}
        while more := {after for before in reached for after in DELIVERY_STEPS[before]} - reached:
            reached |= more
        assert reached & {D, C}


def test_what_is_delivered_is_never_sent_again() -> None:
    """No way leads from delivered or cancelled to any other state."""
    assert not DELIVERY_STEPS[D]
    assert not DELIVERY_STEPS[C]


@pytest.mark.parametrize(
    ("deliveries", "document"),
    [
        ([], DocumentState.UNROUTABLE),
        ([P], DocumentState.ROUTED),
        ([S], DocumentState.ROUTED),
        ([R], DocumentState.ROUTED),
        ([H], DocumentState.ROUTED),
        ([D], DocumentState.DELIVERED),
        ([F], DocumentState.FAILED),
        ([C], DocumentState.WITHDRAWN),
        ([C, C], DocumentState.WITHDRAWN),
        ([D, D], DocumentState.DELIVERED),
        ([D, C], DocumentState.DELIVERED),
        ([F, F], DocumentState.FAILED),
        ([F, C], DocumentState.FAILED),
        ([P, C], DocumentState.ROUTED),
        ([D, P], DocumentState.PARTLY_DELIVERED),
        ([D, R], DocumentState.PARTLY_DELIVERED),
        ([D, H], DocumentState.PARTLY_DELIVERED),
        ([D, F], DocumentState.PARTLY_DELIVERED),
        ([D, F, C], DocumentState.PARTLY_DELIVERED),
        ([F, P], DocumentState.ROUTED),
        ([F, R], DocumentState.ROUTED),
        ([P, S, R, H], DocumentState.ROUTED),
    ],
)
def test_a_document_follows_from_its_deliveries(deliveries: list[DeliveryState], document: DocumentState) -> None:
    for order in itertools.permutations(deliveries):
        assert document_state_after(list(order)) is document


@pytest.mark.parametrize("deliveries", list(itertools.combinations_with_replacement(DeliveryState, 3)))
def test_a_document_is_never_more_than_its_deliveries(deliveries: tuple[DeliveryState, ...]) -> None:
    state = document_state_after(list(deliveries))
    assert (state in (DocumentState.DELIVERED, DocumentState.PARTLY_DELIVERED)) == (D in deliveries)
    if state is DocumentState.FAILED:
        assert set(deliveries) <= {F, C}


def test_words_are_those_of_the_house() -> None:
    """They are stored, printed and asked for on the command line."""
    assert [state.value for state in SubmissionState] == ["accepted", "refused"]
    assert [state.value for state in Verdict] == ["valid", "invalid", "not checked"]
    assert [mode.value for mode in Mode] == ["prod", "test", "cert"]
    for state in (*DocumentState, *DeliveryState):
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*", state.value)
